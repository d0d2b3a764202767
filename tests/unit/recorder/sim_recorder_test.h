// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <type_traits>

#include "driver/cuda_abi.h"
#include "recorder_test.h"

namespace fib::recorder::test {

/// A recorder over the simulated driver, which this program links as an application would. The
/// primary context of device 0 is current.
class SimRecorderTest : public RecorderTest {
 protected:
  SimRecorderTest() {
#define FIB_HOOK(symbol, args) api_.symbol = &::symbol;
#define FIB_CALL(symbol, args) api_.symbol = &::symbol;
#define FIB_USE(symbol) api_.symbol = &::symbol;
#include "driver/driver_api.def"
  }

  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(call<driver::Api::cuDevicePrimaryCtxRetain>(&context_, 0), CUDA_SUCCESS);
    ASSERT_EQ(call<driver::Api::cuCtxSetCurrent>(context_), CUDA_SUCCESS);
  }
  void TearDown() override {
    EXPECT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
    EXPECT_EQ(cuDevicePrimaryCtxReset_v2(0), CUDA_SUCCESS);
  }

  /// A driver call as a hook makes it.
  template <driver::Api A, class... Args>
  CUresult call(Args... args) {
    return call_as<A>(api_.*driver::Entry<A>::kMember, args...);
  }
  template <driver::Api A, class... Params>
  CUresult call_as(CUresult (*function)(Params...), std::type_identity_t<Params>... args) {
    recorder().before_call<A>(args...);
    const CUresult result = function(args...);
    recorder().after_call<A>(result, args...);
    return result;
  }

  Live& live() { return recorder().live; }
  CUdeviceptr allocate(std::size_t bytes) {
    CUdeviceptr address = 0;
    EXPECT_EQ(call<driver::Api::cuMemAlloc_v2>(&address, bytes), CUDA_SUCCESS);
    return address;
  }
  CUresult release(CUdeviceptr address) { return call<driver::Api::cuMemFree_v2>(address); }
  std::optional<trace::RegionRecord> find(std::uint64_t address) {
    const auto region = live().find(address);
    return region ? std::optional(region->fixed) : std::nullopt;
  }
  static std::uint64_t number(const void* handle) {
    return reinterpret_cast<std::uintptr_t>(handle);
  }

  CUcontext context_ = nullptr;
};

}  // namespace fib::recorder::test
