// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dispatch/shadow/shadow.h"
#include "registry/model/json.h"
#include "tests/unit/trace/temp_directory.h"

#define ASSERT_OK(call) ASSERT_EQ(CUDA_SUCCESS, (call))
#define EXPECT_OK(call) EXPECT_EQ(CUDA_SUCCESS, (call))

namespace fib::dispatch::testing {

/// y = 2 * x + bias over n floats, as the engine launches it.
struct Scale {
  CUdeviceptr x = 0, y = 0;
  int n = 0;
  float bias = 1;
};

/// Device memory that the test can read: in the simulator it is host memory.
[[nodiscard]] inline float* floats(CUdeviceptr address) {
  return reinterpret_cast<float*>(address);
}

/// An engine, a dispatcher with one candidate, and its shadow, over the simulated driver.
class ShadowTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// `candidate` is a kernel of shadow_kernels.cpp. Everything is compared and nothing replaced,
  /// unless `change` says otherwise.
  void start(const std::string& candidate, const std::function<void(Options&)>& change = {},
             const std::function<void(match::TableSpec&)>& describe = {});
  [[nodiscard]] std::unique_ptr<Deployment> deployment(
      const std::string& candidate,
      const std::function<void(match::TableSpec&)>& describe = {}) const;

  /// shadow_kernels.cpp, in the current context.
  [[nodiscard]] CUmodule load_module() const;
  [[nodiscard]] CUdeviceptr allocate(int n);
  /// x = 0, 1, 2 ... and y = -1 everywhere.
  [[nodiscard]] Scale make(int n, float bias = 1);
  CUresult launch(const Scale& scale, CUstream stream = nullptr,
                  const CUlaunchAttribute* attribute = nullptr);
  /// The same until all of them ran, `times` times.
  void launch_all(const Scale& scale, int times);
  /// What the engine's kernel makes of it; 0 differences.
  [[nodiscard]] static int wrong_elements(const Scale& scale, int step = 1);

  [[nodiscard]] const trace::CandidateCounters& counters(const std::string& candidate);
  [[nodiscard]] std::uint64_t verified(const std::string& candidate) {
    return counters(candidate).shadowed;
  }
  [[nodiscard]] std::uint64_t mismatched(const std::string& candidate) {
    return counters(candidate).mismatched;
  }
  [[nodiscard]] bool is_demoted(const std::string& candidate) {
    return counters(candidate).state == static_cast<std::uint32_t>(trace::CandidateState::Demoted);
  }
  /// Directories of mismatches that are complete, and others.
  [[nodiscard]] std::vector<std::filesystem::path> records() const;

  driver::DriverApi api{};
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  trace::testing::TempDirectory directory;
  std::string mismatch_dir;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<Shadow> shadow;

 private:
  std::vector<CUdeviceptr> memory_;
};

}  // namespace fib::dispatch::testing
