// SPDX-License-Identifier: Apache-2.0
// Another preload that interposes dlsym properly, as some profilers do: it asks the next one, found
// by dlvsym, and counts. Only RTLD_NEXT of its callers is beyond it.
#include <dlfcn.h>

#include <atomic>
#include <initializer_list>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {
using Dlsym = void* (*)(void*, const char*);
std::atomic<Dlsym> next{nullptr};
std::atomic<int> calls{0};

Dlsym next_dlsym() {
  Dlsym found = next.load();
  if (found != nullptr) return found;
  for (const char* version : {"GLIBC_2.34", "GLIBC_2.2.5"}) {
    found = reinterpret_cast<Dlsym>(dlvsym(RTLD_NEXT, "dlsym", version));
    if (found != nullptr) break;
  }
  next.store(found);
  return found;
}
}  // namespace

EXPORT void* dlsym(void* handle, const char* name) {
  calls.fetch_add(1);
  return next_dlsym()(handle, name);
}

EXPORT int fibtest_other_calls() { return calls.load(); }
