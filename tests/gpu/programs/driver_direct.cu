// SPDX-License-Identifier: Apache-2.0
// Every launch form of the driver API through linked symbols: cuLaunchKernel with parameters and
// with a packed buffer (both orders of its entries), cuLaunchKernelEx, cooperative; in a context of
// its own, on memory from the virtual-memory API.
#include <cstring>

#include "driver_check.h"

namespace {

struct Packed {
  CUdeviceptr data;
  int value;
};

void launch_packed(CUfunction add, CUdeviceptr data, int value, bool size_first) {
  Packed packed{data, value};
  std::size_t bytes = sizeof(CUdeviceptr) + sizeof(int);
  void* pointer_first[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE,
                           &bytes, CU_LAUNCH_PARAM_END};
  void* size_leading[] = {CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_BUFFER_POINTER,
                          &packed, CU_LAUNCH_PARAM_END};
  CHECK_DRV(cuLaunchKernel(add, 1, 1, 1, kInts, 1, 1, 0, nullptr, nullptr,
                           size_first ? size_leading : pointer_first));
}

void launch_ex(CUfunction add, CUdeviceptr data, int value) {
  CUlaunchConfig config{};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = kInts;
  config.blockDimY = config.blockDimZ = 1;
  void* arguments[] = {&data, &value};
  CHECK_DRV(cuLaunchKernelEx(&config, add, arguments, nullptr));
}

void launch_cooperative(CUfunction add, CUdeviceptr data, int value) {
  void* arguments[] = {&data, &value};
  CHECK_DRV(cuLaunchCooperativeKernel(add, 1, 1, 1, kInts, 1, 1, 0, nullptr, arguments));
}

CUdeviceptr mapped_memory(CUdevice device) {
  CUmemAllocationProp properties{};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  properties.location.id = device;
  std::size_t bytes = 0;
  CHECK_DRV(cuMemGetAllocationGranularity(&bytes, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
  CUmemGenericAllocationHandle memory = 0;
  CUdeviceptr address = 0;
  CHECK_DRV(cuMemCreate(&memory, bytes, &properties, 0));
  CHECK_DRV(cuMemAddressReserve(&address, bytes, 0, 0, 0));
  CHECK_DRV(cuMemMap(address, bytes, 0, memory, 0));
  CUmemAccessDesc access{properties.location, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  CHECK_DRV(cuMemSetAccess(address, bytes, &access, 1));
  CHECK_DRV(cuMemsetD32(address, 0, kInts));
  return address;
}

void set_global(CUmodule module, int value) {
  CUdeviceptr bias = 0;
  std::size_t bytes = 0;
  CHECK_DRV(cuModuleGetGlobal(&bias, &bytes, module, "bias"));
  CHECK(bytes == sizeof value);
  CHECK_DRV(cuMemcpyHtoD(bias, &value, sizeof value));
}

}  // namespace

int main() {
  CUdevice device = 0;
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CHECK_DRV(cuInit(0));
  CHECK_DRV(cuDeviceGet(&device, 0));
  CHECK_DRV(cuCtxCreate(&context, nullptr, 0, device));
  CHECK_DRV(cuModuleLoadData(&module, image("images.cubin").data()));
  const CUfunction add = function(module, "add");
  const CUdeviceptr data = mapped_memory(device);
  for (int i = 0; i < 100; ++i) launch_add(add, data, 1);
  launch_packed(add, data, 10, false);
  launch_packed(add, data, 10, true);
  launch_ex(add, data, 5);
  launch_cooperative(add, data, 2);
  CHECK(ints_equal(data, 127));
  set_global(module, 1000);
  launch_add(add, data, 1);
  CHECK(ints_equal(data, 1128));
  CHECK_DRV(cuModuleUnload(module));
  CHECK_DRV(cuCtxDestroy(context));
  return succeed();
}
