// SPDX-License-Identifier: Apache-2.0
#include "driver/handles.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace fib::driver {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueStream>);
static_assert(std::is_nothrow_move_constructible_v<UniqueStream>);
static_assert(!std::is_copy_constructible_v<DeviceMemory>);
static_assert(std::is_nothrow_move_constructible_v<DeviceMemory>);
static_assert(!std::is_move_assignable_v<DeviceMemory>);

// The driver's entry points are plain functions, so what they were given is kept here.
std::vector<CUstream> destroyed;
std::vector<CUdeviceptr> freed;

CUresult stream_destroy(CUstream stream) {
  destroyed.push_back(stream);
  return CUDA_SUCCESS;
}
CUresult mem_alloc(CUdeviceptr* address, size_t bytes) {
  if (bytes > 100) return CUDA_ERROR_OUT_OF_MEMORY;
  *address = 0x1000;
  return CUDA_SUCCESS;
}
CUresult mem_free(CUdeviceptr address) {
  freed.push_back(address);
  return CUDA_SUCCESS;
}

class Handles : public testing::Test {
 protected:
  Handles() {
    api_.cuStreamDestroy_v2 = stream_destroy;
    api_.cuMemAlloc_v2 = mem_alloc;
    api_.cuMemFree_v2 = mem_free;
    destroyed.clear();
    freed.clear();
  }
  DriverApi api_{};
  CUstream stream_ = reinterpret_cast<CUstream>(0x2000);
};

TEST_F(Handles, OwnerDestroysOnce) {
  {
    UniqueStream first(stream_, {&api_, true});
    const UniqueStream second = std::move(first);
    EXPECT_EQ(second.get(), stream_);
    EXPECT_TRUE(destroyed.empty());
  }
  EXPECT_EQ(destroyed, std::vector<CUstream>{stream_});
}

TEST_F(Handles, ViewDestroysNothing) {
  { const UniqueStream view(stream_, {&api_, false}); }
  EXPECT_TRUE(destroyed.empty());
}

TEST_F(Handles, MemoryIsFreedOnceAlsoAfterAMove) {
  {
    DeviceMemory first(api_, 100);
    const DeviceMemory second = std::move(first);
    EXPECT_EQ(second.address(), 0x1000u);
    EXPECT_TRUE(freed.empty());
  }
  EXPECT_EQ(freed, std::vector<CUdeviceptr>{0x1000});
}

TEST_F(Handles, FailedAllocationThrowsAndFreesNothing) {
  EXPECT_THROW(DeviceMemory(api_, 101), DriverError);
  EXPECT_TRUE(freed.empty());
}

}  // namespace
}  // namespace fib::driver
