// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fib::cli {

/// A GPU of this machine.
struct LocalGpu {
  int ordinal = 0, cc_major = 0, cc_minor = 0;
  std::string uuid, name;
};

/// Asks the driver in a process of its own: it starts threads, and what it has once seen of the
/// environment stays. Empty where there is no GPU. Call it from a process of one thread.
[[nodiscard]] std::vector<LocalGpu> local_gpus();

}  // namespace fib::cli
