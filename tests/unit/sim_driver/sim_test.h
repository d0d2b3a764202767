// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "driver/cuda_abi.h"
#include "tests/sim_driver/kernels/standard.h"

#define ASSERT_OK(call) ASSERT_EQ(CUDA_SUCCESS, (call))
#define EXPECT_OK(call) EXPECT_EQ(CUDA_SUCCESS, (call))

namespace fib::sim::test {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// Registers a function that runs in a fresh process; it returns an exit code.
bool register_child(const char* name, int (*body)());
#define CHILD(name)                                                                          \
  static int child_##name();                                                                 \
  static const bool registered_##name = fib::sim::test::register_child(#name, child_##name); \
  static int child_##name()
/// Runs a CHILD with these variables set. Its exit code, or 128 + the signal that ended it.
int run_child(const char* name, const Environment& environment = {});

/// In a CHILD: leave with the line number unless the condition holds.
#define CHILD_REQUIRE(condition) \
  if (!(condition)) return __LINE__ % 120 + 1

std::string kernels_path();
std::vector<char> read_all(const std::string& path);

/// A kernel launch with any arguments, over `threads` threads in blocks of 32.
template <class... Args>
CUresult launch(CUfunction f, CUstream stream, int threads, Args... args) {
  void* params[] = {static_cast<void*>(&args)..., nullptr};
  const auto blocks = static_cast<unsigned>((threads + 31) / 32);
  return cuLaunchKernel(f, blocks, 1, 1, 32, 1, 1, 0, stream, params, nullptr);
}

/// Holds a stream up until it is opened, however slow the machine is.
class Gate {
 public:
  explicit Gate(CUstream stream) { EXPECT_OK(cuLaunchHostFunc(stream, wait, this)); }
  ~Gate() { open(); }
  void open();

 private:
  static void CUDA_CB wait(void* gate);
  std::atomic<int> open_{0}, passed_{0};
};

/// The primary context of device 0 is current, and the standard kernels are loaded.
class SimTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  CUfunction function(const char* mangled);
  CUstream non_blocking_stream();
  CUdeviceptr device_memory(std::size_t bytes);
  /// `n` floats of the same value.
  CUdeviceptr floats(int n, float value);
  std::vector<float> read_floats(CUdeviceptr address, int n);

  CUcontext context = nullptr;
  CUmodule module = nullptr;
};

inline constexpr char kNoop[] = "_Z4noopv";
inline constexpr char kFill[] = "_Z4fillPffi";
inline constexpr char kCopy[] = "_Z4copyPKfPfi";
inline constexpr char kScale[] = "_Z5scalePffi";
inline constexpr char kSaxpy[] = "_Z5saxpyifPKfPf";
inline constexpr char kBigStruct[] = "_Z10big_struct9BigStruct";
inline constexpr char kHugeParams[] = "_Z11huge_params10HugeParamsPi";
inline constexpr char kRandomOrderSum[] = "_Z16random_order_sumPKfPfi";
inline constexpr char kSpin[] = "_Z4spini";
inline constexpr char kUseGlobals[] = "_Z11use_globalsPfi";
inline constexpr char kRmsNorm[] = "_Z8rms_normPtPKtS1_fi";
inline constexpr char kOverrun[] = "_Z7overrunPffi";
inline constexpr char kAddOne[] = "_Z7add_onePi";

}  // namespace fib::sim::test
