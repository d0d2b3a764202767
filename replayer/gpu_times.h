// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fib::replayer {

/// One kernel execution as the GPU measured it.
struct KernelTime {
  std::string name;  ///< mangled
  std::uint64_t start_ns = 0, end_ns = 0;
};

/// What one launch ran: one kernel, or those of a graph in the order in which they started.
using LaunchTimes = std::vector<KernelTime>;

/// Lets CUPTI measure every kernel from now on. Before cuInit, once. False, with the reason in
/// `problem`, where there is no CUPTI.
[[nodiscard]] bool start_gpu_times(std::string& problem);

/// What was launched since the last call, in the order of the launch calls. The GPU must be idle.
[[nodiscard]] std::vector<LaunchTimes> collect_gpu_times();

}  // namespace fib::replayer
