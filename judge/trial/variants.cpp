// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/variants.h"

#include <algorithm>

#include "driver/check.h"

namespace fib::judge {

void Variants::put(const TensorValues& values, const TrialMemory& memory,
                   MemoryState& state) const {
  for (const WorkloadLaunch::Placed& tensor : launch_.tensors())
    if (const auto found = values.find(tensor.layout->name); found != values.end())
      (void)memory.write(state, tensor.address, found->second);
}

void Variants::put_inputs(std::size_t n, const TrialMemory& memory, MemoryState& state) const {
  put(case_.variants[n].inputs, memory, state);
}

void Variants::put_outputs(std::size_t n, const TrialMemory& memory, MemoryState& state) const {
  put(case_.variants[n].outputs, memory, state);
}

std::vector<replayer::Range> Variants::varying() const {
  std::vector<replayer::Range> ranges;
  for (const WorkloadLaunch::Placed& tensor : launch_.tensors()) {
    const auto differs = [&](const WorkloadVariant& variant) {
      return !tensor.is_output && variant.inputs.contains(tensor.layout->name);
    };
    if (std::ranges::any_of(case_.variants, differs))
      ranges.push_back({tensor.address, tensor.address + tensor.bytes});
  }
  return ranges;
}

StoredOutputs::StoredOutputs(Subject& subject, const Variants& variants)
    : subject_(subject), variants_(variants) {
  subject_.machine().contexts.enter(subject_.context());
  for (const WorkloadVariant& variant : variants.all().variants) {
    std::vector<Copy>& copies = copies_.emplace_back();
    for (const WorkloadLaunch::Placed& tensor : variants.launch().tensors()) {
      if (!tensor.is_output) continue;
      const std::vector<std::byte>& bytes = variant.outputs.at(tensor.layout->name);
      CUdeviceptr from = 0;
      FIB_DRIVER_CHECK(subject_.api(), cuMemAlloc_v2(&from, bytes.size()));
      copies.push_back({tensor.address, from, bytes.size()});
      FIB_DRIVER_CHECK(subject_.api(), cuMemcpyHtoD_v2(from, bytes.data(), bytes.size()));
    }
  }
}

// After an error of the GPU nothing of this works any more, and it has been told already.
StoredOutputs::~StoredOutputs() {
  for (const auto& copies : copies_)
    for (const Copy& copy : copies) (void)subject_.api().cuMemFree_v2(copy.from);
}

CUresult StoredOutputs::launch() {
  for (const Copy& copy : copies_[variants_.selected()])
    if (const CUresult rc =
            subject_.api().cuMemcpyDtoDAsync_v2(copy.to, copy.from, copy.bytes, subject_.stream());
        rc != CUDA_SUCCESS)
      return rc;
  return CUDA_SUCCESS;
}

}  // namespace fib::judge
