// SPDX-License-Identifier: Apache-2.0
//
// Bindings, launch blocks and policies: from JSON, back to it, and what is said of wrong ones.
#include <gtest/gtest.h>

#include "registry/bindings/binding.h"
#include "registry/bindings/fields.h"
#include "registry/bindings/launch_block.h"
#include "registry/bindings/policies.h"
#include "registry/model/json.h"

namespace fib::registry {
namespace {

constexpr const char* kBinding = R"J({
  "name": "engine", "definition": "rmsnorm_h4096", "x_note": {"kept": true},
  "match": {
    "kernel": {"glob": "*rmsnorm_kernel*", "demangled": true, "x_kernel": 1},
    "parameters": [[0, 8], [8, 8], [16, 4]],
    "code": "00112233445566778899AABBCCDDEEFF",
    "conditions": ["block.x == 256", 1], "x_match": []
  },
  "axes": {"batch": "grid.x", "hidden": 4096, "pages": null},
  "inputs": {
    "x": {"pointer": "param(0)", "dtype": "bfloat16", "strides": ["param(2)", 1], "x_tensor": "?"},
    "weight": "param(1)", "table": {"pointer": "param(3)", "disjoint": true},
    "eps": {"value": "f32(1e-5)"}, "unseen": null
  },
  "outputs": {"y": {"pointer": "param(2)", "bytes": "batch * 8192"}},
  "checks": ["x % 32 == 0"], "priority": 3
})J";

constexpr const char* kLaunch = R"J({
  "kernels": [{
    "entry": "norm", "module": "norm.cubin", "grid": ["ceil_div(batch, 2)", 1], "block": [256],
    "cluster": [2], "shared_memory": 1024, "x_kernel": 1,
    "attributes": {"cooperative": true, "dependent_launch": "carry", "x_attribute": 0,
                   "max_dynamic_shared_memory": 65536},
    "arguments": [
      {"type": "ptr", "value": "x", "x_argument": null},
      {"type": "i32", "value": 7},
      {"copy": {"parameter": 3, "size": 32}},
      {"size": 16, "struct": [{"offset": 0, "type": "ptr", "value": "workspace"}]}
    ]
  }],
  "workspace": "batch * 4", "conditions": ["batch % 2 == 0"],
  "tensors": {"x": {"alignment": 32, "x_tensor": 5}}, "in_place": [["y", "x"]], "x_block": [1]
})J";

Json parsed(const std::string& text) {
  ParsedJson json = parse_json(text);
  EXPECT_TRUE(json.ok()) << json.error;
  return json.value;
}

/// `text` with the first `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Binding, ReadsEveryField) {
  Findings findings;
  const auto binding = read_binding(parsed(kBinding), findings);
  ASSERT_TRUE(binding) << findings.list()[0].message;
  const match::RuleSpec& rule = binding->rule;
  EXPECT_EQ(rule.name, "engine");
  EXPECT_EQ(rule.kind, match::NameMatch::Glob);
  EXPECT_TRUE(rule.demangled);
  ASSERT_TRUE(rule.layout);
  EXPECT_EQ((*rule.layout)[2], (match::ParamSlot{16, 4}));
  ASSERT_TRUE(rule.code);
  EXPECT_EQ((*rule.code)[10], 0xaa);
  EXPECT_FALSE(rule.image);
  EXPECT_EQ(rule.conditions, (std::vector<std::string>{"block.x == 256", "1"}));
  ASSERT_EQ(rule.axes.size(), 3u);
  EXPECT_EQ(rule.axes[0].expression, "grid.x");
  EXPECT_EQ(rule.axes[1].stated, 4096);
  EXPECT_TRUE(rule.axes[2].expression.empty() && !rule.axes[2].stated);
  ASSERT_EQ(rule.inputs.size(), 5u);
  EXPECT_EQ(rule.inputs[0].strides, (std::vector<std::string>{"param(2)", "1"}));
  EXPECT_TRUE(rule.inputs[2].disjoint);
  EXPECT_EQ(rule.inputs[3].expression, "f32(1e-5)");
  EXPECT_TRUE(rule.inputs[4].expression.empty());
  EXPECT_EQ(rule.outputs[0].bytes, "batch * 8192");
  EXPECT_EQ(rule.priority, 3);
  EXPECT_EQ(binding_file(*binding, "rmsnorm"), "bindings/rmsnorm/rmsnorm_h4096/engine.json");
}

TEST(Binding, NothingIsLostOnTheWayBack) {
  Findings findings;
  const Json value = parsed(with(kBinding, "AABBCCDDEEFF", "aabbccddeeff"));
  const auto binding = read_binding(value, findings);
  ASSERT_TRUE(binding);
  EXPECT_TRUE(same_meaning(to_json(*binding), value)) << to_text(to_json(*binding), 2);
}

