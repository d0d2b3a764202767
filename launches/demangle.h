// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace fib::launches {

/// The name in C++; what is not mangled (Triton's kernels) comes back as it is.
[[nodiscard]] std::string demangle(std::string_view mangled);

}  // namespace fib::launches
