// SPDX-License-Identifier: Apache-2.0
// For LD_PRELOAD: the process believes that it runs with another user's rights (AT_SECURE).
#include <dlfcn.h>
#include <sys/auxv.h>

extern "C" __attribute__((visibility("default"))) unsigned long getauxval(
    unsigned long type) noexcept {
  if (type == AT_SECURE) return 1;
  static auto* const next = reinterpret_cast<decltype(&getauxval)>(dlsym(RTLD_NEXT, "getauxval"));
  return next != nullptr ? next(type) : 0;
}