TEST(Binding, AnInputAndAnOutputMayShareAName) {
  Findings findings;
  const Json value =
      parsed(with(with(kBinding, "\"y\":", "\"eps\":"), "AABBCCDDEEFF", "aabbccddeeff"));
  const auto binding = read_binding(value, findings);
  ASSERT_TRUE(binding);
  EXPECT_TRUE(same_meaning(to_json(*binding), value)) << to_text(to_json(*binding), 2);
}

TEST(Binding, OneMadeInMemoryReadsBackTheSame) {
  Binding binding;
  binding.rule.name = "made";
  binding.rule.definition = "d";
  binding.rule.pattern = "k";
  binding.rule.axes = {{"m", "grid.x", {}}};
  binding.rule.inputs = {{"x", "param(0)", "", "", {}, true}};
  binding.rule.outputs = {{"y", "param(1)", "", "", {}, false}};
  Findings findings;
  const auto again = read_binding(to_json(binding), findings);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->rule.inputs[0].disjoint);
  EXPECT_EQ(again->rule.outputs[0].expression, "param(1)");
  EXPECT_TRUE(same_meaning(to_json(*again), to_json(binding)));
}

struct Mistake {
  const char* from;
  const char* to;
  const char* pointer;
};

TEST(Binding, MistakesAreNamedWhereTheyAre) {
  const Mistake mistakes[] = {
      {"\"name\": \"engine\"", "\"name\": 1", "/name"},
      {"\"glob\":", "\"glob\": \"a\", \"name\":", "/match/kernel"},
      {"\"glob\":", "\"globb\":", "/match/kernel"},
      {"[8, 8]", "[8]", "/match/parameters/1"},
      {"[8, 8]", "[8, -1]", "/match/parameters/1"},
      {"00112233", "0011223", "/match/code"},
      {"\"grid.x\"", "[]", "/axes/batch"},
      {"4096,", "4096.5,", "/axes/hidden"},
      {"\"param(1)\"", "true", "/inputs/weight"},
      {"{\"value\": \"f32(1e-5)\"}", "{}", "/inputs/eps"},
      {"\"block.x == 256\", 1", "\"block.x == 256\", null", "/match/conditions/1"},
      {"\"priority\": 3", "\"priority\": \"3\"", "/priority"},
      {"\"outputs\"", "\"output\"", ""}};
  for (const auto& [from, to, pointer] : mistakes) {
    Findings findings;
    EXPECT_FALSE(read_binding(parsed(with(kBinding, from, to)), findings)) << to;
    ASSERT_FALSE(findings.list().empty()) << to;
    EXPECT_EQ(findings.list()[0].pointer, pointer) << to;
    EXPECT_FALSE(findings.list()[0].remedy.empty()) << to;
  }
}

TEST(LaunchBlock, ReadsEveryField) {
  Findings findings;
  const auto block = read_launch(parsed(kLaunch), findings);
  ASSERT_TRUE(block) << findings.list()[0].message;
  ASSERT_EQ(block->launch.kernels.size(), 1u);
  const match::KernelLaunchSpec& kernel = block->launch.kernels[0];
  EXPECT_EQ(kernel.module, "norm.cubin");
  EXPECT_EQ(kernel.grid, (std::vector<std::string>{"ceil_div(batch, 2)", "1"}));
  EXPECT_EQ(kernel.shared, "1024");
  EXPECT_TRUE(kernel.attributes.cooperative);
  EXPECT_EQ(kernel.attributes.dependent_launch, match::DependentLaunch::Carry);
  EXPECT_EQ(kernel.attributes.max_dynamic_shared, 65536u);
  ASSERT_EQ(kernel.arguments.size(), 4u);
  EXPECT_EQ(kernel.arguments[1].type, match::Scalar::I32);
  EXPECT_EQ(kernel.arguments[2].copy.size, 32u);
  EXPECT_EQ(kernel.arguments[3].fields[0].value, "workspace");
  EXPECT_EQ(block->launch.workspace, "batch * 4");
  EXPECT_EQ(block->demands.at("x").alignment, 32u);
  EXPECT_EQ(block->demands.at("x").tail, 16u);
  EXPECT_EQ(block->in_place[0].first, "y");
}

TEST(LaunchBlock, NothingIsLostOnTheWayBack) {
  Findings findings;
  const auto block = read_launch(parsed(kLaunch), findings);
  ASSERT_TRUE(block);
  EXPECT_TRUE(same_meaning(to_json(*block), parsed(kLaunch))) << to_text(to_json(*block), 2);
}

TEST(LaunchBlock, LivesInASolution) {
  Findings findings;
  Solution solution;
  EXPECT_EQ(launch_of(solution), nullptr);
  set_launch(solution, *read_launch(parsed(kLaunch), findings));
  ASSERT_NE(launch_of(solution), nullptr);
  EXPECT_TRUE(same_meaning(*launch_of(solution), parsed(kLaunch)));
}

