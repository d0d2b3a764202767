// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/draft.h"

#include <gtest/gtest.h>

#include "registry/bindings/table_source.h"
#include "tests/unit/registry_draft/launches.h"

namespace fib::registry {
namespace {

using testing::Launches;

/// y = x * factor over n elements, 256 threads a block.
Launches scale() {
  Launches launches("_Z5scalePKfPffi", "scale(float const*, float*, float, int)", {8, 8, 4, 4});
  launches.allocation(1, 40000).allocation(2, 40000);
  for (const int n : {1000, 4000, 9999}) {
    launches.launch(static_cast<std::uint32_t>(n + 255) / 256, 256, 5);
    launches.pointer(0, 1).pointer(1, 2).value(2, 0.5f).value(3, n);
  }
  return launches;
}

TEST(Draft, OfADefinitionIsValid) {
  Launches launches = scale();
  Draft draft = draft_binding(launches.kernel(), {});
  ASSERT_TRUE(draft.ok()) << draft.problem;
  ASSERT_TRUE(draft.definition);
  draft.definition->name = draft.binding.rule.definition = "draft_scale";
  draft.binding.rule.name = "recorded";
  Findings findings;
  const auto again = read_definition(to_json(*draft.definition), findings);
  EXPECT_TRUE(again) << (findings.list().empty() ? "" : findings.list().front().message);
  EXPECT_EQ(draft.definition->op_type, "draft");
  EXPECT_TRUE(draft.definition->inputs.contains("p0"));
  EXPECT_TRUE(draft.definition->outputs.contains("p1"));
  EXPECT_EQ(draft.definition->outputs.find("p1")->dtype, DType::Float32);
  EXPECT_TRUE(draft.definition->axes.contains("s3"));
  EXPECT_NE(draft.definition->reference.find("def run(p0):"), std::string::npos);
}

TEST(Draft, OfABindingIsReadAndCompiled) {
  Launches launches = scale();
  Draft draft = draft_binding(launches.kernel(), {});
  draft.definition->name = draft.binding.rule.definition = "draft_scale";
  draft.binding.rule.name = "recorded";
  Findings findings;
  const auto binding = read_binding(to_json(draft.binding), findings);
  ASSERT_TRUE(binding) << findings.list().front().message;
  EXPECT_EQ(binding->rule.pattern, "_Z5scalePKfPffi");
  EXPECT_EQ(binding->rule.conditions, (std::vector<std::string>{"param(2, 0, f32) == f32(0.5)"}));
  const Json* const notes = binding->members.unknown("draft");
  ASSERT_NE(notes, nullptr);
  EXPECT_EQ((*notes)["launches"], 15);
  EXPECT_EQ((*notes)["relations"], Json::array({"grid.x == ceil_div(param(3, 0, i32), 256)"}));
  match::TableSpec spec;
  spec.definitions.push_back(to_spec(*draft.definition));
  spec.rules.push_back(binding->rule);
  std::vector<match::Problem> problems;
  const auto table = match::MatchTable::build(spec, problems);
  EXPECT_TRUE(problems.empty()) << problems.front().text();
  EXPECT_EQ(table->rules(), 1u);
}

TEST(Draft, OfACopyAsksForNothing) {
  Launches launches = scale();
  const Draft draft = draft_binding(launches.kernel(), DraftOptions{true, "capture"});
  EXPECT_TRUE(draft.binding.rule.conditions.empty());
  EXPECT_TRUE(draft.binding.rule.outputs.front().disjoint);
  EXPECT_EQ(draft.definition->axes.size(), 2u);
  EXPECT_NE(draft.binding.description->find("capture"), std::string::npos);
}

TEST(Draft, WithoutSignatureOneOutputIsGuessed) {
  Launches launches("triton_k", "triton_k", {8, 8, 4});
  launches.allocation(1, 64).allocation(2, 64);
  launches.launch(1, 32).pointer(0, 1).pointer(1, 2).value(2, 5);
  const Draft draft = draft_binding(launches.kernel(), {});
  EXPECT_EQ(draft.definition->outputs[0].first, "p1");
  EXPECT_NE(draft.binding.description->find("is a guess"), std::string::npos);
}

TEST(Draft, OfKernelsWithHundredsOfPointersIsBounded) {
  Launches launches("foreach", "foreach", {3200});
  launches.allocation(1, 1 << 20);
  launches.launch(1, 32);
  for (std::uint32_t i = 0; i < 400; ++i) launches.pointer(0, 1, 64 * i, 8 * i);
  const Draft draft = draft_binding(launches.kernel(), {});
  ASSERT_TRUE(draft.ok());
  EXPECT_LE(draft.definition->inputs.size() + draft.definition->outputs.size(), 12u);
  EXPECT_LE(draft.definition->axes.size(), 16u);
}

TEST(Draft, NothingWithoutLaunchesOrLayout) {
  Launches launches("k", "k", {8});
  EXPECT_FALSE(draft_binding(launches.kernel(), {}).ok());
  launches.launch(1, 1);
  launches.kernel().layout_known = false;
  EXPECT_EQ(draft_binding(launches.kernel(), {}).problem,
            "the driver could not tell its parameters");
}

TEST(Draft, NamesAreFilesAndTellKernelsApart) {
  Launches launches = scale();
  const std::string name = draft_name(launches.kernel(), "at::native::scale<float, 4>");
  EXPECT_TRUE(name.starts_with("at_native_scale_float_4_")) << name;
  launches.kernel().code = match::CodeHash{1};
  EXPECT_NE(draft_name(launches.kernel(), "at::native::scale<float, 4>"), name);
  EXPECT_LE(draft_name(launches.kernel(), std::string(5000, 'x')).size(), 100u);
  EXPECT_TRUE(draft_name(launches.kernel(), "../..").starts_with("kernel_"));
}

}  // namespace
}  // namespace fib::registry
