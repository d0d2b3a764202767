// SPDX-License-Identifier: Apache-2.0
//
// What a binding may not say, and where that is reported.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/registry_match/norm_table.h"

namespace fib::match {
namespace {

using namespace testing;

/// The first problem of norm_table.h's registry after a change.
Problem problem(const std::function<void(TableSpec&)>& change) {
  TableSpec spec = norm_spec();
  change(spec);
  const Fixture fixture(spec);
  return fixture.problems.empty() ? Problem{} : fixture.problems[0];
}
Problem of_rule(const std::function<void(RuleSpec&)>& change) {
  return problem([&](TableSpec& spec) { change(spec.rules[0]); });
}

TEST(RuleCompiler, ExpressionsAreNamedWithTheirColumn) {
  const Problem wrong = of_rule([](RuleSpec& rule) { rule.conditions = {"1", "block.x = 2"}; });
  EXPECT_EQ(wrong.origin, "bindings/rmsnorm/rmsnorm_h4096/engine.json");
  EXPECT_EQ(wrong.pointer, "/match/conditions/1");
  EXPECT_EQ(wrong.column, 9u);
  EXPECT_EQ(wrong.text().find("bindings/rmsnorm/rmsnorm_h4096/engine.json: /match/conditions/1: "
                              "column 9: "),
            0u);
}

TEST(RuleCompiler, NamesAreVisibleInTheOrderOfTheLookup) {
  const auto pointer = [](const char* name, const std::function<void(RuleSpec&)>& change) {
    EXPECT_EQ(of_rule(change).pointer, name);
  };
  pointer("/match/conditions/0", [](RuleSpec& it) { it.conditions = {"batch > 1"}; });
  pointer("", [](RuleSpec& it) { it.conditions = {"hidden > 1"}; });
  pointer("/axes/batch", [](RuleSpec& it) { it.axes[0].expression = "batch"; });
  pointer("/inputs/x/pointer", [](RuleSpec& it) { it.inputs[0].expression = "weight"; });
  pointer("", [](RuleSpec& it) { it.inputs[0].expression = "param(0) + batch"; });
  pointer("", [](RuleSpec& it) { it.checks = {"x != y and eps > 0 and batch < 9"}; });
  pointer("/checks/0", [](RuleSpec& it) { it.checks = {"workspace"}; });
  pointer("/checks/0", [](RuleSpec& it) { it.checks = {""}; });
}

TEST(RuleCompiler, EveryAxisIsMentioned) {
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.axes.pop_back(); }).pointer, "/axes/hidden");
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.axes[0].axis = "bach"; }).pointer, "/axes/bach");
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.axes[1] = {"hidden", "", 4096}; }).pointer, "");
  EXPECT_EQ(of_rule([](RuleSpec& it) {
              it.axes[1] = {"hidden", "", 8192};
            }).pointer,
            "/axes/hidden");
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.axes[1] = {"hidden", "", {}}; }).pointer, "/axes/hidden");
}

TEST(RuleCompiler, EveryTensorIsMentioned) {
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.inputs.pop_back(); }).pointer, "/inputs/eps");
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.outputs.clear(); }).pointer, "/outputs/y");
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.outputs[0].expression = ""; }).pointer, "/outputs/y");
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.inputs[0].tensor = "y"; }).pointer, "/inputs/y");
}

TEST(RuleCompiler, DTypesAndStridesFollowTheDefinition) {
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.inputs[0].dtype = "float16"; }).pointer,
            "/inputs/x/dtype");
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.inputs[0].strides = {"1"}; }).pointer,
            "/inputs/x/strides");
  EXPECT_EQ(of_rule([](RuleSpec& it) {
              it.inputs[0].strides = {"hidden", "one"};
            }).pointer,
            "/inputs/x/strides/1");
}

TEST(RuleCompiler, AnAxisThatIsNotShownLeavesExtentsOpen) {
  const auto hide = [](RuleSpec& rule) { rule.axes[0] = {"batch", "", {}}; };
  const Problem open = of_rule(hide);
  EXPECT_EQ(open.pointer, "/inputs/x");
  EXPECT_NE(open.remedy.find("disjoint"), std::string::npos);
  const Problem output = of_rule([&](RuleSpec& rule) {
    hide(rule);
    rule.inputs[0].bytes = "8192 * grid.x";
    rule.outputs[0].disjoint = true;
  });
  EXPECT_NE(output.message.find("needs an axis"), std::string::npos) << "of the candidates";
}

TEST(RuleCompiler, DefinitionsAndPatterns) {
  EXPECT_EQ(of_rule([](RuleSpec& it) { it.definition = "none"; }).pointer, "/definition");
  const Problem regex = of_rule([](RuleSpec& it) {
    it.kind = NameMatch::Regex;
    it.pattern = "(";
  });
  EXPECT_EQ(regex.pointer, "/match/kernel/regex");
  EXPECT_EQ(problem([](TableSpec& it) { it.definitions[0].axes.resize(20); }).pointer, "");
  EXPECT_EQ(problem([](TableSpec& it) { it.definitions[0].axes[1].value = 0; }).pointer,
            "/axes/hidden/value");
  EXPECT_EQ(problem([](TableSpec& it) { it.definitions[0].inputs[0].shape = {"rows"}; }).pointer,
            "/inputs/x/shape/0");
}

TEST(RuleCompiler, OddNames) {
  TableSpec spec = norm_spec();
  spec.definitions[0].axes[0].name = "a/b~c";
  spec.definitions[0].inputs[0].shape[0] = spec.definitions[0].outputs[0].shape[0] = "a/b~c";
  spec.rules[0].axes[0] = {"a/b~c", "1 +", {}};
  const Fixture fixture(spec);
  ASSERT_FALSE(fixture.problems.empty());
  bool found = false;
  for (const Problem& it : fixture.problems) found = found || it.pointer == "/axes/a~1b~0c";
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace fib::match
