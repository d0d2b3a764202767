// SPDX-License-Identifier: Apache-2.0
#include "registry/build/launch_check.h"

#include <gtest/gtest.h>

#include "registry/bindings/launch_block.h"
#include "registry/build/triton.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

using registry::Json;
using testing::contains;

/// A launch block against a kernel with three parameters, 256 bytes of shared memory and 12
/// registers, in blocks of at most 256 threads.
struct Check {
  Json json = testing::cuda_json();
  Manifest build;

  Check() {
    Entry entry;
    entry.name = "scale_rows";
    entry.registers = 12;
    entry.shared = 256;
    entry.max_threads = 256;
    entry.parameters = {{{0, 8}, {8, 8}, {16, 4}}};
    build.arch = *arch_of("sm_90a");
    build.modules = {
        {"kernels/scale.cu", "module0.cubin", BinaryKind::Cubin, build.arch, 0, "", {entry}}};
  }
  Json& kernel() { return json["spec"]["launch"]["kernels"][0]; }
  Entry& entry() { return build.modules[0].entries[0]; }
  [[nodiscard]] std::string problems() const {
    const auto solution = testing::solution_of(json);
    registry::Findings findings;
    const auto block = registry::read_launch(*registry::launch_of(solution), findings);
    std::string text;
    for (const auto& problem : launch_problems(block->launch, solution, build)) {
      text += problem + '\n';
    }
    return text;
  }
};

TEST(LaunchCheck, IsContentWithWhatFits) { EXPECT_EQ(Check().problems(), ""); }

TEST(LaunchCheck, NamesWhatIsNotThere) {
  Check check;
  check.kernel()["entry"] = "scale";
  EXPECT_TRUE(contains(check.problems(),
                       "kernel scale: is no kernel of kernels/scale.cu, which has scale_rows"));
  check.kernel()["module"] = "other.cu";
  EXPECT_EQ(check.problems(), "kernel scale: module other.cu is not in the build\n");
}

TEST(LaunchCheck, ComparesArgumentsWithParameters) {
  Check check;
  check.kernel()["arguments"][2]["type"] = "i64";
  EXPECT_EQ(check.problems(),
            "kernel scale_rows: argument 2 has 8 bytes, the code's parameter 4\n");
  check.kernel()["arguments"] = Json::array();
  EXPECT_EQ(check.problems(),
            "kernel scale_rows: the launch block has 0 arguments, the code 3 parameters\n");
  check.entry().parameters.reset();
  EXPECT_EQ(check.problems(), "");
}

TEST(LaunchCheck, KnowsStructuresAndCopies) {
  Check check;
  check.kernel()["arguments"] =
      Json::array({{{"copy", {{"parameter", 0}, {"offset", 0}, {"size", 8}}}},
                   {{"size", 8}, {"struct", Json::array()}},
                   testing::argument("i32", "rows")});
  EXPECT_EQ(check.problems(), "");
  check.kernel()["arguments"][0]["copy"]["size"] = 4;
  EXPECT_TRUE(contains(check.problems(), "argument 0 has 4 bytes"));
}

TEST(LaunchCheck, KnowsWhatAGpuHas) {
  Check check;
  check.kernel()["block"] = {512};
  EXPECT_TRUE(contains(check.problems(), "512 threads, and the code allows 256"));
  check.entry().max_threads.reset();
  EXPECT_EQ(check.problems(), "");
  check.entry().registers = 255;
  EXPECT_TRUE(contains(check.problems(), "512 threads of 255 registers"));
  check.kernel()["block"] = {"rows"};
  EXPECT_EQ(check.problems(), "");
  check.kernel()["block"] = {1048576, 1048576, 1048576};
  EXPECT_TRUE(contains(check.problems(), "the code allows 1024"));
}

TEST(LaunchCheck, KnowsHowMuchSharedMemoryThereIs) {
  Check check;
  check.kernel()["shared_memory"] = 65536;
  EXPECT_TRUE(contains(check.problems(), "max_dynamic_shared_memory"));
  check.kernel()["attributes"]["max_dynamic_shared_memory"] = 65536;
  EXPECT_EQ(check.problems(), "");
  check.kernel()["shared_memory"] = 250000;
  EXPECT_TRUE(contains(check.problems(), "a block of sm_90a has 232448"));
  check.kernel()["shared_memory"] = "rows * 4";
  EXPECT_EQ(check.problems(), "");
}

TEST(LaunchCheck, LeavesSimulatedModulesAlone) {
  Check check;
  check.build.modules[0].kind = BinaryKind::Simulated;
  check.build.modules[0].entries.clear();
  EXPECT_EQ(check.problems(), "");
}

Json metadata() {
  return {{"name", "scale_rows"},
          {"target", {{"backend", "cuda"}, {"arch", 90}, {"warp_size", 32}}},
          {"num_warps", 8},
          {"num_ctas", 1},
          {"cluster_dims", {1, 1, 1}},
          {"shared", 0},
          {"global_scratch_size", 0},
          {"launch_cooperative_grid", false}};
}

TEST(Triton, MetadataIsRead) {
  Json json = metadata();
  json["cluster_dims"] = {2, 1, 1};
  json["shared"] = 4096;
  const auto triton = read_triton(json);
  ASSERT_TRUE(triton);
  EXPECT_EQ(triton->name, "scale_rows");
  EXPECT_EQ(triton->threads, 256u);
  EXPECT_EQ(triton->shared, 4096u);
  EXPECT_EQ(triton->cluster, (std::array<std::uint32_t, 3>{2, 1, 1}));
  json.erase("cluster_dims");
  json["num_ctas"] = 4;
  EXPECT_EQ(read_triton(json)->cluster, (std::array<std::uint32_t, 3>{4, 1, 1}));
  json["target"]["backend"] = "hip";
  EXPECT_FALSE(read_triton(json));
  EXPECT_FALSE(read_triton(Json::array()));
  EXPECT_FALSE(read_triton({{"name", "x"}}));
}

TEST(Triton, IsComparedWithTheLaunchBlock) {
  Check check;
  const auto with = [&](Json json) {
    Check copy = check;
    copy.json["sources"].push_back(
        testing::source_json("kernels/scale.json", registry::to_text(json)));
    return copy.problems();
  };
  EXPECT_EQ(with(metadata()), "");
  const auto changed = [&](const char* key, Json value) {
    Json json = metadata();
    json[key] = std::move(value);
    return with(json);
  };
  EXPECT_TRUE(contains(changed("name", "other"), "the kernel is scale_rows in the launch block"));
  EXPECT_TRUE(contains(changed("shared", 64), "shared_memory is 0 in the launch block and 64"));
  EXPECT_TRUE(
      contains(changed("num_warps", 4), "block is 256x1x1 in the launch block and 128x1x1"));
  EXPECT_TRUE(contains(changed("cluster_dims", {2, 1, 1}), "cluster is 1x1x1"));
  EXPECT_TRUE(contains(changed("launch_cooperative_grid", true), "cooperative is false"));
  EXPECT_TRUE(contains(changed("global_scratch_size", 128), "has no workspace"));
  check.json["spec"]["launch"]["workspace"] = 4096;
  EXPECT_EQ(changed("global_scratch_size", 128), "");
}

}  // namespace
}  // namespace fib::build
