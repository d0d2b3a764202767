// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fib::replayer {

/// The environment without libfibshim.so and libfibaudit.so in LD_PRELOAD: a replay is not
/// recorded.
[[nodiscard]] std::vector<std::string> environment_without_shim(const char* const* environment);

}  // namespace fib::replayer
