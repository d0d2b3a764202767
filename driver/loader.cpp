// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include "driver/driver_api.h"

namespace fib::driver {

bool load_driver(DriverApi& api, const char*& error) {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    error = dlerror();
    return false;
  }
  for (std::size_t i = 0; i < kApiCount; ++i) api.slots()[i] = dlsym(library, kApiInfo[i].name);
  error = nullptr;
  return true;
}

}  // namespace fib::driver
