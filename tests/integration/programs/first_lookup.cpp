// SPDX-License-Identifier: Apache-2.0
// 64 threads find the driver for the first time at once, each by dlsym and cuGetProcAddress of its
// own, initialise it, load code and launch.
#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/image.h"
#include "support/notes.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

constexpr int kThreads = 64;
std::atomic<int> ready{0};
std::vector<char> code;

template <class Function>
Function find(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

#define OK(call) FIB_CHECK((call) == CUDA_SUCCESS)

void work(int number) {
  ready.fetch_add(1);
  while (ready.load() < kThreads) std::this_thread::yield();
  void* const library = dlopen("libcuda.so.1", RTLD_NOW);
  FIB_CHECK(library != nullptr);
  const auto lookup = find<decltype(&cuGetProcAddress_v2)>(library, "cuGetProcAddress_v2");
  CUdriverProcAddressQueryResult status{};
  void *init = nullptr, *launch_entry = nullptr;
  OK(lookup("cuInit", &init, 12000, CU_GET_PROC_ADDRESS_LEGACY_STREAM, &status));
  OK(lookup("cuLaunchKernel", &launch_entry, 12000, CU_GET_PROC_ADDRESS_LEGACY_STREAM, &status));
  OK(reinterpret_cast<decltype(&cuInit)>(init)(0));
  CUcontext context = nullptr;
  OK(find<decltype(&cuDevicePrimaryCtxRetain)>(library, "cuDevicePrimaryCtxRetain")(&context, 0));
  OK(find<decltype(&cuCtxSetCurrent)>(library, "cuCtxSetCurrent")(context));
  CUmodule module = nullptr;
  CUfunction nothing = nullptr;
  OK(find<decltype(&cuModuleLoadData)>(library, "cuModuleLoadData")(&module, code.data()));
  OK(find<decltype(&cuModuleGetFunction)>(library, "cuModuleGetFunction")(&nothing, module,
                                                                          kNothing));
  const Shape shape{{1, 1, 1}, {static_cast<unsigned>(number + 1), 1, 1}};
  const auto by_table = reinterpret_cast<decltype(&cuLaunchKernel)>(launch_entry);
  const auto by_name = find<decltype(&cuLaunchKernel)>(library, "cuLaunchKernel");
  for (const auto launch : {by_table, by_name}) {
    OK(launch(nothing, 1, 1, 1, shape.block[0], 1, 1, 0, nullptr, nullptr, nullptr));
    note_launch(kNothing, shape, "");
  }
  OK(find<decltype(&cuCtxSynchronize)>(library, "cuCtxSynchronize")());
}

}  // namespace

int main() {
  code = image("it_basic");
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, t);
  for (auto& thread : threads) thread.join();
  std::puts("EXIT-SUCCESS");
  return 0;
}
