// SPDX-License-Identifier: Apache-2.0
#include "replayer/kernel_params.h"

#include <algorithm>
#include <cstring>

namespace fib::replayer {
namespace {

/// Programmatic and launch completion events begin with the event.
void map_event(CUlaunchAttribute& attribute, Events& events) {
  std::uint64_t recorded = 0;
  std::memcpy(&recorded, &attribute.value, sizeof recorded);
  const CUevent event = events.find(recorded);
  std::memcpy(&attribute.value, &event, sizeof event);
}

}  // namespace

KernelParams::KernelParams(const KernelPlan& kernel, std::vector<std::byte> bytes)
    : bytes_(std::move(bytes)) {
  // A hostile layout must not point outside.
  std::size_t end = kernel.fixed.param_bytes;
  for (const trace::KernelParam& param : kernel.params)
    end = std::max(end, std::size_t{param.offset} + param.bytes);
  constexpr std::size_t kMost = std::size_t{1} << 20;
  bytes_.resize(std::max(bytes_.size(), std::min(end, kMost)) + 8);
  for (const trace::KernelParam& param : kernel.params)
    pointers_.push_back(bytes_.data() + std::min<std::size_t>(param.offset, bytes_.size() - 8));
  pointers_.push_back(nullptr);
  size_ = kernel.fixed.param_bytes;
  extra_[0] = CU_LAUNCH_PARAM_BUFFER_POINTER;
  extra_[1] = bytes_.data();
  extra_[2] = CU_LAUNCH_PARAM_BUFFER_SIZE;
  extra_[3] = &size_;
  extra_[4] = CU_LAUNCH_PARAM_END;
}

std::vector<CUlaunchAttribute> launch_attributes(std::span<const std::byte> recorded,
                                                 Events& events, Deviations& deviations) {
  static_assert(sizeof(CUlaunchAttribute) == trace::kLaunchAttributeBytes);
  std::vector<CUlaunchAttribute> attributes;
  for (; recorded.size() >= sizeof(CUlaunchAttribute);
       recorded = recorded.subspan(sizeof(CUlaunchAttribute))) {
    CUlaunchAttribute attribute;
    std::memcpy(&attribute, recorded.data(), sizeof attribute);
    switch (attribute.id) {
      case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT:
      case CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT: map_event(attribute, events); break;
      case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE:
        deviations.add("a kernel node that kernels may update is an ordinary one here");
        continue;
      default: break;
    }
    // Nodes of graphs give back defaults that a launch would not accept.
    if (attribute.id == CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT &&
        attribute.value.sharedMemCarveout > 100)
      continue;
    attributes.push_back(attribute);
  }
  return attributes;
}

}  // namespace fib::replayer
