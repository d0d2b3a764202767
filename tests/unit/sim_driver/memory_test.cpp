// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <cstring>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

const CUmemLocation kDevice = [] {
  CUmemLocation location{};
  location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  return location;
}();

class Memory : public SimTest {};

TEST_F(Memory, DeviceMemoryIsTracked) {
  const CUdeviceptr a = device_memory(1000);
  CUdeviceptr base = 0;
  size_t size = 0;
  EXPECT_EQ(0u, a % 512);
  ASSERT_OK(cuMemGetAddressRange_v2(&base, &size, a + 999));
  EXPECT_EQ(a, base);
  EXPECT_EQ(1000u, size);
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuMemGetAddressRange_v2(&base, &size, a + 1000));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(a + 8));
  ASSERT_OK(cuMemFree_v2(a));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(a));
  EXPECT_OK(cuMemFree_v2(0));
  EXPECT_EQ(a, device_memory(1000)) << "freed addresses are used again";
}

TEST_F(Memory, RunsOut) {
  size_t free = 0, total = 0;
  CUdeviceptr address = 0;
  ASSERT_OK(cuMemGetInfo_v2(&free, &total));
  EXPECT_EQ(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc_v2(&address, free + 1));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemAlloc_v2(&address, 0));
  const CUdeviceptr a = device_memory(1 << 20);
  size_t left = 0;
  ASSERT_OK(cuMemGetInfo_v2(&left, &total));
  EXPECT_EQ(free - (1 << 20), left);
  ASSERT_OK(cuMemFree_v2(a));
}

TEST_F(Memory, PitchedRowsAreAligned) {
  CUdeviceptr address = 0, base = 0;
  size_t pitch = 0, size = 0;
  ASSERT_OK(cuMemAllocPitch_v2(&address, &pitch, 100, 10, 4));
  EXPECT_EQ(512u, pitch);
  ASSERT_OK(cuMemGetAddressRange_v2(&base, &size, address));
  EXPECT_EQ(5120u, size);
}

TEST_F(Memory, PinnedMemoryHasADevicePointer) {
  void *host = nullptr, *allocated = nullptr;
  CUdeviceptr device = 0;
  unsigned flags = 0;
  ASSERT_OK(cuMemAllocHost_v2(&allocated, 100));
  ASSERT_OK(cuMemHostAlloc(&host, 4096, CU_MEMHOSTALLOC_DEVICEMAP));
  ASSERT_OK(cuMemHostGetDevicePointer_v2(&device, host, 0));
  EXPECT_EQ(reinterpret_cast<CUdeviceptr>(host), device);
  ASSERT_OK(cuMemHostGetFlags(&flags, host));
  EXPECT_EQ(static_cast<unsigned>(CU_MEMHOSTALLOC_DEVICEMAP), flags);
  ASSERT_OK(launch(function(kFill), nullptr, 16, device, 2.0f, 16));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(2.0f, static_cast<float*>(host)[15]);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(device));
  EXPECT_OK(cuMemFreeHost(host));
  EXPECT_OK(cuMemFreeHost(allocated));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(host));
}

TEST_F(Memory, HostMemoryIsRegistered) {
  std::vector<float> host(1024);
  CUdeviceptr device = 0;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemHostGetDevicePointer_v2(&device, host.data(), 0));
  ASSERT_OK(cuMemHostRegister_v2(host.data(), host.size() * sizeof(float), 0));
  EXPECT_EQ(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, cuMemHostRegister_v2(host.data(), 16, 0));
  ASSERT_OK(cuMemHostGetDevicePointer_v2(&device, host.data() + 1, 0));
  EXPECT_EQ(reinterpret_cast<CUdeviceptr>(host.data() + 1), device);
  ASSERT_OK(cuMemHostUnregister(host.data()));
  EXPECT_EQ(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, cuMemHostUnregister(host.data()));
}

TEST_F(Memory, ManagedMemoryIsSharedWithTheHost) {
  CUdeviceptr managed = 0;
  int is_managed = 0;
  ASSERT_OK(cuMemAllocManaged(&managed, 64, CU_MEM_ATTACH_GLOBAL));
  ASSERT_OK(launch(function(kFill), nullptr, 16, managed, 1.5f, 16));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(1.5f, reinterpret_cast<float*>(managed)[7]);
  ASSERT_OK(cuPointerGetAttribute(&is_managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, managed));
  EXPECT_EQ(1, is_managed);
  EXPECT_OK(cuMemPrefetchAsync_v2(managed, 64, kDevice, 0, nullptr));
  EXPECT_OK(cuMemFree_v2(managed));
}

