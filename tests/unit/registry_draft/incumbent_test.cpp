// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/incumbent.h"

#include <gtest/gtest.h>

#include "registry/bindings/launch_block.h"
#include "registry/bindings/table_source.h"
#include "registry/draft/draft.h"
#include "tests/unit/registry_draft/launches.h"

namespace fib::registry {
namespace {

using testing::Launches;

Launches sample() {
  Launches launches("_Z1kPfi", "k(float*, int)", {8, 4});
  launches.allocation(1, 4096);
  launches.launch(3, 64).pointer(0, 1).value(1, 5);
  launches.last().geometry[9] = 1024;
  return launches;
}

struct Made {
  Draft draft;
  Incumbent incumbent;
};

Made make(Launches& launches) {
  Made made{draft_binding(launches.kernel(), DraftOptions{true, ""}), {}};
  made.draft.definition->name = made.draft.binding.rule.definition = "draft_k";
  made.draft.binding.rule.name = "recorded";
  made.incumbent = incumbent_solution(launches.kernel(), made.draft.binding.rule, "incumbent_k",
                                      {IncumbentCode::Kind::Cubin,
                                       "\x7f"
                                       "ELF"});
  return made;
}

LaunchBlock block_of(const Made& made) {
  Findings findings;
  auto block = read_launch(*launch_of(*made.incumbent.solution), findings);
  EXPECT_TRUE(block) << findings.list().front().message;
  return *block;
}

TEST(Incumbent, IsAValidSolutionWithItsCode) {
  Launches launches = sample();
  const Made made = make(launches);
  ASSERT_TRUE(made.incumbent.solution) << made.incumbent.problem;
  Findings findings;
  const auto solution = read_solution(to_json(*made.incumbent.solution), findings);
  ASSERT_TRUE(solution) << findings.list().front().message;
  EXPECT_EQ(solution->spec.entry_point, "kernel.cubin::_Z1kPfi");
  EXPECT_EQ(solution->sources.front().content, "f0VMRg==");
  EXPECT_EQ(*solution->sources.front().members.unknown("encoding"), "base64");
  EXPECT_EQ(solution->spec.target_hardware.front(), "NVIDIA H200");
}

TEST(Incumbent, LaunchesWhatTheEngineLaunches) {
  Launches launches = sample();
  const Made made = make(launches);
  match::TableSpec spec;
  spec.definitions.push_back(to_spec(*made.draft.definition));
  spec.rules.push_back(made.draft.binding.rule);
  Findings findings;
  spec.candidates.push_back(*to_spec(Stored<Solution>{*made.incumbent.solution, "f", 0}, findings));
  spec.policies["draft_k"].pin = "incumbent_k";
  std::vector<match::Problem> problems;
  const auto table = match::MatchTable::build(spec, problems);
  ASSERT_TRUE(problems.empty()) << problems.front().text();
  const ObservedKernel& kernel = launches.kernel();
  const match::KernelIdentity identity{kernel.name.c_str(), nullptr, kernel.layout, {}, {}};
  match::LaunchView view;
  view.geometry = kernel.launches.front().geometry;
  view.buffer = kernel.launches.front().params.data();
  view.buffer_bytes = kernel.launches.front().params.size();
  view.layout = kernel.layout.data();
  view.param_count = 2;
  match::Bound bound;
  const match::Demotions demotions(1);
  const match::Decision decision =
      table->lookup(table->resolve(identity), match::kUnknownModel, view, demotions, bound);
  ASSERT_EQ(decision.reason, match::Reason::Pinned) << match::to_string(decision.reason);
  alignas(16) std::array<std::byte, 64> storage{};
  std::array<void*, 2> pointers{};
  match::LaunchNumbers numbers;
  ASSERT_EQ(table->prepare(decision.candidate, 0, view, bound, 0, {storage, pointers}, numbers),
            match::LaunchFailure::None);
  EXPECT_EQ(numbers[match::Geometry::GridX], 3u);
  EXPECT_EQ(numbers[match::Geometry::BlockX], 64u);
  EXPECT_EQ(numbers[match::Geometry::Shared], 1024u);
  EXPECT_EQ(std::memcmp(pointers[0], kernel.launches.front().params.data(), 8), 0);
  EXPECT_EQ(std::memcmp(pointers[1], kernel.launches.front().params.data() + 8, 4), 0);
}

TEST(Incumbent, HasTheAttributesOfTheKernel) {
  Launches launches = sample();
  EXPECT_FALSE(block_of(make(launches)).launch.kernels[0].attributes.max_dynamic_shared);
  launches.kernel().attributes = {{8, 65536}, {9, 50}, {14, 1}};
  launches.last().geometry[9] = 100'000;
  const auto attributes = block_of(make(launches)).launch.kernels[0].attributes;
  EXPECT_EQ(attributes.max_dynamic_shared, 100'000u);
  EXPECT_EQ(attributes.shared_carveout, 50u);
  EXPECT_TRUE(attributes.non_portable_cluster);
  EXPECT_EQ(attributes.dependent_launch, match::DependentLaunch::Carry);
}

TEST(Incumbent, ClustersAndCooperativeOnesIfAllAre) {
  Launches launches = sample();
  launches.last().has_cluster = launches.last().cooperative = true;
  const auto kernel = block_of(make(launches)).launch.kernels[0];
  EXPECT_EQ(kernel.cluster, (std::vector<std::string>{"cluster.x", "cluster.y", "cluster.z"}));
  EXPECT_TRUE(kernel.attributes.cooperative);
  launches.launch(1, 64).pointer(0, 1);
  launches.last().has_cluster = true;
  EXPECT_NE(make(launches).incumbent.problem.find("cooperative"), std::string::npos);
  launches.last().cooperative = true;
  launches.last().has_cluster = false;
  EXPECT_NE(make(launches).incumbent.problem.find("cluster"), std::string::npos);
}

TEST(Incumbent, ParametersThatNoBlockCanPassAreRefused) {
  Launches launches("k", "k", std::vector<std::uint32_t>(2100, 4));
  launches.launch(1, 1);
  EXPECT_NE(make(launches).incumbent.problem.find("parameters"), std::string::npos);
}

TEST(Base64, AsTheStandardHasIt) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("\xff\xfe"), "//4=");
}

}  // namespace
}  // namespace fib::registry
