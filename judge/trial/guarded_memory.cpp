// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/guarded_memory.h"

#include <span>

#include "driver/check.h"
#include "driver/device_location.h"
#include "judge/trial/pattern.h"

namespace fib::judge {
namespace {

constexpr std::uint64_t up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

constexpr std::uint32_t kCanary = 1000;  ///< pattern that nobody else takes

}  // namespace

GuardedMemory::GuardedMemory(const driver::DriverApi& api, CUdevice device, std::uint64_t bytes)
    : api_(api), bytes_(bytes) {
  CUmemAllocationProp properties{};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location = driver::device_location(device);
  std::size_t granule = 0;
  FIB_DRIVER_CHECK(
      api_, cuMemGetAllocationGranularity(&granule, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
  // At least a granule of canary in front, and one of addresses behind that nothing is mapped to.
  mapped_ = up(up(bytes, kAlignment), granule) + granule;
  reserved_ = mapped_ + granule;
  FIB_DRIVER_CHECK(api_, cuMemAddressReserve(&base_, reserved_, 0, 0, 0));
  FIB_DRIVER_CHECK(api_, cuMemCreate(&handle_, mapped_, &properties, 0));
  is_made_ = true;
  FIB_DRIVER_CHECK(api_, cuMemMap(base_, mapped_, 0, handle_, 0));
  is_mapped_ = true;
  CUmemAccessDesc access{};
  access.location = properties.location;
  access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
  FIB_DRIVER_CHECK(api_, cuMemSetAccess(base_, mapped_, &access, 1));
  address_ = base_ + mapped_ - up(bytes, kAlignment);
}

// After an error of the GPU nothing of this works any more, and it has been told already.
GuardedMemory::~GuardedMemory() {
  if (is_mapped_) (void)api_.cuMemUnmap(base_, mapped_);
  if (is_made_) (void)api_.cuMemRelease(handle_);
  if (base_ != 0) (void)api_.cuMemAddressFree(base_, reserved_);
}

void GuardedMemory::fill(std::uint64_t seed, std::uint32_t pattern) {
  content_.resize(mapped_);
  const std::uint64_t front = address_ - base_;
  fill_pattern(content_, seed, kCanary);
  fill_pattern(std::span(content_).subspan(front, bytes_), seed, pattern, front);
  FIB_DRIVER_CHECK(api_, cuMemcpyHtoD_v2(base_, content_.data(), content_.size()));
}

std::string GuardedMemory::strayed() const {
  if (content_.empty()) return {};
  // What lies between the canaries is the candidate's.
  const std::uint64_t front = address_ - base_, behind = front + bytes_;
  std::vector<std::byte> now(front);
  FIB_DRIVER_CHECK(api_, cuMemcpyDtoH_v2(now.data(), base_, now.size()));
  for (std::uint64_t i = front; i-- > 0;)
    if (now[i] != content_[i]) return std::to_string(front - i) + " bytes before its begin";
  now.resize(content_.size() - behind);
  if (!now.empty()) FIB_DRIVER_CHECK(api_, cuMemcpyDtoH_v2(now.data(), base_ + behind, now.size()));
  for (std::uint64_t i = 0; i < now.size(); ++i)
    if (now[i] != content_[behind + i]) return std::to_string(i) + " bytes behind its end";
  return {};
}

}  // namespace fib::judge