TEST(LaunchBlock, MistakesAreNamedWhereTheyAre) {
  const Mistake mistakes[] = {
      {"\"entry\": \"norm\"", "\"entry\": \"\"", "/spec/launch/kernels/0/entry"},
      {"\"type\": \"i32\"", "\"type\": \"int\"", "/spec/launch/kernels/0/arguments/1/type"},
      {"\"value\": 7", "\"value\": 7.5", "/spec/launch/kernels/0/arguments/1/value"},
      {"\"value\": 7", "\"valu\": 7", "/spec/launch/kernels/0/arguments/1"},
      {"\"size\": 32", "\"size\": 99999", "/spec/launch/kernels/0/arguments/2/copy/size"},
      {"\"carry\"", "\"yes\"", "/spec/launch/kernels/0/attributes/dependent_launch"},
      {"[[\"y\", \"x\"]]", "[[\"y\"]]", "/spec/launch/in_place/0"},
      {"\"alignment\": 32", "\"alignment\": -1", "/spec/launch/tensors/x/alignment"},
      {"[256]", "256", "/spec/launch/kernels/0/block"}};
  for (const auto& [from, to, pointer] : mistakes) {
    Findings findings;
    EXPECT_FALSE(read_launch(parsed(with(kLaunch, from, to)), findings)) << to;
    ASSERT_FALSE(findings.list().empty()) << to;
    EXPECT_EQ(findings.list()[0].pointer, pointer) << to;
  }
}

TEST(Policies, DefinitionsInheritFromTheDefault) {
  Findings findings;
  const Policies policies = read_policies(parsed(R"J({
    "default": {"max_atol": 0.02, "min_speedup": 1.1, "on_miss_policy": "use_def_best"},
    "per_definition": {"a": {"ranges": ["m"], "baseline": "reference", "require_confidence": false},
                       "b": {"enabled": false, "pin": "p"}}})J"),
                                          findings);
  EXPECT_TRUE(findings.list().empty());
  const DefinitionPolicy& a = policies.of("a");
  EXPECT_EQ(a.match.max_absolute_error, 0.02);
  EXPECT_FALSE(a.match.max_relative_error);
  EXPECT_EQ(a.match.min_speedup, 1.1);
  EXPECT_EQ(a.match.on_miss, match::OnMiss::UseDefinitionBest);
  EXPECT_EQ(a.match.range_axes, (std::vector<std::string>{"m"}));
  EXPECT_EQ(a.baseline, Baseline::Reference);
  EXPECT_FALSE(policies.of("b").match.enabled);
  EXPECT_TRUE(policies.of("c").match.enabled);
}

TEST(Policies, AMistakeTurnsThePolicyOff) {
  for (const char* const text :
       {R"J({"default": {"confidence": 2}})J", R"J({"default": {"on_miss_policy": "best"}})J",
        R"J({"default": []})J", R"J({"default": {"ranges": 1}})J", "[]",
        R"J({"per_definition": 1})J"}) {
    Findings findings;
    EXPECT_FALSE(read_policies(parsed(text), findings).of("x").match.enabled) << text;
    EXPECT_TRUE(findings.has_errors()) << text;
  }
}

TEST(Policies, DemotedSolutionsAreNamedWhateverElseTheyHold) {
  Findings findings;
  const Policies policies = read_policies(parsed(R"J({
    "demoted": {"a": {"reason": "other tokens", "date": "2026-01-01"}, "b": {}, "c": 7}})J"),
                                          findings);
  ASSERT_EQ(policies.demoted.size(), 3u);
  EXPECT_EQ(policies.demoted.at("a"), "demoted in the registry: other tokens");
  EXPECT_EQ(policies.demoted.at("b"), "demoted in the registry");
  EXPECT_TRUE(policies.demoted.contains("c"));
  ASSERT_EQ(findings.list().size(), 1u);
  EXPECT_EQ(findings.list()[0].pointer, "/demoted/c");
  EXPECT_TRUE(policies.of("x").match.enabled);
}

TEST(Policies, AListOfDemotionsThatCannotBeReadTurnsEverythingOff) {
  Findings findings;
  const Policies policies =
      read_policies(parsed(R"J({"per_definition": {"x": {}}, "demoted": ["a"]})J"), findings);
  EXPECT_FALSE(policies.of("x").match.enabled);
  EXPECT_TRUE(findings.has_errors());
}

TEST(Fields, HashesAndExpressions) {
  const auto hash = hash_of("00112233445566778899aabbccddeeff");
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash_to_text(*hash), "00112233445566778899aabbccddeeff");
  EXPECT_FALSE(hash_of("0011"));
  EXPECT_FALSE(hash_of("00112233445566778899aabbccddeefg"));
  EXPECT_EQ(expression_of(Json(-3)), "-3");
  EXPECT_FALSE(expression_of(Json(18446744073709551615u)));
  EXPECT_FALSE(expression_of(Json("")));
  EXPECT_EQ(expression_to_json("-3"), Json(-3));
  EXPECT_EQ(expression_to_json("007"), Json("007"));
}

}  // namespace
}  // namespace fib::registry
