// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/bench_driver.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "tests/bench/elf_symbol.h"

namespace fib::bench {

void give_up(const std::string& message) {
  std::fprintf(stderr, "launch_bench: %s\n", message.c_str());
  std::exit(1);
}

void require(CUresult status, const char* what) {
  if (status != CUDA_SUCCESS) {
    give_up(std::string(what) + " failed with CUresult " + std::to_string(status));
  }
}

template <class Function>
Function* BenchDriver::resolve(const char* name) const {
  void* found = nullptr;
  auto* lookup = reinterpret_cast<decltype(cuGetProcAddress)*>(get_proc_address_);
  require(lookup(name, &found, 12000, CU_GET_PROC_ADDRESS_DEFAULT, nullptr), name);
  if (!found) give_up(std::string("the driver has no ") + name);
  return reinterpret_cast<Function*>(found);
}

BenchDriver::BenchDriver() : library_(dlopen("libcuda.so.1", RTLD_NOW)) {
  if (!library_) give_up(dlerror());
  get_proc_address_ = dlsym(library_, "cuGetProcAddress_v2");
  if (!get_proc_address_) give_up("libcuda.so.1 is older than CUDA 12.0");
  launch_ = resolve<LaunchFunction>("cuLaunchKernel");
  void* direct = exported_symbol(library_, "cuLaunchKernel");
  if (!direct) give_up("libcuda.so.1 does not export cuLaunchKernel");
  direct_launch_ = reinterpret_cast<LaunchFunction*>(direct);

  CUdevice device = 0;
  CUcontext context = nullptr;
  require(resolve<decltype(cuInit)>("cuInit")(0), "cuInit");
  require(resolve<decltype(cuDeviceGet)>("cuDeviceGet")(&device, 0), "cuDeviceGet");
  require(resolve<decltype(cuDevicePrimaryCtxRetain)>("cuDevicePrimaryCtxRetain")(&context, device),
          "cuDevicePrimaryCtxRetain");
  require(resolve<decltype(cuCtxSetCurrent)>("cuCtxSetCurrent")(context), "cuCtxSetCurrent");
}

CUmodule BenchDriver::load(const void* image) const {
  CUmodule module = nullptr;
  require(resolve<decltype(cuModuleLoadData)>("cuModuleLoadData")(&module, image),
          "cuModuleLoadData");
  return module;
}

CUfunction BenchDriver::function(CUmodule module, const char* name) const {
  CUfunction found = nullptr;
  require(resolve<decltype(cuModuleGetFunction)>("cuModuleGetFunction")(&found, module, name),
          name);
  return found;
}

CUstream BenchDriver::new_stream() const {
  CUstream stream = nullptr;
  require(resolve<decltype(cuStreamCreate)>("cuStreamCreate")(&stream, CU_STREAM_NON_BLOCKING),
          "cuStreamCreate");
  return stream;
}

void BenchDriver::synchronize(CUstream stream) const {
  static auto* wait = resolve<decltype(cuStreamSynchronize)>("cuStreamSynchronize");
  require(wait(stream), "cuStreamSynchronize");
}

}  // namespace fib::bench
