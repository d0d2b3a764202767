// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include "programs/lib_next.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int fibtest_next_target() { return 2; }

EXPORT int fibtest_first_asks_next() {
  void* const found = dlsym(RTLD_NEXT, "fibtest_next_target");
  return found != nullptr ? reinterpret_cast<int (*)()>(found)() : -1;
}

EXPORT void* fibtest_first_finds(const char* name) { return dlsym(RTLD_NEXT, name); }
