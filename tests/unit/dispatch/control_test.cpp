// SPDX-License-Identifier: Apache-2.0
//
// Generations, demotions, the switch, loading, workspaces, samples.
#include <unistd.h>

#include "tests/unit/dispatch/sim_dispatch_test.h"

namespace fib::dispatch::testing {
namespace {

using match::Reason;
using trace::CandidateState;

class ControlTest : public SimDispatchTest {};

TEST_F(ControlTest, AReloadReplacesTheGeneration) {
  install("add_100");
  EXPECT_EQ(added(), 100);
  const std::uint64_t before = dispatcher_->changes().load();
  install("add_200");
  EXPECT_GT(dispatcher_->changes().load(), before);
  EXPECT_EQ(added(), 200);
  EXPECT_EQ(dispatcher_->generation_number(), 2u);
  EXPECT_EQ(dispatcher_->counters().page().header.generation.load(), 2u);
  match::TableSpec nothing;
  ASSERT_TRUE(dispatcher_->install(deployment_of(nothing)));
  EXPECT_EQ(added(), 1);
}

TEST_F(ControlTest, ADeploymentThatIsNotWholeIsRefused) {
  install("add_100");
  auto broken = add_deployment("add_200");
  broken->candidates.pop_back();
  EXPECT_FALSE(dispatcher_->install(std::move(broken)));
  EXPECT_FALSE(dispatcher_->install(nullptr));
  EXPECT_EQ(added(), 100);
}

TEST_F(ControlTest, DemotionTakesEffectAtOnceAndLasts) {
  install("add_100");
  const std::uint64_t before = dispatcher_->changes().load();
  EXPECT_TRUE(dispatcher_->demote("add_100", "by hand"));
  EXPECT_FALSE(dispatcher_->demote("nobody", "by hand"));
  EXPECT_GT(dispatcher_->changes().load(), before);
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(state("add_100"), CandidateState::Demoted);
  EXPECT_STREQ(candidate("add_100").why, "by hand");
  install("add_100");  // the same candidate
  EXPECT_EQ(added(), 1);
  ASSERT_TRUE(dispatcher_->install(add_deployment("add_100", "changed")));
  EXPECT_EQ(added(), 100);
}

TEST_F(ControlTest, TheSwitchWorksAtOnce) {
  install("add_100");
  dispatcher_->switch_off();
  EXPECT_FALSE(dispatcher_->is_active());
  EXPECT_EQ(added(), 1);
  install("add_200");  // stays off
  EXPECT_EQ(added(), 1);
  dispatcher_->switch_on();
  EXPECT_EQ(added(), 200);
}

TEST_F(ControlTest, UsesAreAllowedWhileTheirCandidateIs) {
  install("add_100");
  PreparedLaunch prepared;
  EngineLaunch engine(engine_add_, x_, y_, kN);
  const ReadSection* reading = new ReadSection;
  ASSERT_TRUE(dispatcher_->decide(engine.call, Place::Graph, prepared).hit());
  const CandidateUse use = dispatcher_->use_of(prepared);
  EXPECT_TRUE(dispatcher_->allows(use));
  delete reading;
  const auto allowed = [&] {
    const ReadSection again;
    return dispatcher_->allows(use);
  };
  install("add_200");  // still has it
  EXPECT_TRUE(allowed());
  dispatcher_->switch_off();
  EXPECT_FALSE(allowed());
  dispatcher_->switch_on();
  ASSERT_TRUE(dispatcher_->install(add_deployment("add_100", "changed")));
  EXPECT_FALSE(allowed());
  install("add_100");
  EXPECT_TRUE(allowed());
  dispatcher_->demote("add_100", "by hand");
  EXPECT_FALSE(allowed());
}

TEST_F(ControlTest, CandidatesWithoutCodeAreNotLoaded) {
  auto deployment = add_deployment("add_100");
  deployment->candidates[0].unusable = "was never built";
  ASSERT_TRUE(dispatcher_->install(std::move(deployment)));
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(counted(Reason::NotLoaded), 1u);
  EXPECT_EQ(state("add_100"), CandidateState::NotLoaded);
  EXPECT_STREQ(candidate("add_100").why, "was never built");
  EXPECT_EQ(state("add_200"), CandidateState::Ready);
}

TEST_F(ControlTest, CodeThatTheDriverRefusesIsNotLoaded) {
  auto deployment = add_deployment("add_100");
  deployment->candidates[0].images[0].bytes = "no code";
  ASSERT_TRUE(dispatcher_->install(std::move(deployment)));
  EXPECT_EQ(added(), 1);
  deployment = add_deployment("add_100");
  deployment->candidates[0].images[0].arch = 12;  // another GPU's
  ASSERT_TRUE(dispatcher_->install(std::move(deployment)));
  EXPECT_EQ(added(), 1);
  match::TableSpec spec = add_spec("missing");
  spec.candidates.push_back(add_candidate("missing"));
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(counted(Reason::NotLoaded), 3u);
}

TEST_F(ControlTest, TooLargeACandidateIsNotLoaded) {
  match::TableSpec spec = add_spec("large");
  match::CandidateSpec large = add_candidate("large");
  large.launch.kernels.assign(kMaxKernels + 1, add_kernel("add_100"));
  spec.candidates.push_back(large);
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(counted(Reason::NotLoaded), 1u);
}

TEST_F(ControlTest, TheFirstContextAsksTheSource) {
  struct Source final : DeploymentSource {
    std::unique_ptr<Deployment> read(std::span<const Gpu> gpus) noexcept override {
      ++asked;
      EXPECT_EQ(gpus.size(), 1u);
      return add_deployment("add_100");
    }
    int asked = 0;
  } source;
  auto other = std::make_unique<Dispatcher>(options_, api_);
  dispatcher_.swap(other);
  dispatcher_->set_source(&source);
  EXPECT_EQ(source.asked, 0);
  dispatcher_->primary_appeared(0, context_);
  dispatcher_->primary_appeared(0, context_);
  EXPECT_EQ(source.asked, 1);
  EXPECT_EQ(added(), 100);
  EXPECT_TRUE(dispatcher_->reload());
  EXPECT_EQ(source.asked, 2);
  EXPECT_EQ(dispatcher_->generation_number(), 2u);
}

TEST_F(ControlTest, SeveralKernelsAndAWorkspace) {
  install("staged");
  EXPECT_EQ(added(), 300);
  CUstream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  EXPECT_EQ(added(engine_add_, stream), 1);  // asks for one
  EXPECT_EQ(counted(Reason::NoWorkspace), 1u);
  dispatcher_->tick();
  EXPECT_EQ(added(engine_add_, stream), 300);
  EXPECT_EQ(added(engine_add_, CU_STREAM_PER_THREAD), 1);
  // Goes on to the next stream.
  dispatcher_->stream_ending(stream);
  ASSERT_EQ(cuStreamDestroy_v2(stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  std::size_t free_before = 0, free_after = 0, total = 0;
  ASSERT_EQ(cuMemGetInfo_v2(&free_before, &total), CUDA_SUCCESS);
  EXPECT_EQ(added(engine_add_, stream), 1);
  dispatcher_->tick();
  EXPECT_EQ(added(engine_add_, stream), 300);
  ASSERT_EQ(cuMemGetInfo_v2(&free_after, &total), CUDA_SUCCESS);
  EXPECT_EQ(free_before, free_after);
}

TEST_F(ControlTest, SeveralKernelsNeverWorkInPlace) {
  install("staged");
  EngineLaunch engine(engine_add_, y_, y_, kN);
  EXPECT_EQ(launch(engine.call), CUDA_SUCCESS);
  EXPECT_EQ(result(), 1);
  EXPECT_EQ(counted(Reason::Aliasing), 1u);
}

TEST_F(ControlTest, GraphNodesGetOneKernelWithoutWorkspace) {
  PreparedLaunch prepared;
  EngineLaunch engine(engine_add_, x_, y_, kN);
  install("staged");
  {
    const ReadSection reading;
    EXPECT_EQ(dispatcher_->decide(engine.call, Place::Graph, prepared).reason, Reason::GraphShape);
  }
  install("add_100");
  const ReadSection reading;
  ASSERT_EQ(dispatcher_->decide(engine.call, Place::Graph, prepared).reason, Reason::Pinned);
  ASSERT_EQ(prepared.kernel_count, 1u);
  EXPECT_EQ(prepared.kernels[0].numbers[match::Geometry::GridX], kN / 64u);
  EXPECT_EQ(*static_cast<CUdeviceptr*>(prepared.kernels[0].params[0]), x_);
  dispatcher_->count_hit(prepared, Place::Graph);
  EXPECT_EQ(candidate("add_100").in_graphs.load(), 1u);
}

/// Counts, and lets the engine's own launch go through.
class CountingVerifier final : public Verifier {
 public:
  CUresult run(const driver::LaunchCall&, PreparedLaunch& prepared,
               const Original& original) noexcept override {
    ++runs;
    EXPECT_EQ(prepared.kernel_count, 1u);
    return original();
  }
  void context_appeared(CUcontext) noexcept override { ++contexts; }
  void context_ending(CUcontext) noexcept override { --contexts; }
  void stream_ending(CUstream) noexcept override {}
  [[nodiscard]] bool uses(const Generation&) const noexcept override { return false; }
  void tick() noexcept override { ++ticks; }
  int runs = 0, contexts = 0, ticks = 0;
};

TEST_F(ControlTest, OneInSoManyHitsIsVerified) {
  CountingVerifier verifier;
  options_.shadow_every = 3;
  auto other = std::make_unique<Dispatcher>(options_, api_);
  dispatcher_.swap(other);
  dispatcher_->set_verifier(&verifier);
  dispatcher_->context_appeared(context_);
  install("add_100");
  EXPECT_EQ(verifier.contexts, 1);
  const float expected[] = {1, 100, 100, 1, 100, 100};
  for (const float value : expected) EXPECT_EQ(added(), value);
  EXPECT_EQ(verifier.runs, 2);
  dispatcher_->tick();
  EXPECT_EQ(verifier.ticks, 1);
}

TEST_F(ControlTest, InShadowModeTheEngineGetsItsOwn) {
  CountingVerifier verifier;
  options_.shadow_only = true;
  options_.shadow_every = 2;
  auto other = std::make_unique<Dispatcher>(options_, api_);
  dispatcher_.swap(other);
  dispatcher_->set_verifier(&verifier);
  dispatcher_->context_appeared(context_);
  install("add_100");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(added(), 1);
  EXPECT_EQ(verifier.runs, 2);
  EXPECT_EQ(counted(Reason::Pinned), 4u);
}

TEST_F(ControlTest, TheReportIsTheCountersPage) {
  install("add_100");
  EXPECT_EQ(added(), 100);
  const std::string name = ::testing::TempDir() + "fib_report.";
  dispatcher_->counters().write_report((name + "%p").c_str());
  const std::string path = name + std::to_string(getpid());
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  ASSERT_EQ(content.size(), offsetof(trace::CountersPage, kernels) + sizeof(trace::KernelCounters));
  const auto& page = *reinterpret_cast<const trace::CountersPage*>(content.data());
  EXPECT_EQ(page.header.kernel_count.load(), 1u);
  EXPECT_STREQ(page.kernels[0].name, "engine_add");
  EXPECT_STREQ(page.header.reasons[static_cast<int>(Reason::Pinned)], "Pinned");
}

}  // namespace
}  // namespace fib::dispatch::testing