TEST_F(Memory, PointersHaveAttributes) {
  const CUdeviceptr a = device_memory(256);
  CUmemorytype type{};
  CUcontext owner = nullptr;
  CUdeviceptr start = 0;
  size_t size = 0;
  ASSERT_OK(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, a + 10));
  EXPECT_EQ(CU_MEMORYTYPE_DEVICE, type);
  ASSERT_OK(cuPointerGetAttribute(&owner, CU_POINTER_ATTRIBUTE_CONTEXT, a));
  EXPECT_EQ(context, owner);
  ASSERT_OK(cuPointerGetAttribute(&start, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, a + 10));
  EXPECT_EQ(a, start);
  ASSERT_OK(cuPointerGetAttribute(&size, CU_POINTER_ATTRIBUTE_RANGE_SIZE, a + 10));
  EXPECT_EQ(256u, size);
  int local = 0;
  const auto outside = reinterpret_cast<CUdeviceptr>(&local);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, outside));
  CUpointer_attribute which[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_RANGE_SIZE};
  void* out[] = {&type, &size};
  ASSERT_OK(cuPointerGetAttributes(2, which, out, outside));
  EXPECT_EQ(0, static_cast<int>(type));
  EXPECT_EQ(0u, size);
}

class Pool : public SimTest {
 protected:
  uint64_t attribute(CUmemoryPool pool, CUmemPool_attribute which) {
    uint64_t value = 0;
    EXPECT_OK(cuMemPoolGetAttribute(pool, which, &value));
    return value;
  }
};

TEST_F(Pool, AllocatesInStreamOrder) {
  const CUstream stream = non_blocking_stream(), other = non_blocking_stream();
  CUdeviceptr a = 0, b = 0, c = 0;
  ASSERT_OK(cuMemAllocAsync(&a, 4096, stream));
  Gate gate(stream);
  ASSERT_OK(cuMemFreeAsync(a, stream));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemFreeAsync(a, stream));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemsetD8Async(a, 0, 1, stream));
  ASSERT_OK(cuMemAllocAsync(&b, 4096, other));
  EXPECT_NE(a, b) << "another stream must wait for the free";
  ASSERT_OK(cuMemAllocAsync(&c, 4096, stream));
  EXPECT_EQ(a, c) << "the same stream need not";
  CUmemoryPool pool = nullptr, expected = nullptr;
  ASSERT_OK(cuDeviceGetDefaultMemPool(&expected, 0));
  ASSERT_OK(cuPointerGetAttribute(&pool, CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, c));
  EXPECT_EQ(expected, pool);
}

TEST_F(Pool, CountsAndTrims) {
  CUmemPoolProps properties{};
  properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location = kDevice;
  CUmemoryPool pool = nullptr;
  CUdeviceptr a = 0;
  ASSERT_OK(cuMemPoolCreate(&pool, &properties));
  ASSERT_OK(cuMemAllocFromPoolAsync(&a, 1000, pool, nullptr));
  EXPECT_EQ(1024u, attribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT));
  ASSERT_OK(cuMemFreeAsync(a, nullptr));
  ASSERT_OK(cuStreamSynchronize(nullptr));
  EXPECT_EQ(0u, attribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT));
  EXPECT_EQ(1024u, attribute(pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT));
  ASSERT_OK(cuMemPoolTrimTo(pool, 0));
  EXPECT_EQ(0u, attribute(pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT));
  EXPECT_EQ(1024u, attribute(pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH));
  uint64_t threshold = 1 << 20;
  ASSERT_OK(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
  EXPECT_EQ(threshold, attribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD));
  ASSERT_OK(cuMemPoolDestroy(pool));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemPoolTrimTo(pool, 0));
}

class VirtualMemory : public SimTest {
 protected:
  static constexpr size_t kPage = size_t{2} << 20;

