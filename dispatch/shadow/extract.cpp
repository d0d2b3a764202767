// SPDX-License-Identifier: Apache-2.0
#include "dispatch/shadow/extract.h"

#include <exception>
#include <tuple>
#include <utility>

#include "dispatch/kernel_entries.h"

namespace fib::dispatch {
namespace {

/// One slot on its way to a Mismatch.
class Extraction {
 public:
  Extraction(const driver::DriverApi& api, const ContextScratch& scratch, const ShadowSlot& slot)
      : api_(api),
        scratch_(scratch),
        slot_(slot),
        generation_(*slot.generation.load(std::memory_order_relaxed)),
        rule_(generation_.table().rule(slot.decision.rule)),
        definition_(generation_.table().definition(rule_.definition)) {}

  ~Extraction() { (void)wait(); }  // copies that are under way must not outlive their memory
  Extraction(const Extraction&) = delete;
  Extraction& operator=(const Extraction&) = delete;

  /// Null if the driver fails.
  std::unique_ptr<Mismatch> run() {
    mismatch_ = std::make_unique<Mismatch>();
    describe(*mismatch_);
    for (std::size_t i = 0; i < definition_.tensors.size(); ++i)
      mismatch_->tensors.push_back(describe_tensor(i));
    std::size_t output = 0;
    for (std::size_t i = 0; i < slot_.plan.count; ++i) {
      const ShadowTensor& planned = slot_.plan.tensors[i];
      MismatchTensor& tensor = mismatch_->tensors[planned.slot];
      fill(planned, tensor);
      if (planned.is_output) tensor.result = scratch_.report(slot_).results[output++];
    }
    const CUresult waited = wait();
    const bool complete = result_ == CUDA_SUCCESS && waited == CUDA_SUCCESS;
    return complete ? std::move(mismatch_) : nullptr;
  }

 private:
  [[nodiscard]] CUresult wait() noexcept {
    return api_.cuStreamSynchronize(scratch_.copy_stream());
  }

  void describe(Mismatch& mismatch) const {
    const auto index = static_cast<std::size_t>(slot_.decision.candidate);
    const match::CompiledCandidate& candidate =
        generation_.table().candidate(slot_.decision.candidate);
    mismatch.kernel = slot_.entry->name;
    mismatch.candidate = candidate.name;
    mismatch.candidate_origin = candidate.origin;
    mismatch.fingerprint = generation_.deployment().candidates[index].fingerprint;
    mismatch.registry = generation_.deployment().origin;
    mismatch.definition = definition_.spec.name;
    mismatch.rule = rule_.name;
    mismatch.rule_origin = rule_.origin;
    mismatch.generation = generation_.number();
    mismatch.geometry = slot_.geometry;
    const auto& layout = slot_.entry->layout;
    mismatch.layout.assign(layout.begin(),
                           layout.begin() + static_cast<std::ptrdiff_t>(slot_.parameter_count));
    mismatch.parameters.assign(
        slot_.parameters.begin(),
        slot_.parameters.begin() + static_cast<std::ptrdiff_t>(slot_.parameter_bytes));
    for (std::size_t i = 0; i < definition_.spec.axes.size(); ++i) {
      const match::AxisSpec& axis = definition_.spec.axes[i];
      mismatch.axes.push_back({axis.name, slot_.bound.axes[i], axis.value.has_value()});
    }
  }

  [[nodiscard]] MismatchTensor describe_tensor(std::size_t index) const {
    const auto& [inputs, outputs] = std::tie(definition_.spec.inputs, definition_.spec.outputs);
    const match::TensorSpec& spec =
        index < inputs.size() ? inputs[index] : outputs[index - inputs.size()];
    const match::TensorShape& shape = definition_.tensors[index];
    MismatchTensor tensor;
    tensor.name = spec.name;
    tensor.dtype = spec.dtype;
    tensor.is_output = shape.is_output;
    tensor.is_scalar = shape.is_scalar;
    tensor.is_bound = (rule_.bound_tensors & match::bit(index)) != 0;
    if (tensor.is_scalar && tensor.is_bound) tensor.scalar = slot_.bound.values[index];
    if (tensor.is_scalar) return tensor;
    auto& sizes = tensor.shape.emplace();
    for (std::size_t i = 0; i < shape.rank; ++i)
      sizes.push_back(static_cast<std::uint64_t>(slot_.bound.axes[shape.axes[i]]));
    for (const std::uint64_t size : sizes) {
      if (size == 0) return tensor.shape.reset(), tensor;
    }
    return tensor;
  }

  void fill(const ShadowTensor& planned, MismatchTensor& tensor) {
    tensor.bytes = planned.bytes;
    copy(planned.kept, planned.bytes, tensor.content);
    tensor.in_place = !planned.is_output && planned.scratch != ShadowTensor::kNowhere;
    if (!planned.is_output) return;
    copy(planned.scratch, planned.bytes, tensor.candidate);
    tensor.elements = planned.bytes / compare_size(planned.type);
    tensor.max_absolute = planned.max_absolute;
    tensor.max_relative = planned.max_relative;
  }

  void copy(std::uint64_t place, std::uint64_t bytes, std::vector<std::byte>& to) {
    if (place == ShadowTensor::kNowhere || result_ != CUDA_SUCCESS) return;
    to.resize(bytes);
    result_ =
        api_.cuMemcpyDtoHAsync_v2(to.data(), slot_.address(place), bytes, scratch_.copy_stream());
  }

  const driver::DriverApi& api_;
  const ContextScratch& scratch_;
  const ShadowSlot& slot_;
  const Generation& generation_;
  const match::CompiledRule& rule_;
  const match::CompiledDefinition& definition_;
  std::unique_ptr<Mismatch> mismatch_;
  CUresult result_ = CUDA_SUCCESS;
};

}  // namespace

std::unique_ptr<Mismatch> extract_mismatch(const driver::DriverApi& api,
                                           const ContextScratch& scratch,
                                           const ShadowSlot& slot) noexcept {
  try {
    return Extraction(api, scratch, slot).run();
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace fib::dispatch
