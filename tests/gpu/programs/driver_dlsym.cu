// SPDX-License-Identifier: Apache-2.0
// The driver found at run time, with no link to it: by dlsym under the exported names, and by both
// versions of cuGetProcAddress, with the flag for per-thread default streams too.
#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "check.h"

namespace {

constexpr int kInts = 128;
void* driver = nullptr;

template <class Function>
Function* exported(const char* name) {
  void* found = dlsym(driver, name);
  if (!found) fail(__FILE__, __LINE__, name, "is not exported");
  return reinterpret_cast<Function*>(found);
}

// cuda.h maps these names to versioned ones, so decltype gives the types of the names asked for
// here.
#define EXPORTED(name) exported<decltype(name)>(#name)

using Launch = decltype(cuLaunchKernel);

Launch* by_first_get_proc_address() {
  using Lookup = CUresult(const char*, void**, int, cuuint64_t);
  void* found = nullptr;
  CHECK_DRV(exported<Lookup>("cuGetProcAddress")("cuLaunchKernel", &found, 11030, 0));
  return reinterpret_cast<Launch*>(found);
}

Launch* by_get_proc_address(cuuint64_t flags) {
  void* found = nullptr;
  auto* lookup = exported<decltype(cuGetProcAddress)>("cuGetProcAddress_v2");
  CHECK_DRV(lookup("cuLaunchKernel", &found, 12000, flags, nullptr));
  return reinterpret_cast<Launch*>(found);
}

std::string image() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  std::ifstream file(self.parent_path() / "images.ptx");
  CHECK(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void use_primary_context() {
  CUdevice device = 0;
  CUcontext context = nullptr;
  CHECK_DRV(EXPORTED(cuInit)(0));
  CHECK_DRV(EXPORTED(cuDeviceGet)(&device, 0));
  CHECK_DRV(EXPORTED(cuDevicePrimaryCtxRetain)(&context, device));
  CHECK_DRV(EXPORTED(cuCtxSetCurrent)(context));
}

void launch_through(Launch* launch, CUfunction add, CUdeviceptr data, int times) {
  int value = 1;
  void* arguments[] = {&data, &value};
  for (int i = 0; i < times; ++i) {
    CHECK_DRV(launch(add, 1, 1, 1, kInts, 1, 1, 0, nullptr, arguments, nullptr));
    CHECK_DRV(EXPORTED(cuCtxSynchronize)());
  }
}

}  // namespace

int main() {
  driver = dlopen("libcuda.so.1", RTLD_NOW);
  CHECK(driver != nullptr);
  use_primary_context();
  CUmodule module = nullptr;
  CUfunction add = nullptr;
  CUdeviceptr data = 0;
  CHECK_DRV(EXPORTED(cuModuleLoadData)(&module, image().c_str()));
  CHECK_DRV(EXPORTED(cuModuleGetFunction)(&add, module, "add"));
  CHECK_DRV(exported<decltype(cuMemAlloc)>("cuMemAlloc_v2")(&data, kInts * sizeof(int)));
  CHECK_DRV(exported<decltype(cuMemsetD32)>("cuMemsetD32_v2")(data, 0, kInts));

  launch_through(EXPORTED(cuLaunchKernel), add, data, 10);
  launch_through(exported<Launch>("cuLaunchKernel_ptsz"), add, data, 10);
  launch_through(by_first_get_proc_address(), add, data, 10);
  launch_through(by_get_proc_address(CU_GET_PROC_ADDRESS_DEFAULT), add, data, 10);
  launch_through(by_get_proc_address(CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM), add, data, 10);

  std::vector<int> host(kInts);
  auto* copy = exported<decltype(cuMemcpyDtoH)>("cuMemcpyDtoH_v2");
  CHECK_DRV(copy(host.data(), data, kInts * sizeof(int)));
  CHECK(all_equal(host, 50));
  return succeed();
}
