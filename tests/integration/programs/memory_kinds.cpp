// SPDX-License-Identifier: Apache-2.0
// Every kind of memory, each used by a kernel, copied and set.
#include <sys/mman.h>

#include <algorithm>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

CUfunction add = nullptr;
constexpr std::size_t kBytes = 4096;

/// 16 values of 5, to which a kernel adds 2.
void use(CUdeviceptr at, CUstream stream = nullptr) {
  CU(cuMemsetD32Async(at, 5, 16, stream));
  launch(add, kAdd, Shape{{1, 1, 1}, {16, 1, 1}}, stream, reinterpret_cast<int*>(at), 16, 2);
  std::vector<int> values(16);
  CU(cuMemcpyDtoHAsync(values.data(), at, 64, stream));
  CU(cuStreamSynchronize(stream));
  for (const int value : values) FIB_CHECK(value == 7);
}

void plain_and_pitched() {
  CUdeviceptr p = 0;
  CU(cuMemAlloc(&p, kBytes));
  use(p);
  CU(cuMemFree(p));
  std::size_t pitch = 0;
  CU(cuMemAllocPitch(&p, &pitch, 100, 8, 4));
  FIB_CHECK(pitch >= 100);
  use(p + pitch);
  CU(cuMemFree(p));
}

void managed_and_host() {
  CUdeviceptr p = 0;
  CU(cuMemAllocManaged(&p, kBytes, CU_MEM_ATTACH_GLOBAL));
  use(p);
  FIB_CHECK(*reinterpret_cast<int*>(p) == 7);
  CU(cuMemFree(p));
  void* host = nullptr;
  CU(cuMemAllocHost(&host, kBytes));
  use(reinterpret_cast<CUdeviceptr>(host));
  FIB_CHECK(static_cast<int*>(host)[15] == 7);
  CU(cuMemFreeHost(host));
  CU(cuMemHostAlloc(&host, kBytes, CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_PORTABLE));
  CU(cuMemHostGetDevicePointer(&p, host, 0));
  use(p);
  CU(cuMemFreeHost(host));
  host = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CU(cuMemHostRegister(host, kBytes, CU_MEMHOSTREGISTER_DEVICEMAP));
  CU(cuMemHostGetDevicePointer(&p, host, 0));
  use(p);
  CU(cuMemHostUnregister(host));
  munmap(host, kBytes);
}

void stream_ordered(CUdevice device) {
  CUstream stream = nullptr;
  CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CUdeviceptr p = 0;
  CU(cuMemAllocAsync(&p, kBytes, stream));
  use(p, stream);
  CU(cuMemFreeAsync(p, stream));
  CUmemoryPool pool = nullptr;
  CUmemPoolProps props{};
  props.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  props.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  props.location.id = device;
  CU(cuMemPoolCreate(&pool, &props));
  CU(cuMemAllocFromPoolAsync(&p, kBytes, pool, stream));
  use(p, stream);
  CU(cuMemFreeAsync(p, stream));
  CU(cuStreamSynchronize(stream));
  CU(cuMemPoolTrimTo(pool, 0));
  CU(cuMemPoolDestroy(pool));
  CU(cuStreamDestroy(stream));
}

void virtual_memory(CUdevice device) {
  CUmemAllocationProp prop{};
  prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  prop.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  prop.location.id = device;
  std::size_t granule = 0;
  CU(cuMemGetAllocationGranularity(&granule, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
  CUdeviceptr range = 0;
  CU(cuMemAddressReserve(&range, 4 * granule, 0, 0, 0));
  CUmemGenericAllocationHandle handle = 0;
  CU(cuMemCreate(&handle, granule, &prop, 0));
  CUmemAccessDesc access{};
  access.location = prop.location;
  access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
  for (const std::size_t at : {granule, 3 * granule}) {  // one piece of memory, two places
    CU(cuMemMap(range + at, granule, 0, handle, 0));
    CU(cuMemSetAccess(range + at, granule, &access, 1));
    use(range + at);
  }
  int other_place = 0;
  CU(cuMemcpyDtoH(&other_place, range + granule, 4));
  FIB_CHECK(other_place == 7);
  CU(cuMemUnmap(range + granule, granule));
  CU(cuMemUnmap(range + 3 * granule, granule));
  CU(cuMemRelease(handle));
  CU(cuMemAddressFree(range, 4 * granule));
}

void copies() {
  Guarded<int> a(64), b(64);
  std::vector<int> host(64, 9);
  CU(cuMemcpyHtoD(a.address(), host.data(), 256));
  CU(cuMemcpyDtoD(b.address(), a.address(), 256));
  CU(cuMemcpy(a.address() + 4, b.address(), 4));
  CU(cuMemsetD8(a.address(), 1, 4));
  CU(cuMemsetD16(a.address() + 8, 0x0202, 2));
  CU(cuMemsetD2D32(b.address(), 32, 4, 2, 3));
  CUDA_MEMCPY2D copy{};
  copy.srcMemoryType = copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = b.address();
  copy.dstDevice = a.address() + 128;
  copy.srcPitch = 32;
  copy.dstPitch = 16;
  copy.WidthInBytes = 8;
  copy.Height = 3;
  CU(cuMemcpy2D(&copy));
  const std::vector<int> expected = {0x01010101, 9, 0x02020202, 9};
  const std::vector<int> found = a.read();
  FIB_CHECK(std::equal(expected.begin(), expected.end(), found.begin()));
  FIB_CHECK(found[32] == 4 && found[33] == 4 && found[34] == 9 && found[36] == 4 && found[40] == 4);
}

}  // namespace

int main() {
  start();
  CUdevice device = 0;
  CU(cuCtxGetDevice(&device));
  {
    const Module module("it_basic");
    add = module.function(kAdd);
    plain_and_pitched();
    managed_and_host();
    stream_ordered(device);
    virtual_memory(device);
    copies();
  }
  return finish();
}
