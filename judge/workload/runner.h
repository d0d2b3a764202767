// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace fib::judge {

/// The text of runner.py.
extern const std::string_view kRunnerSource;

}  // namespace fib::judge
