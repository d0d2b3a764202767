// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

CUresult prepare(CUfunction* noop, CUfunction* spin) {
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  cuInit(0);
  cuDevicePrimaryCtxRetain(&context, 0);
  cuCtxSetCurrent(context);
  cuModuleLoad(&module, kernels_path().c_str());
  cuModuleGetFunction(spin, module, kSpin);
  return cuModuleGetFunction(noop, module, kNoop);
}

CHILD(counted) {
  CUfunction noop = nullptr, spin = nullptr;
  CHILD_REQUIRE(prepare(&noop, &spin) == CUDA_SUCCESS);
  for (int i = 0; i < 3; ++i) CHILD_REQUIRE(launch(noop, nullptr, 64) == CUDA_SUCCESS);
  CHILD_REQUIRE(launch(spin, nullptr, 1, 1) == CUDA_SUCCESS);
  CUstream stream = nullptr;
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  CHILD_REQUIRE(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED) == CUDA_SUCCESS);
  CHILD_REQUIRE(launch(noop, stream, 1) == CUDA_SUCCESS && launch(noop, stream, 1) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuStreamEndCapture(stream, &graph) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuGraphInstantiateWithFlags(&exec, graph, 0) == CUDA_SUCCESS);
  for (int i = 0; i < 5; ++i) CHILD_REQUIRE(cuGraphLaunch(exec, stream) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuCtxSynchronize() == CUDA_SUCCESS);
  ::kill(::getpid(), SIGKILL);
  return 1;
}

std::map<std::string, int> read_counts(const std::filesystem::path& folder) {
  std::map<std::string, int> counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path());
    std::string name;
    for (int count = 0; in >> count >> name;) counts[name] += count;
  }
  return counts;
}

TEST(Counter, SurvivesSigkill) {
  std::string folder = ::testing::TempDir() + "fibsim-counts-XXXXXX";
  ASSERT_NE(nullptr, ::mkdtemp(folder.data()));
  EXPECT_EQ(128 + SIGKILL, run_child("counted", {{"FIBSIM_COUNT_FILE", folder + "/counts"}}));
  EXPECT_EQ((std::map<std::string, int>{{kNoop, 13}, {kSpin, 1}}), read_counts(folder));
  std::filesystem::remove_all(folder);
}

TEST(Counter, IsOffByDefault) { EXPECT_EQ(128 + SIGKILL, run_child("counted")); }

}  // namespace
}  // namespace fib::sim::test
