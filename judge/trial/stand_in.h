// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "driver/driver_api.h"

namespace fib::judge {

/// What is launched in place of an engine's kernel where there is none.
class StandIn {
 public:
  virtual ~StandIn() = default;
  /// On the subject's stream, in its context; does not wait.
  [[nodiscard]] virtual CUresult launch() = 0;
  /// Names of the kernels that a launch runs, in order; none if it only copies.
  [[nodiscard]] virtual std::vector<std::string> kernels() const { return {}; }
};

}  // namespace fib::judge
