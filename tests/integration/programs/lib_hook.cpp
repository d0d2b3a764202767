// SPDX-License-Identifier: Apache-2.0
// A preload that interposes a driver function by its exported name and hands on to the next one,
// found by RTLD_NEXT: the usual way to write such a thing.
#include <cuda.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace {
int launches = 0;
__attribute__((destructor)) void report() {
  // Not on stdout, which must not depend on preloads.
  if (launches > 0) std::fprintf(stderr, "hook: %d launches\n", launches);
}
}  // namespace

extern "C" __attribute__((visibility("default"))) CUresult cuLaunchKernel(
    CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
    unsigned shared, CUstream stream, void** params, void** extra) {
  static const auto next =
      reinterpret_cast<decltype(&cuLaunchKernel)>(dlsym(RTLD_NEXT, "cuLaunchKernel"));
  if (next == nullptr) std::abort();
  ++launches;
  return next(f, gx, gy, gz, bx, by, bz, shared, stream, params, extra);
}
