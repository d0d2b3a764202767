// SPDX-License-Identifier: Apache-2.0
#include "support/any_memory.h"

#include <sys/mman.h>

#include <vector>

#include "support/check.h"

namespace fib::test {
namespace {

constexpr std::size_t kGranule = std::size_t{2} << 20;

void* as_pointer(CUdeviceptr address) { return reinterpret_cast<void*>(address); }

CUmemLocation device_zero() {
  CUmemLocation location{};
  location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  return location;
}

}  // namespace

MemoryKind memory_kind(const std::string& name) {
  static constexpr const char* kNames[] = {"device", "pool",       "mapped",
                                           "pinned", "registered", "managed"};
  for (int i = 0; i < 6; ++i)
    if (name == kNames[i]) return static_cast<MemoryKind>(i);
  fail(__FILE__, __LINE__, name.c_str(), "is no kind of memory");
}

AnyMemory::AnyMemory(MemoryKind kind, std::size_t count)
    : kind_(kind), bytes_(count * sizeof(int)), all_bytes_(bytes_ + 2 * kCanary) {
  allocate();
  CU(cuMemsetD8(base_, kPattern, all_bytes_));
  CU(cuMemsetD8(address(), 0, bytes_));
  CU(cuCtxSynchronize());  // streams that do not wait for the default stream may use it now
}

AnyMemory::~AnyMemory() {
  check();
  free();
}

bool AnyMemory::on_host() const {
  return kind_ == MemoryKind::Pinned || kind_ == MemoryKind::Registered ||
         kind_ == MemoryKind::Managed;
}

void AnyMemory::map() {
  CUmemAllocationProp prop{};
  prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  prop.location = device_zero();
  CUmemAccessDesc access{device_zero(), CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  CU(cuMemAddressReserve(&base_, 3 * kGranule, 0, 0, 0));
  CU(cuMemCreate(&handle_, kGranule, &prop, 0));
  CU(cuMemMap(base_, kGranule, 0, handle_, 0));
  CU(cuMemSetAccess(base_, kGranule, &access, 1));
}

void AnyMemory::allocate() {
  void* host = nullptr;
  switch (kind_) {
    case MemoryKind::Device: CU(cuMemAlloc(&base_, all_bytes_)); return;
    case MemoryKind::Managed:
      CU(cuMemAllocManaged(&base_, all_bytes_, CU_MEM_ATTACH_GLOBAL));
      return;
    case MemoryKind::Mapped: map(); return;
    case MemoryKind::Pool:
      CU(cuMemAllocAsync(&base_, all_bytes_, nullptr));
      CU(cuStreamSynchronize(nullptr));
      return;
    case MemoryKind::Pinned: CU(cuMemAllocHost(&host, all_bytes_)); break;
    case MemoryKind::Registered:
      host = mmap(nullptr, all_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      FIB_CHECK(host != MAP_FAILED);
      CU(cuMemHostRegister(host, all_bytes_, CU_MEMHOSTREGISTER_DEVICEMAP));
      break;
  }
  CU(cuMemHostGetDevicePointer(&base_, host, 0));
}

void AnyMemory::free() {
  switch (kind_) {
    case MemoryKind::Device:
    case MemoryKind::Managed: CU(cuMemFree(base_)); return;
    case MemoryKind::Pool: CU(cuMemFreeAsync(base_, nullptr)); return;
    case MemoryKind::Pinned: CU(cuMemFreeHost(as_pointer(base_))); return;
    case MemoryKind::Registered:
      CU(cuMemHostUnregister(as_pointer(base_)));
      munmap(as_pointer(base_), all_bytes_);
      return;
    case MemoryKind::Mapped:
      CU(cuMemUnmap(base_, kGranule));
      CU(cuMemRelease(handle_));
      CU(cuMemAddressFree(base_, 3 * kGranule));
      return;
  }
}

std::vector<int> AnyMemory::read() const {
  check();
  std::vector<int> values(bytes_ / sizeof(int));
  CU(cuMemcpyDtoH(values.data(), address(), bytes_));
  return values;
}

void AnyMemory::check() const {
  std::vector<unsigned char> all(all_bytes_);
  CU(cuMemcpyDtoH(all.data(), base_, all.size()));
  for (std::size_t i = 0; i < kCanary; ++i) {
    FIB_CHECK(all[i] == kPattern);
    FIB_CHECK(all[kCanary + bytes_ + i] == kPattern);
  }
}

}  // namespace fib::test
