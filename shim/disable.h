// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <cstring>

namespace fib::shim {

/// FIBSHIM_DISABLE=1: lookups are not touched at all. Read each time: lookups are rare, and a cache
/// would need to be right in forked children too.
inline bool is_disabled() noexcept {
  const char* value = std::getenv("FIBSHIM_DISABLE");
  return value != nullptr && value[0] != '\0' && std::strcmp(value, "0") != 0;
}

/// Whether the user asked for anything but passing through; warnings are for these users only.
inline bool is_wanted() noexcept {
  const char* mode = std::getenv("FIBSHIM_MODE");
  const char* file = std::getenv("FIBSHIM_CONFIG");
  return !is_disabled() && ((mode != nullptr && mode[0] != '\0' && std::strcmp(mode, "off") != 0) ||
                            (file != nullptr && file[0] != '\0'));
}

}  // namespace fib::shim
