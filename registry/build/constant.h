// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

namespace fib::build {

/// An expression that is a plain number; nothing if it must be computed.
[[nodiscard]] inline std::optional<std::uint64_t> constant(const std::string& expression) {
  std::uint64_t number = 0;
  const char* const end = expression.data() + expression.size();
  const auto [stop, error] = std::from_chars(expression.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace fib::build
