// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

/// Parts of names of files, which have slashes.
namespace fib::dispatch {

/// "b" of "a/b/c" for level 1; empty if there is none.
[[nodiscard]] inline std::string_view component(std::string_view name, std::size_t level) {
  for (; level != 0; --level) {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) return "";
    name.remove_prefix(slash + 1);
  }
  return name.substr(0, name.find('/'));
}

/// "c" of "a/b/c.json".
[[nodiscard]] inline std::string_view stem_of(std::string_view file) {
  if (const std::size_t slash = file.rfind('/'); slash != std::string_view::npos)
    file.remove_prefix(slash + 1);
  return file.substr(0, file.rfind('.'));
}

}  // namespace fib::dispatch
