// SPDX-License-Identifier: Apache-2.0
#include "registry/build/triton_draft.h"

#include <gtest/gtest.h>

#include "registry/bindings/launch_block.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

using registry::Json;
using testing::contains;

const char* const kTtir = R"(#loc = loc("norm.py":1:0)
module {
  tt.func public @scale_rows(%out: !tt.ptr<bf16> {tt.divisibility = 16 : i32} loc("a"(#loc)), )"
                          R"(%in: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %n: i32 {tt.divisi)"
                          R"(bility = 16 : i32} loc(#loc), %eps: f32) attributes {noinline = fal)"
                          R"(se} {
    tt.return
  }
})";

Json metadata() {
  return {{"name", "scale_rows"}, {"num_warps", 8}, {"shared", 65536}, {"num_ctas", 2}};
}

struct TritonCache {
  trace::testing::TempDirectory directory;

  explicit TritonCache(const Json& json = metadata(), const char* ttir = kTtir) {
    directory.write("scale.cubin", testing::corpus_file("cuda12.4-sm_90a.cubin"));
    directory.write("scale.json", registry::to_text(json));
    if (ttir != nullptr) directory.write("scale.ttir", ttir);
    directory.write("__grp__scale.json", "{}");
  }
  [[nodiscard]] FoundTriton find() const { return find_triton(directory.path()); }
};

const DraftNames kNames = {"scale_triton", "ada", "scale_h8"};

TEST(TritonDraft, KnowsParametersAsTritonDeclaresThem) {
  const auto parameters = triton_parameters(kTtir, "scale_rows");
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_EQ(parameters[0].type, "!tt.ptr<bf16>");
  EXPECT_EQ(parameters[2].name, "%n");
  EXPECT_EQ(parameters[2].type, "i32");
  EXPECT_TRUE(parameters[2].divisible);
  EXPECT_EQ(parameters[3].type, "f32");
  EXPECT_FALSE(parameters[3].divisible);
  EXPECT_TRUE(triton_parameters(kTtir, "other").empty());
  EXPECT_TRUE(triton_parameters("tt.func public @f()", "f").empty());
  EXPECT_EQ(triton_parameters("tt.func public @f(%a: i32", "f").size(), 1u);
}

TEST(TritonDraft, IsASolutionWithALaunchBlock) {
  const TritonCache cache;
  const FoundTriton found = cache.find();
  ASSERT_TRUE(found.kernel) << found.error;
  const Json json = to_json(triton_draft(*found.kernel, kNames, nullptr));
  registry::Findings findings;
  const auto solution = registry::read_solution(json, findings);
  ASSERT_TRUE(solution) << findings.list().front().message;
  const auto block = registry::read_launch(*registry::launch_of(*solution), findings);
  ASSERT_TRUE(block);
  const match::KernelLaunchSpec& kernel = block->launch.kernels.at(0);
  EXPECT_EQ(kernel.entry, "scale_rows");
  EXPECT_EQ(kernel.block, std::vector<std::string>{"256"});
  EXPECT_EQ(kernel.cluster, (std::vector<std::string>{"2", "1", "1"}));
  EXPECT_EQ(kernel.shared, "65536");
  EXPECT_EQ(kernel.attributes.max_dynamic_shared, 65536u);
  ASSERT_EQ(kernel.arguments.size(), 4u);
  EXPECT_EQ(kernel.arguments[2].value, "`fill in: argument 2, %n`");
  EXPECT_EQ(kernel.arguments[2].type, match::Scalar::I32);
  EXPECT_EQ(block->conditions, std::vector<std::string>{"`fill in: argument 2, %n` % 16 == 0"});
}

TEST(TritonDraft, NamesTensorsOfTheDefinition) {
  const TritonCache cache(metadata(), nullptr);
  registry::Definition definition;
  registry::TensorSpec tensor;
  tensor.shape.emplace();
  definition.inputs.add("x", tensor);
  definition.inputs.add("factor", {});
  definition.outputs.add("y", tensor);
  const FoundTriton found = cache.find();
  ASSERT_TRUE(found.kernel) << found.error;
  const auto solution = triton_draft(*found.kernel, kNames, &definition);
  const Json& arguments = (*registry::launch_of(solution))["kernels"][0]["arguments"];
  EXPECT_EQ(arguments[0]["value"], "`x`");
  EXPECT_EQ(arguments[1]["value"], "`y`");
  EXPECT_EQ(arguments[3]["size"], 16);
  EXPECT_TRUE(contains((*registry::launch_of(solution))["conditions"][0], "fill in"));
}

// A draft with its marks filled in is a build like any other.
TEST(TritonDraft, CanBeBuilt) {
  const TritonCache cache;
  Json json = to_json(triton_draft(*cache.find().kernel, kNames, nullptr));
  json["spec"]["launch"]["kernels"][0]["arguments"][3] = {{"size", 16}, {"struct", Json::array()}};
  const testing::Workshop shop;
  const BuildResult result = shop.build(json);
  EXPECT_EQ(result.outcome, BuildOutcome::Built) << testing::messages(result);
}

TEST(TritonDraft, SaysWhatIsMissing) {
  const TritonCache cache(Json{{"name", "x"}});
  EXPECT_TRUE(contains(cache.find().error, "scale.json: is not what Triton says"));
  cache.directory.write("other.cubin", "");
  cache.directory.write("other.json", "");
  EXPECT_TRUE(contains(cache.find().error, "holds 2 kernels; name one of other.cubin"));
  EXPECT_TRUE(
      contains(find_triton(cache.directory.path() / "other.json").error, "other.json: is not"));
  const trace::testing::TempDirectory empty;
  EXPECT_TRUE(contains(find_triton(empty.path()).error, "holds no NAME.cubin"));
  EXPECT_TRUE(contains(find_triton("/nowhere/x.cubin").error, "/nowhere/x.cubin: can't be read"));
}

}  // namespace
}  // namespace fib::build
