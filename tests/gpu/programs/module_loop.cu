// SPDX-License-Identifier: Apache-2.0
// Loads and unloads modules over and over, so that the driver hands out the same handles for other
// code: cubin, fatbin and PTX (with JIT options), from memory, from a file and through the linker.
#include "driver_check.h"

namespace {

CUmodule load_ptx_with_options() {
  char log[4096] = "";
  CUjit_option options[] = {CU_JIT_INFO_LOG_BUFFER, CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES,
                            CU_JIT_OPTIMIZATION_LEVEL};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log), reinterpret_cast<void*>(3)};
  CUmodule module = nullptr;
  CHECK_DRV(cuModuleLoadDataEx(&module, image("images.ptx").data(), 3, options, values));
  return module;
}

CUmodule load_linked() {
  CUlinkState link = nullptr;
  void* cubin = nullptr;
  std::size_t bytes = 0;
  CUmodule module = nullptr;
  auto ptx = image("images.ptx");
  CHECK_DRV(cuLinkCreate(0, nullptr, nullptr, &link));
  CHECK_DRV(
      cuLinkAddData(link, CU_JIT_INPUT_PTX, ptx.data(), ptx.size(), "images", 0, nullptr, nullptr));
  CHECK_DRV(cuLinkComplete(link, &cubin, &bytes));
  CHECK_DRV(cuModuleLoadData(&module, cubin));
  CHECK_DRV(cuLinkDestroy(link));
  return module;
}

CUmodule load(int way) {
  CUmodule module = nullptr;
  switch (way) {
    case 0: CHECK_DRV(cuModuleLoadData(&module, image("images.cubin").data())); return module;
    case 1: CHECK_DRV(cuModuleLoadFatBinary(&module, image("images.fatbin").data())); return module;
    case 2: CHECK_DRV(cuModuleLoad(&module, image_path("images.cubin").c_str())); return module;
    case 3: return load_ptx_with_options();
    default: return load_linked();
  }
}

}  // namespace

int main() {
  use_primary_context();
  const CUdeviceptr data = zeroed_ints();
  int expected = 0;
  for (int round = 0; round < 6; ++round) {
    for (int way = 0; way < 5; ++way) {
      CUmodule module = load(way);
      // Alternating names: a handle that is reused must not keep the kernel it stood for before.
      const bool doubles = (round + way) % 2 == 1;
      if (doubles) {
        CUdeviceptr argument = data;
        void* arguments[] = {&argument};
        CHECK_DRV(cuLaunchKernel(function(module, "twice"), 1, 1, 1, kInts, 1, 1, 0, nullptr,
                                 arguments, nullptr));
      } else {
        launch_add(function(module, "add"), data, 1);
      }
      expected = doubles ? expected * 2 : expected + 1;
      CHECK(ints_equal(data, expected));
      CHECK_DRV(cuModuleUnload(module));
    }
  }
  return succeed();
}
