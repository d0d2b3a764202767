// SPDX-License-Identifier: Apache-2.0
//
// Which candidates shadow verification finds wrong, and what the engine gets meanwhile.
#include "dispatch/shadow/shadow.h"

#include <thread>

#include "dispatch/quiescence.h"
#include "tests/unit/dispatch_shadow/shadow_fixture.h"

namespace fib::dispatch::testing {
namespace {

class RightCandidate : public ShadowTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(RightCandidate, IsNeverFlagged) {
  start(GetParam());
  for (const int n : {1, 3, 4, 63, 64, 65, 1000, 4097}) {
    const Scale scale = make(n, 0.5f);
    launch_all(scale, 5);
    EXPECT_EQ(wrong_elements(scale), 0);
  }
  shadow->tick();
  EXPECT_EQ(verified(GetParam()), 40u);
  EXPECT_EQ(mismatched(GetParam()), 0u);
  EXPECT_EQ(counters(GetParam()).unverified, 0u);
  EXPECT_FALSE(is_demoted(GetParam()));
  EXPECT_TRUE(records().empty());
}
INSTANTIATE_TEST_SUITE_P(Kernels, RightCandidate,
                         ::testing::Values("right", "close_enough", "twice"));

class WrongCandidate : public ShadowTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(WrongCandidate, IsCaughtByItsFirstLaunchAndHarmsNobody) {
  start(GetParam());
  const Scale scale = make(1000);
  ASSERT_OK(launch(scale));
  ASSERT_OK(api.cuCtxSynchronize());
  EXPECT_EQ(wrong_elements(scale), 0);
  ASSERT_OK(launch(scale));  // finds the report of the first
  EXPECT_TRUE(is_demoted(GetParam()));
  EXPECT_EQ(mismatched(GetParam()), 1u);
  launch_all(scale, 10);
  shadow->tick();
  EXPECT_EQ(verified(GetParam()), 1u) << "whoever is demoted is not run any more";
  EXPECT_EQ(wrong_elements(scale), 0);
  EXPECT_EQ(records().size(), 1u);
}

TEST_P(WrongCandidate, IsCaughtWithoutAnotherLaunch) {
  start(GetParam());
  launch_all(make(1000), 1);
  shadow->tick();
  EXPECT_TRUE(is_demoted(GetParam()));
  EXPECT_EQ(mismatched(GetParam()), 1u);
  EXPECT_EQ(records().size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(Kernels, WrongCandidate,
                         ::testing::Values("one_off", "no_tail", "not_a_number", "beyond_the_end",
                                           "before_the_beginning"));

TEST_F(ShadowTest, OneInSoManyRedirectedLaunchesIsVerified) {
  start("one_off", [](Options& options) {
    options.shadow_only = false;
    options.shadow_every = 10;
  });
  const Scale scale = make(100);
  int harmed = 0;
  for (int i = 0; i < 40; ++i) {
    launch_all(scale, 1);
    harmed += wrong_elements(scale) != 0 ? 1 : 0;
  }
  // The first is verified, the next nine are not, and the eleventh finds the report.
  EXPECT_EQ(harmed, 9);
  EXPECT_EQ(counters("one_off").eager, 9u);
  EXPECT_EQ(mismatched("one_off"), 1u);
  EXPECT_TRUE(is_demoted("one_off"));
}

TEST_F(ShadowTest, ACandidateMayLeaveElementsAsTheyWere) {
  ASSERT_OK(api.cuModuleGetFunction(&function, module, "engine_even"));
  start("even");
  const Scale scale = make(999);
  launch_all(scale, 3);
  shadow->tick();
  EXPECT_EQ(wrong_elements(scale, 2), 0);
  EXPECT_EQ(verified("even"), 3u);
  EXPECT_EQ(mismatched("even"), 0u);
}

TEST_F(ShadowTest, OneThatWritesMoreThanTheOriginalIsWrong) {
  ASSERT_OK(api.cuModuleGetFunction(&function, module, "engine_even"));
  start("right");
  const Scale scale = make(999);
  launch_all(scale, 1);
  shadow->tick();
  EXPECT_EQ(wrong_elements(scale, 2), 0);
  EXPECT_TRUE(is_demoted("right"));
}

TEST_F(ShadowTest, InPlaceTheCandidateFindsWhatTheOriginalFinds) {
  start("right");
  Scale scale = make(500);
  scale.y = scale.x;
  launch_all(scale, 1);
  EXPECT_EQ(wrong_elements(scale), 0);
  launch_all(scale, 4);
  shadow->tick();
  EXPECT_EQ(verified("right"), 5u);
  EXPECT_EQ(mismatched("right"), 0u);
}

TEST_F(ShadowTest, InPlaceAWrongCandidateIsCaught) {
  start("twice");  // right unless its input is its output
  Scale scale = make(500);
  launch_all(scale, 2);
  scale.y = scale.x;
  launch_all(scale, 1);
  EXPECT_EQ(wrong_elements(scale), 0);
  shadow->tick();
  EXPECT_EQ(verified("twice"), 3u);
  EXPECT_EQ(mismatched("twice"), 1u);
}

TEST_F(ShadowTest, ThreadsAndStreamsDoNotMeet) {
  start("right", [](Options& options) { options.scratch_bytes = std::size_t{16} << 20; });
  std::vector<Scale> scales;
  for (int i = 0; i < 4; ++i) scales.push_back(make(2000 + i));
  std::vector<std::thread> threads;
  std::atomic<bool> over{false};
  std::thread background([&] {
    while (!over) shadow->tick();
  });
  for (const Scale& scale : scales) {
    threads.emplace_back([&, scale] {
      CUstream stream = nullptr;
      EXPECT_OK(api.cuCtxSetCurrent(context));
      EXPECT_OK(api.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
      for (int i = 0; i < 200; ++i) EXPECT_OK(launch(scale, stream));
      EXPECT_OK(api.cuStreamDestroy_v2(stream));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_OK(api.cuCtxSynchronize());
  over = true;
  background.join();
  shadow->tick();
  const std::uint64_t unverified = counters("right").unverified;
  EXPECT_EQ(verified("right") + unverified, 800u);
  EXPECT_EQ(unverified, shadow->unverified(Unverified::AllInUse));
  EXPECT_EQ(mismatched("right"), 0u);
  for (const Scale& scale : scales) EXPECT_EQ(wrong_elements(scale), 0);
}

TEST_F(ShadowTest, TwoGpusAtTheSameTime) {
  int devices = 0;
  ASSERT_OK(api.cuDeviceGetCount(&devices));
  ASSERT_EQ(devices, 2);
  start("right");
  CUcontext second = nullptr;
  ASSERT_OK(api.cuDevicePrimaryCtxRetain(&second, 1));
  dispatcher->context_appeared(second);
  const CUfunction first_function = function;
  const Scale first = make(700);
  ASSERT_OK(api.cuCtxSetCurrent(second));
  const CUmodule second_module = load_module();
  ASSERT_OK(api.cuModuleGetFunction(&function, second_module, "engine_scale"));
  const CUfunction second_function = function;
  const Scale other = make(800);
  for (int i = 0; i < 5; ++i) {
    function = second_function;
    ASSERT_OK(api.cuCtxSetCurrent(second));
    launch_all(other, 2);
    function = first_function;
    ASSERT_OK(api.cuCtxSetCurrent(context));
    launch_all(first, 2);
  }
  shadow->tick();
  EXPECT_EQ(verified("right"), 20u);
  EXPECT_EQ(mismatched("right") + counters("right").unverified, 0u);
  EXPECT_EQ(wrong_elements(first) + wrong_elements(other), 0);
}

}  // namespace
}  // namespace fib::dispatch::testing
