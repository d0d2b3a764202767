// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/dispatch/engine_launch.h"

namespace fib::dispatch::testing {

/// A dispatcher over the simulated driver, with the primary context of device 0 current, and the
/// engine's module loaded.
class SimDispatchTest : public ::testing::Test {
 protected:
  static constexpr int kN = 256;

  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    api_ = sim_api();
    dispatcher_ = std::make_unique<Dispatcher>(options_, api_);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context_, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
    dispatcher_->primary_appeared(0, context_);
    load_engine();
    x_ = allocate();
    y_ = allocate();
  }
  void TearDown() override {
    dispatcher_.reset();
    EXPECT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
    EXPECT_EQ(cuDevicePrimaryCtxReset_v2(0), CUDA_SUCCESS);
  }

  void load_engine() {
    ASSERT_EQ(cuModuleLoad(&module_, FIB_SIM_DIR "/dispatch_kernels.simcubin"), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&engine_add_, module_, "engine_add"), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&engine_other_, module_, "engine_other"), CUDA_SUCCESS);
  }
  CUdeviceptr allocate() {
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAlloc_v2(&address, kN * sizeof(float)), CUDA_SUCCESS);
    EXPECT_EQ(cuMemsetD8_v2(address, 0, kN * sizeof(float)), CUDA_SUCCESS);
    return address;
  }

  void install(const std::string& pinned) {
    ASSERT_TRUE(dispatcher_->install(add_deployment(pinned)));
  }

  /// As a hook makes it.
  CUresult launch(const driver::LaunchCall& call) {
    const ReadSection reading;
    return dispatcher_->launch(call, [&]() noexcept {
      ++originals_;
      CUlaunchConfig config{};
      config.gridDimX = call.grid[0];
      config.gridDimY = call.grid[1];
      config.gridDimZ = call.grid[2];
      config.blockDimX = call.block[0];
      config.blockDimY = call.block[1];
      config.blockDimZ = call.block[2];
      config.sharedMemBytes = call.shared_bytes;
      config.hStream = stream_of(call);
      return cuLaunchKernelEx(&config, call.function, call.params, call.extra);
    });
  }
  /// What the engine's kernel (or what was launched in its place) adds to 0: 1 for the original.
  float added(CUfunction function, CUstream stream = nullptr) {
    EngineLaunch launch_of(function, x_, y_, kN, stream);
    EXPECT_EQ(launch(launch_of.call), CUDA_SUCCESS);
    return result(stream);
  }
  float added() { return added(engine_add_); }
  float result(CUstream stream = nullptr) {
    std::vector<float> values(kN);
    EXPECT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
    EXPECT_EQ(cuMemcpyDtoH_v2(values.data(), y_, kN * sizeof(float)), CUDA_SUCCESS);
    EXPECT_EQ(values.front(), values.back());
    return values.front();
  }

  const trace::KernelCounters& kernel(const char* name) {
    return *dispatcher_->counters().kernel(name);
  }
  std::uint64_t counted(match::Reason reason, const char* name = "engine_add") {
    return kernel(name).reasons[static_cast<std::size_t>(reason)].load();
  }
  const trace::CandidateCounters& candidate(const char* name) {
    return *dispatcher_->counters().candidate(name);
  }
  trace::CandidateState state(const char* name) {
    return static_cast<trace::CandidateState>(candidate(name).state.load());
  }

  Options options_;
  driver::DriverApi api_{};
  std::unique_ptr<Dispatcher> dispatcher_;
  CUcontext context_ = nullptr;
  CUmodule module_ = nullptr;
  CUfunction engine_add_ = nullptr, engine_other_ = nullptr;
  CUdeviceptr x_ = 0, y_ = 0;
  int originals_ = 0;
};

}  // namespace fib::dispatch::testing
