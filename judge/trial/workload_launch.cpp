// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/workload_launch.h"

#include "judge/scalar_bits.h"
#include "replayer/memory_layout.h"
#include "trace/checksum.h"

namespace fib::judge {
namespace {

constexpr std::uint64_t kMargin = 64 << 10;

/// An integer as an expression, the smallest one too.
std::string literal(std::int64_t value) {
  return value == INT64_MIN ? "-9223372036854775807 - 1" : std::to_string(value);
}

/// As a launch would have it in its parameters.
std::int64_t bits_of_scalar(double value, registry::DType dtype) {
  if (registry::is_integer(dtype)) return static_cast<std::int64_t>(value);
  if (dtype == registry::DType::Bool) return value != 0;
  return bits_of_real(value);
}

}  // namespace

std::uint64_t WorkloadLaunch::bytes() const {
  std::vector<Placed> unused;
  return lay_out(0, unused);
}

void WorkloadLaunch::place(std::uint64_t first) {
  tensors_.clear();
  (void)lay_out(first, tensors_);
  make_rule();
}

std::uint64_t WorkloadLaunch::lay_out(std::uint64_t first, std::vector<Placed>& tensors) const {
  using replayer::kGranule;
  std::uint64_t granule = first;
  for (const auto* group : {&definition_.inputs, &definition_.outputs}) {
    for (const auto& [name, spec] : *group) {
      if (spec.is_scalar()) continue;
      const TensorLayout& layout = case_.workload.layouts.at(name);
      Placed placed{&layout, granule + kMargin, layout.extent_bytes(),
                    group == &definition_.outputs};
      const auto behind = [&] { return kGranule - (placed.address + placed.bytes) % kGranule; };
      while (behind() < kMargin || behind() == kGranule) placed.address += kMargin;
      granule = (placed.address + placed.bytes) / kGranule * kGranule + 2 * kGranule;
      tensors.push_back(placed);
    }
  }
  return granule;
}

void WorkloadLaunch::make_rule() {
  rule_ = {};
  rule_.origin = rule_.name = kKernel;
  rule_.definition = definition_.name;
  rule_.pattern = kKernel;
  for (const auto& [name, value] : case_.workload.axes)
    if (definition_.axes.contains(name)) rule_.axes.push_back({name, "", value});
  auto placed = tensors_.begin();
  for (const auto* group : {&definition_.inputs, &definition_.outputs})
    for (const auto& [name, spec] : *group) {
      match::TensorBinding binding;
      binding.tensor = name;
      binding.expression =
          spec.is_scalar() ? literal(bits_of_scalar(case_.workload.scalars.at(name), spec.dtype))
                           : std::to_string((placed++)->address);
      (group == &definition_.inputs ? rule_.inputs : rule_.outputs).push_back(binding);
    }
}

template <class Visit>
void WorkloadLaunch::each_page(Visit&& visit) const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const auto input = case_.workload.inputs.find(tensors_[i].layout->name);
    for (std::uint64_t at = 0; at < tensors_[i].bytes; at += trace::kPageBytes) {
      const auto bytes = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(tensors_[i].bytes - at, trace::kPageBytes));
      visit(i, tensors_[i].is_output ? replayer::zero_page(bytes)
                                     : trace::Bytes(input->second).subspan(at, bytes));
    }
  }
}

std::unique_ptr<replayer::Plan> WorkloadLaunch::plan() const {
  auto plan = std::make_unique<replayer::Plan>();
  plan->process = kKernel;
  for (const Placed& tensor : tensors_) {
    replayer::RegionPlan& region = plan->regions.emplace_back();
    region.fixed.kind = static_cast<std::uint16_t>(trace::RegionKind::Device);
    region.fixed.address = tensor.address;
    region.fixed.bytes = tensor.bytes;
    region.name = tensor.layout->name;
    region.first_page = plan->pages;
    region.pages =
        static_cast<std::uint32_t>((tensor.bytes + trace::kPageBytes - 1) / trace::kPageBytes);
    plan->pages += region.pages;
  }
  each_page([&](std::size_t, trace::Bytes content) {
    plan->state.emplace_back(trace::content_hash(content));
  });
  return plan;
}

void WorkloadLaunch::remember(replayer::Contents& contents) const {
  each_page([&](std::size_t, trace::Bytes content) {
    contents.remember(trace::content_hash(content), content);
  });
}

}  // namespace fib::judge
