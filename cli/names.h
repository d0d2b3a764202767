// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "launches/demangle.h"

/// Names of kernels as people read them.
namespace fib::cli {

using launches::demangle;

/// A demangled name without return type, parameter list and noise:
/// "void at::foo<int, (unsigned long)4>(int*)" becomes "at::foo<int, 4>".
[[nodiscard]] std::string short_name(std::string_view demangled);

/// At most `columns` characters, the end replaced by "…"; 0 means as long as it is.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);

/// How many columns UTF-8 text takes, one per code point.
[[nodiscard]] std::size_t columns_of(std::string_view text);

}  // namespace fib::cli
