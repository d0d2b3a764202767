// SPDX-License-Identifier: Apache-2.0
#include "launches/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace fib::launches {
namespace {

// Demangling takes memory that can grow exponentially with hostile input, so absurd names stay raw.
constexpr std::size_t kLongestMangled = 64 * 1024;

}  // namespace

std::string demangle(std::string_view mangled) {
  std::string text(mangled);
  if (!mangled.starts_with("_Z") || mangled.size() > kLongestMangled) return text;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> result(
      abi::__cxa_demangle(text.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && result ? std::string(result.get()) : text;
}

}  // namespace fib::launches
