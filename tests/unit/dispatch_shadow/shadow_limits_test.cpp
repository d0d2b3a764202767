// SPDX-License-Identifier: Apache-2.0
//
// Launches that can't be verified: the original runs, and a counter says why.
#include <atomic>
#include <thread>

#include "dispatch/quiescence.h"
#include "tests/unit/dispatch_shadow/shadow_fixture.h"

namespace fib::dispatch::testing {
namespace {

/// Holds a stream up until it is opened.
class Gate {
 public:
  Gate(const driver::DriverApi& api, CUstream stream) {
    EXPECT_OK(api.cuLaunchHostFunc(stream, wait, this));
  }
  ~Gate() { open(); }
  void open() {
    open_ = true;
    while (!passed_) std::this_thread::yield();
  }

 private:
  static void CUDA_CB wait(void* gate) {
    auto& self = *static_cast<Gate*>(gate);
    while (!self.open_) std::this_thread::yield();
    self.passed_ = true;
  }
  std::atomic<bool> open_{false}, passed_{false};
};

class Unverifiable : public ShadowTest {
 protected:
  /// One launch of this many elements is not verified for this reason, and is right.
  void expect(Unverified reason, const std::string& candidate, int n,
              const CUlaunchAttribute* attribute = nullptr) {
    const Scale scale = make(n);
    ASSERT_OK(launch(scale, nullptr, attribute));
    ASSERT_OK(api.cuCtxSynchronize());
    shadow->tick();
    EXPECT_EQ(shadow->unverified(reason), 1u);
    EXPECT_EQ(counters(candidate).unverified, 1u);
    EXPECT_EQ(verified(candidate), 0u);
    EXPECT_EQ(wrong_elements(scale), 0);
  }
};

TEST_F(Unverifiable, AllScratchMemoryIsInUse) {
  start("right");
  const Scale scale = make(1000);
  CUstream stream = nullptr;
  ASSERT_OK(api.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  {
    Gate gate(api, stream);
    for (int i = 0; i < 100; ++i) ASSERT_OK(launch(scale, stream));
    EXPECT_EQ(shadow->unverified(Unverified::AllInUse), 100u - ScratchUnits::kUnits);
  }
  ASSERT_OK(api.cuStreamSynchronize(stream));
  EXPECT_EQ(wrong_elements(scale), 0);
  launch_all(scale, 1);  // reads all reports, and finds room
  shadow->tick();
  EXPECT_EQ(verified("right"), ScratchUnits::kUnits + 1u);
  EXPECT_EQ(mismatched("right"), 0u);
  EXPECT_OK(api.cuStreamDestroy_v2(stream));
}

TEST_F(Unverifiable, TheOutputIsTooLarge) {
  start("right", [](Options& options) { options.scratch_bytes = std::size_t{1} << 20; });
  expect(Unverified::TooLarge, "right", 1 << 18);
  launch_all(make((1 << 18) - 2000), 1);
  shadow->tick();
  EXPECT_EQ(verified("right"), 1u);
}

TEST_F(Unverifiable, ThereIsNoMemory) {
  start("right", [](Options& options) { options.scratch_bytes = 1; });
  expect(Unverified::NoMemory, "right", 10);
}

TEST_F(Unverifiable, AContextThatNobodyAnnounced) {
  start("right");
  shadow->context_ending(context);
  expect(Unverified::NoMemory, "right", 10);
  shadow->context_appeared(context);
  launch_all(make(10), 1);
  shadow->tick();
  EXPECT_EQ(verified("right"), 1u);
}

TEST_F(Unverifiable, TheLaunchMayOverlapTheOneBeforeIt) {
  start("right", {}, [](match::TableSpec& spec) {
    spec.candidates[0].launch.kernels[0].attributes.dependent_launch =
        match::DependentLaunch::Carry;
  });
  CUlaunchAttribute attribute{};
  attribute.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
  attribute.value.programmaticStreamSerializationAllowed = 1;
  expect(Unverified::Dependent, "right", 10, &attribute);
}

TEST_F(Unverifiable, TheOutputIsNotNamedInTheArguments) {
  start("right", {}, [](match::TableSpec& spec) {
    spec.candidates[0].launch.kernels[0].arguments[1].value = "param(1, 0, ptr)";
  });
  expect(Unverified::HiddenAddress, "right", 10);
}

TEST_F(Unverifiable, TheOutputIsCopiedFromTheOriginalsParameters) {
  start("right", {}, [](match::TableSpec& spec) {
    match::ArgumentSpec& argument = spec.candidates[0].launch.kernels[0].arguments[1];
    argument.kind = match::ArgumentSpec::Kind::Copy;
    argument.copy = {1, 0, 8};
  });
  expect(Unverified::HiddenAddress, "right", 10);
}

TEST_F(Unverifiable, TheTypeIsNotCompared) {
  start("right", {},
        [](match::TableSpec& spec) { spec.definitions[0].outputs[0].dtype = "complex64"; });
  expect(Unverified::DType, "right", 10);
}

TEST_F(Unverifiable, TheOutputHasGaps) {
  start("right", {}, [](match::TableSpec& spec) { spec.rules[0].outputs[0].bytes = "n * 8"; });
  expect(Unverified::Extent, "right", 10);
}

TEST_F(Unverifiable, ArgumentsDependOnAddresses) {
  start("right", {}, [](match::TableSpec& spec) {
    // Has no value once x and y are far apart.
    spec.candidates[0].launch.kernels[0].grid = {"1 + 0 / (y - param(1, 0, ptr) == 0)"};
  });
  expect(Unverified::Arguments, "right", 10);
}

TEST_F(Unverifiable, TheDriverRefusesTheCandidate) {
  start("right", {}, [](match::TableSpec& spec) {
    spec.candidates[0].launch.kernels[0].shared = "200000";  // more than its function was told
  });
  expect(Unverified::DriverRefused, "right", 10);
  EXPECT_EQ(counters("right").failed, 1u);
  EXPECT_TRUE(is_demoted("right"));
  EXPECT_EQ(mismatched("right"), 0u);
}

TEST_F(Unverifiable, TheOriginalFails) {
  start("right");
  const Scale scale = make(10);
  ASSERT_OK(launch(scale));
  Scale copy = scale;
  void* params[] = {&copy.x, &copy.y, &copy.n, &copy.bias};
  const driver::LaunchCall call{driver::Api::cuLaunchKernel,
                                function,
                                {1, 1, 1},
                                {1, 1, 1},
                                0,
                                nullptr,
                                params,
                                nullptr,
                                nullptr,
                                0,
                                false,
                                false};
  {
    const ReadSection section;
    const auto original = []() noexcept { return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES; };
    EXPECT_EQ(dispatcher->launch(call, original), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  }
  ASSERT_OK(api.cuCtxSynchronize());
  shadow->tick();
  EXPECT_EQ(verified("right"), 1u) << "only the one that ran";
  EXPECT_EQ(mismatched("right"), 0u);
  EXPECT_FALSE(is_demoted("right"));
}

TEST_F(ShadowTest, TheFirstMismatchOfACandidateIsRecorded) {
  start("one_off");
  CUstream stream = nullptr;
  ASSERT_OK(api.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  {
    Gate gate(api, stream);
    for (int i = 0; i < 3; ++i) ASSERT_OK(launch(make(100), stream));
  }
  ASSERT_OK(api.cuStreamSynchronize(stream));
  shadow->tick();
  EXPECT_EQ(mismatched("one_off"), 3u);
  EXPECT_EQ(records().size(), 1u);
  EXPECT_OK(api.cuStreamDestroy_v2(stream));
}

/// The memory of a generation lives as long as a launch of it waits for its result.
TEST_F(ShadowTest, AReloadDoesNotConfuseWhatIsUnderWay) {
  start("one_off");
  const Scale scale = make(100);
  CUstream stream = nullptr;
  ASSERT_OK(api.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  {
    Gate gate(api, stream);
    ASSERT_OK(launch(scale, stream));
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(dispatcher->install(deployment("one_off")));
      dispatcher->tick();
    }
    EXPECT_FALSE(is_demoted("one_off"));
  }
  ASSERT_OK(api.cuStreamSynchronize(stream));
  dispatcher->tick();
  EXPECT_TRUE(is_demoted("one_off")) << "in the new generation, which has the same candidate";
  launch_all(scale, 3);
  shadow->tick();
  EXPECT_EQ(verified("one_off"), 1u);
  EXPECT_EQ(records().size(), 1u);
  EXPECT_OK(api.cuStreamDestroy_v2(stream));
}

}  // namespace
}  // namespace fib::dispatch::testing
