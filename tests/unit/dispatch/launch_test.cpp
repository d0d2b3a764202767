// SPDX-License-Identifier: Apache-2.0
//
// Launches outside graphs: which go to a candidate, in which forms, and what leaves them alone.
#include "tests/unit/dispatch/sim_dispatch_test.h"

namespace fib::dispatch::testing {
namespace {

using match::Reason;
using trace::CandidateState;

class LaunchTest : public SimDispatchTest {
 protected:
  /// With one attribute, through cuLaunchKernelEx.
  float added_with(const CUlaunchAttribute& attribute) {
    EngineLaunch engine(engine_add_, x_, y_, kN);
    engine.call.attributes = &attribute;
    engine.call.attribute_count = 1;
    EXPECT_EQ(launch(engine.call), CUDA_SUCCESS);
    return result();
  }
  static CUlaunchAttribute attribute_of(CUlaunchAttributeID id, CUlaunchAttributeValue value) {
    CUlaunchAttribute attribute{};
    attribute.id = id;
    attribute.value = value;
    return attribute;
  }
};

TEST_F(LaunchTest, GoesToTheCandidate) {
  EXPECT_EQ(added(), 1);
  install("add_100");
  EXPECT_EQ(added(), 100);
  EXPECT_EQ(originals_, 1);
  EXPECT_EQ(counted(Reason::Pinned), 1u);
  EXPECT_EQ(candidate("add_100").eager.load(), 1u);
  EXPECT_EQ(kernel("engine_add").candidates[0].eager.load(), 1u);
  EXPECT_EQ(state("add_100"), CandidateState::Ready);
}

TEST_F(LaunchTest, WithoutARuleStaysAsItIs) {
  install("add_100");
  EXPECT_EQ(added(engine_other_), 2);
  EXPECT_EQ(counted(Reason::NoRule, "engine_other"), 1u);
}

TEST_F(LaunchTest, WithAReasonAgainstItStaysAsItIs) {
  match::TableSpec spec = add_spec("add_100");
  spec.rules[0].conditions = {"block.x == 64"};
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(counted(Reason::ConditionFalse), 1u);
}

TEST_F(LaunchTest, TakesParametersFromOneBuffer) {
  install("add_100");
  EngineLaunch engine(engine_add_, x_, y_, kN);
  struct {
    CUdeviceptr x, y;
    int n;
  } packed{x_, y_, kN};
  std::size_t bytes = 20;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes,
                   CU_LAUNCH_PARAM_END};
  engine.call.params = nullptr;
  engine.call.extra = extra;
  EXPECT_EQ(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(result(), 100);
}

TEST_F(LaunchTest, ALibrarysKernelIsKnownByItsHandle) {
  install("add_100");
  CUlibrary library = nullptr;
  CUkernel handle = nullptr;
  ASSERT_EQ(cuLibraryLoadFromFile(&library, FIB_SIM_DIR "/dispatch_kernels.simcubin", nullptr,
                                  nullptr, 0, nullptr, nullptr, 0),
            CUDA_SUCCESS);
  ASSERT_EQ(cuLibraryGetKernel(&handle, library, "engine_add"), CUDA_SUCCESS);
  EXPECT_EQ(added(reinterpret_cast<CUfunction>(handle)), 100);
}

TEST_F(LaunchTest, LegacyLaunchesAreLeftAlone) {
  install("add_100");
  EngineLaunch engine(engine_add_, x_, y_, kN);
  engine.call.legacy = true;
  EXPECT_EQ(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(result(), 1);
}

TEST_F(LaunchTest, StaysOnItsStream) {
  install("add_100");
  CUstream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  EXPECT_EQ(added(engine_add_, stream), 100);
  EngineLaunch engine(engine_add_, x_, y_, kN);
  engine.call.per_thread_stream = true;
  EXPECT_EQ(stream_of(engine.call), CU_STREAM_PER_THREAD);
  EXPECT_EQ(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(result(CU_STREAM_PER_THREAD), 100);
  engine.call.per_thread_stream = false;
  EXPECT_EQ(stream_of(engine.call), nullptr);
}

TEST_F(LaunchTest, IntoACaptureIsTheOriginal) {
  install("add_100");
  CUstream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  dispatcher_->captures().begun(stream);
  EngineLaunch engine(engine_add_, x_, y_, kN, stream);
  EXPECT_EQ(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(originals_, 1);
  EXPECT_EQ(counted(Reason::Pinned), 0u);
  CUgraph graph = nullptr;
  ASSERT_EQ(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  dispatcher_->captures().maybe_ended(stream);
  EXPECT_EQ(added(engine_add_, stream), 100);
}

TEST_F(LaunchTest, AttributesAreCarriedOver) {
  install("add_100");
  CUlaunchAttributeValue value{};
  value.priority = 0;
  EXPECT_EQ(added_with(attribute_of(CU_LAUNCH_ATTRIBUTE_PRIORITY, value)), 100);
  value = {};
  value.cooperative = 1;  // of the engine's kernel only
  EXPECT_EQ(added_with(attribute_of(CU_LAUNCH_ATTRIBUTE_COOPERATIVE, value)), 100);
}

TEST_F(LaunchTest, AnAttributeThatIsTheEnginesOwnLeavesItAlone) {
  install("add_100");
  CUlaunchAttributeValue value{};
  EXPECT_EQ(added_with(attribute_of(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT, value)), 1);
  EXPECT_EQ(added_with(attribute_of(static_cast<CUlaunchAttributeID>(15), value)), 1);
  EXPECT_EQ(counted(Reason::LaunchAttribute), 2u);
}

TEST_F(LaunchTest, DependentLaunchNeedsACandidateThatCarriesIt) {
  CUlaunchAttributeValue value{};
  value.programmaticStreamSerializationAllowed = 1;
  const CUlaunchAttribute dependent =
      attribute_of(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION, value);
  install("add_100");
  EXPECT_EQ(added_with(dependent), 1);
  match::TableSpec spec = add_spec("add_100");
  spec.candidates[0].launch.kernels[0].attributes.dependent_launch = match::DependentLaunch::Carry;
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  EXPECT_EQ(added_with(dependent), 100);
}

TEST_F(LaunchTest, WhatTheDriverRefusesIsDemotedAndTheOriginalRuns) {
  install("add_narrow");
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(counted(Reason::LaunchFailed), 1u);
  EXPECT_EQ(counted(Reason::Demoted), 1u);
  EXPECT_EQ(candidate("add_narrow").failed.load(), 1u);
  EXPECT_EQ(state("add_narrow"), CandidateState::Demoted);
}

class DemotedByName : public LaunchTest {
 protected:
  DemotedByName() { options_.demoted = "add_200,nobody,add_narrow"; }
};

TEST_F(DemotedByName, StaysTheOriginalFromTheFirstLaunchOnAndOthersAreUsed) {
  install("add_200");
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(counted(Reason::Demoted), 1u);
  EXPECT_EQ(state("add_200"), CandidateState::Demoted);
  EXPECT_STREQ(candidate("add_200").why, "named in FIBSHIM_DEMOTE");
  install("add_100");
  EXPECT_EQ(added(), 100);
}

TEST_F(LaunchTest, WhatTheRegistryDemotesIsUsedAgainOnceItSaysSo) {
  auto deployment = add_deployment("add_100");
  const auto index = static_cast<std::size_t>(deployment->table->find_candidate("add_100"));
  deployment->candidates[index].demoted = "other tokens";
  ASSERT_TRUE(dispatcher_->install(std::move(deployment)));
  EXPECT_EQ(added(), 1);
  EXPECT_STREQ(candidate("add_100").why, "other tokens");
  install("add_100");
  EXPECT_EQ(added(), 100);
}

TEST_F(LaunchTest, AnErrorThatTheOriginalHasTooIsNotTheCandidates) {
  install("add_100");
  EngineLaunch engine(engine_add_, x_, y_, kN);
  engine.call.stream = reinterpret_cast<CUstream>(&engine);  // no stream
  EXPECT_NE(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(originals_, 1);
  EXPECT_EQ(state("add_100"), CandidateState::Ready);
  EXPECT_EQ(added(), 100);
}

TEST_F(LaunchTest, HandlesAreAskedForAgainAfterAnUnload) {
  install("add_100");
  EXPECT_EQ(added(), 100);
  dispatcher_->code_ending(module_);
  ASSERT_EQ(cuModuleUnload(module_), CUDA_SUCCESS);
  load_engine();
  EXPECT_EQ(added(engine_other_), 2);
  EXPECT_EQ(added(), 100);
}

TEST_F(LaunchTest, ErrorsOfTheEngineStayErrors) {
  install("add_100");
  EngineLaunch engine(engine_add_, x_, y_, kN);
  engine.call.grid[1] = 0;
  EXPECT_NE(launch(engine.call), CUDA_SUCCESS);
  engine.call.grid[1] = 1;
  void* extra[] = {CU_LAUNCH_PARAM_END};
  engine.call.extra = extra;
  EXPECT_NE(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(originals_, 2);
}

TEST_F(LaunchTest, AHandleThatMeansNothingIsTheDriversBusiness) {
  install("add_100");
  EngineLaunch engine(nullptr, x_, y_, kN);
  EXPECT_NE(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(originals_, 1);
}

}  // namespace
}  // namespace fib::dispatch::testing
