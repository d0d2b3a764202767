// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace fib::cli {

/// A test for names of kernels: whether the mangled or the demangled name matches this POSIX
/// extended regular expression. Copies share what they know; not thread-safe. Throws CliError that
/// names `option` if it is no such expression.
[[nodiscard]] std::function<bool(const std::string& mangled)> kernel_pattern(
    const std::string& option, const std::string& pattern);

}  // namespace fib::cli