  CUmemGenericAllocationHandle physical(size_t size) {
    CUmemAllocationProp properties{};
    properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    properties.location = kDevice;
    CUmemGenericAllocationHandle handle = 0;
    EXPECT_OK(cuMemCreate(&handle, size, &properties, 0));
    return handle;
  }
  CUdeviceptr reserved(size_t size) {
    CUdeviceptr address = 0;
    EXPECT_OK(cuMemAddressReserve(&address, size, 0, 0, 0));
    return address;
  }
  CUresult grant(CUdeviceptr address, size_t size, CUmemAccess_flags flags) {
    const CUmemAccessDesc access{kDevice, flags};
    return cuMemSetAccess(address, size, &access, 1);
  }
};

TEST_F(VirtualMemory, NeedsAccessToBeUsed) {
  const CUdeviceptr address = reserved(2 * kPage);
  EXPECT_EQ(0u, address % kPage);
  ASSERT_OK(cuMemMap(address, kPage, 0, physical(kPage), 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemsetD8_v2(address, 1, 16));
  ASSERT_OK(grant(address, kPage, CU_MEM_ACCESS_FLAGS_PROT_READ));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemsetD8_v2(address, 1, 16));
  ASSERT_OK(grant(address, kPage, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  EXPECT_OK(cuMemsetD8_v2(address, 1, 16));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemsetD8_v2(address + kPage, 1, 16));
  unsigned long long flags = 0;
  const CUmemLocation location = kDevice;
  ASSERT_OK(cuMemGetAccess(&flags, &location, address));
  EXPECT_EQ(CU_MEM_ACCESS_FLAGS_PROT_READWRITE, static_cast<CUmemAccess_flags>(flags));
}

TEST_F(VirtualMemory, OneHandleMayBeMappedTwice) {
  const CUdeviceptr first = reserved(kPage), second = reserved(kPage);
  const auto handle = physical(kPage);
  ASSERT_OK(cuMemMap(first, kPage, 0, handle, 0));
  ASSERT_OK(cuMemMap(second, kPage, 0, handle, 0));
  ASSERT_OK(cuMemRelease(handle));
  ASSERT_OK(grant(first, kPage, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  ASSERT_OK(grant(second, kPage, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  ASSERT_OK(cuMemsetD32_v2(first, 42, 4));
  int seen = 0;
  ASSERT_OK(cuMemcpyDtoH_v2(&seen, second, sizeof seen));
  EXPECT_EQ(42, seen);
  CUmemGenericAllocationHandle retained = 0;
  ASSERT_OK(cuMemRetainAllocationHandle(&retained, reinterpret_cast<void*>(second)));
  EXPECT_EQ(handle, retained);
  EXPECT_OK(cuMemRelease(retained));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemRelease(retained));
}

TEST_F(VirtualMemory, CopiesCrossMappings) {
  const CUdeviceptr address = reserved(2 * kPage);
  ASSERT_OK(cuMemMap(address, kPage, 0, physical(kPage), 0));
  ASSERT_OK(cuMemMap(address + kPage, kPage, 0, physical(kPage), 0));
  ASSERT_OK(grant(address, 2 * kPage, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  EXPECT_OK(cuMemsetD8_v2(address + kPage - 8, 7, 16));
}

TEST_F(VirtualMemory, ChecksItsArguments) {
  const CUdeviceptr address = reserved(kPage);
  const auto handle = physical(kPage);
  CUdeviceptr other = 0;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemAddressReserve(&other, 4096, 0, 0, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemMap(address + 4096, kPage, 0, handle, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemMap(address, 2 * kPage, 0, handle, 0));
  ASSERT_OK(cuMemMap(address, kPage, 0, handle, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemMap(address, kPage, 0, handle, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemAddressFree(address, kPage)) << "still mapped";
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemUnmap(address, kPage / 2));
  ASSERT_OK(cuMemUnmap(address, kPage));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemUnmap(address, kPage));
  ASSERT_OK(cuMemAddressFree(address, kPage));
  ASSERT_OK(cuMemRelease(handle));
}

TEST_F(VirtualMemory, TakesTheHintIfFree) {
  const CUdeviceptr place = reserved(64 * kPage);
  ASSERT_OK(cuMemAddressFree(place, 64 * kPage));
  CUdeviceptr exact = 0, moved = 0;
  ASSERT_OK(cuMemAddressReserve(&exact, kPage, 0, place + 8 * kPage, 0));
  EXPECT_EQ(place + 8 * kPage, exact);
  ASSERT_OK(cuMemAddressReserve(&moved, kPage, 0, exact, 0));
  EXPECT_NE(exact, moved);
}

}  // namespace
}  // namespace fib::sim::test
