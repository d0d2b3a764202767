// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "driver/cuda_abi.h"
#include "replayer/deviations.h"
#include "replayer/memory.h"
#include "replayer/plan.h"
#include "replayer/streams.h"

namespace fib::replayer {

/// Parameters of a kernel in the form the driver takes. Must outlive the call.
class KernelParams {
 public:
  KernelParams(const KernelPlan& kernel, std::vector<std::byte> bytes);
  KernelParams(const KernelParams&) = delete;
  KernelParams& operator=(const KernelParams&) = delete;

  [[nodiscard]] void** params() { return pointers_.data(); }
  [[nodiscard]] void** extra() { return extra_; }

 private:
  std::vector<std::byte> bytes_;
  std::vector<void*> pointers_;
  std::size_t size_;
  void* extra_[5];
};

/// Launch attributes without what can't be brought back; events become events of this process.
[[nodiscard]] std::vector<CUlaunchAttribute> launch_attributes(std::span<const std::byte> recorded,
                                                               Events& events,
                                                               Deviations& deviations);

}  // namespace fib::replayer
