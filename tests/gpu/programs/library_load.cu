// SPDX-License-Identifier: Apache-2.0
// Libraries instead of modules: a CUkernel launched as it is (cast, as the runtime does) and
// through cuKernelGetFunction, from memory and from a file, with a kernel attribute and a library
// global.
#include "driver_check.h"

namespace {

void set_global(CUlibrary library, int value) {
  CUdeviceptr bias = 0;
  std::size_t bytes = 0;
  CHECK_DRV(cuLibraryGetGlobal(&bias, &bytes, library, "bias"));
  CHECK_DRV(cuMemcpyHtoD(bias, &value, sizeof value));
}

void launch_both_ways(CUlibrary library, CUdeviceptr data) {
  CUkernel kernel = nullptr;
  CUfunction add = nullptr;
  CHECK_DRV(cuLibraryGetKernel(&kernel, library, "add"));
  CHECK_DRV(
      cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 64 * 1024, kernel, 0));
  for (int i = 0; i < 50; ++i) launch_add(reinterpret_cast<CUfunction>(kernel), data, 1);
  CHECK_DRV(cuKernelGetFunction(&add, kernel));
  for (int i = 0; i < 50; ++i) launch_add(add, data, 1);
}

void launch_all_kernels_of(CUlibrary library, CUdeviceptr data) {
  unsigned count = 0;
  CHECK_DRV(cuLibraryGetKernelCount(&count, library));
  CHECK(count == 2);
  std::vector<CUkernel> kernels(count);
  CHECK_DRV(cuLibraryEnumerateKernels(kernels.data(), count, library));
  int value = 0;
  void* arguments[] = {&data, &value};  // `twice` takes the first only
  for (CUkernel kernel : kernels) {
    CHECK_DRV(cuLaunchKernel(reinterpret_cast<CUfunction>(kernel), 1, 1, 1, kInts, 1, 1, 0, nullptr,
                             arguments, nullptr));
  }
}

}  // namespace

int main() {
  use_primary_context();
  const CUdeviceptr data = zeroed_ints();
  CUlibrary from_memory = nullptr, from_file = nullptr;
  CHECK_DRV(cuLibraryLoadData(&from_memory, image("images.fatbin").data(), nullptr, nullptr, 0,
                              nullptr, nullptr, 0));
  CHECK_DRV(cuLibraryLoadFromFile(&from_file, image_path("images.cubin").c_str(), nullptr, nullptr,
                                  0, nullptr, nullptr, 0));
  launch_both_ways(from_memory, data);
  launch_both_ways(from_file, data);
  CHECK(ints_equal(data, 200));
  launch_all_kernels_of(from_file, data);
  CHECK(ints_equal(data, 400));
  set_global(from_memory, 1);
  launch_both_ways(from_memory, data);
  CHECK(ints_equal(data, 600));
  CHECK_DRV(cuLibraryUnload(from_memory));
  CHECK_DRV(cuLibraryUnload(from_file));
  return succeed();
}
