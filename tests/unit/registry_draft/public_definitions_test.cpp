// SPDX-License-Identifier: Apache-2.0
//
// Kernels as engines have them, bound to Definitions of the public FlashInfer Trace dataset, where
// that is at hand: FIB_FLASHINFER_TRACE, or ../shared/flashinfer-trace beside the checkout.
#include <gtest/gtest.h>

#include <cstdlib>

#include "registry/bindings/table_source.h"
#include "registry/draft/draft.h"
#include "registry/store/registry.h"
#include "tests/unit/registry_draft/launches.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;
using testing::Launches;

class PublicDefinitions : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const path = std::getenv("FIB_FLASHINFER_TRACE");
    const fs::path root =
        path != nullptr ? fs::path(path) : fs::path(FIB_TEST_SOURCE) / "../shared/flashinfer-trace";
    if (!fs::is_directory(root)) GTEST_SKIP() << "no dataset: set FIB_FLASHINFER_TRACE";
    registry_.emplace(Registry::open(root));
  }
  /// The drafted binding, which must compile.
  Draft bind(Launches& launches, const char* name) {
    const Definition& definition = registry_->definition(name)->record;
    Draft draft = draft_binding(launches.kernel(), definition, {});
    EXPECT_TRUE(draft.ok()) << draft.problem;
    draft.binding.rule.name = "recorded";
    match::TableSpec spec;
    spec.definitions.push_back(to_spec(definition));
    spec.rules.push_back(draft.binding.rule);
    std::vector<match::Problem> problems;
    (void)match::MatchTable::build(spec, problems);
    EXPECT_TRUE(problems.empty()) << problems.front().text();
    return draft;
  }
  static std::string tensor(const std::vector<match::TensorBinding>& list, const char* name) {
    for (const auto& it : list) {
      if (it.tensor == name) return it.expression;
    }
    return "(none)";
  }
  static std::string axis(const Draft& draft, const char* name) {
    for (const auto& it : draft.binding.rule.axes) {
      if (it.axis != name) continue;
      return it.stated ? std::to_string(*it.stated) : it.expression;
    }
    return "(none)";
  }

  std::optional<Registry> registry_;
};

TEST_F(PublicDefinitions, RmsNormWithTypesInItsName) {
  Launches launches("_Z7rmsnorm",
                    "void rmsnorm<8>(__nv_bfloat16 const*, __nv_bfloat16 const*, __nv_bfloat16*, "
                    "unsigned int, unsigned int, float)",
                    {8, 8, 8, 4, 4, 4});
  launches.allocation(1, 64 << 20).allocation(2, 8192).allocation(3, 64 << 20);
  for (const std::uint32_t rows : {1u, 7u, 64u}) {
    launches.launch(rows, 512).pointer(0, 1, 512 * rows).pointer(1, 2).pointer(2, 3);
    launches.value(3, 4096).value(4, 4096).value(5, 1e-5f);
  }
  const Draft draft = bind(launches, "rmsnorm_h4096");
  EXPECT_EQ(axis(draft, "batch_size"), "grid.x");
  EXPECT_EQ(axis(draft, "hidden_size"), "param(3, 0, i32)");
  const match::RuleSpec& rule = draft.binding.rule;
  EXPECT_EQ(tensor(rule.inputs, "hidden_states"), "param(0, 0, ptr)");
  EXPECT_EQ(tensor(rule.inputs, "weight"), "param(1, 0, ptr)");
  EXPECT_EQ(tensor(rule.outputs, "output"), "param(2, 0, ptr)");
  EXPECT_EQ(rule.conditions.size(), 2u);  // the second 4096, and epsilon
}

TEST_F(PublicDefinitions, RmsNormWhoseOutputComesFirst) {
  // A kernel of Triton's: no types, but sizes of memory, and what a window saw written.
  Launches launches("triton_red_fused_0", "triton_red_fused_0", {8, 8, 8, 4});
  launches.allocation(1, 64 * 8192).allocation(2, 8192).allocation(3, 64 * 8192);
  for (const int rows : {3, 64}) {
    launches.launch(132, 256).pointer(0, 1).pointer(1, 2).pointer(2, 3).value(3, rows);
    launches.written(0);
  }
  const Draft draft = bind(launches, "rmsnorm_h4096");
  EXPECT_EQ(axis(draft, "batch_size"), "param(3, 0, i32)");
  EXPECT_EQ(axis(draft, "hidden_size"), "4096");  // stated: nothing shows it
  const match::RuleSpec& rule = draft.binding.rule;
  EXPECT_EQ(tensor(rule.outputs, "output"), "param(0, 0, ptr)");
  EXPECT_EQ(tensor(rule.inputs, "weight"), "param(1, 0, ptr)");
  EXPECT_EQ(tensor(rule.inputs, "hidden_states"), "param(2, 0, ptr)");
}

TEST_F(PublicDefinitions, Gemm) {
  Launches launches("gemm", "gemm(__half*, __half const*, __half const*, int, int, int)",
                    {8, 8, 8, 4, 4, 4});
  launches.allocation(1, 32 << 20).allocation(2, 32 << 20).allocation(3, 256u << 20);
  for (const int rows : {16, 300}) {
    launches.launch(80, 256).pointer(0, 1).pointer(1, 2).pointer(2, 3);
    launches.value(3, rows).value(4, 10240).value(5, 8192);
  }
  const Draft draft = bind(launches, "gemm_n10240_k8192");
  EXPECT_EQ(axis(draft, "M"), "param(3, 0, i32)");
  EXPECT_EQ(axis(draft, "N"), "param(4, 0, i32)");
  EXPECT_EQ(axis(draft, "K"), "param(5, 0, i32)");
  EXPECT_EQ(tensor(draft.binding.rule.outputs, "C"), "param(0, 0, ptr)");
  EXPECT_EQ(tensor(draft.binding.rule.inputs, "A"), "param(1, 0, ptr)");
  // B alone is too large for the other allocations.
  EXPECT_EQ(tensor(draft.binding.rule.inputs, "B"), "param(2, 0, ptr)");
}

TEST_F(PublicDefinitions, KernelsWithoutMemoryAreRefused) {
  Launches launches("spin", "spin(int)", {4});
  launches.launch(1, 1).value(0, 5);
  const Draft draft =
      draft_binding(launches.kernel(), registry_->definition("rmsnorm_h4096")->record, {});
  EXPECT_NE(draft.problem.find("rmsnorm_h4096"), std::string::npos);
}

TEST_F(PublicDefinitions, EveryOneIsTriedInLittleTime) {
  Launches launches("many", "many", {8, 8, 8, 8, 8, 8, 8, 8, 64});
  for (std::uint64_t i = 1; i <= 8; ++i) launches.allocation(i, 512u << 20);
  for (int n = 1; n <= 3; ++n) {
    launches.launch(static_cast<std::uint32_t>(n), 128);
    for (std::uint32_t i = 0; i < 8; ++i) launches.pointer(i, i + 1);
    for (std::uint32_t i = 0; i < 16; ++i) launches.value(8, n * (static_cast<int>(i) + 2), 4 * i);
  }
  for (const auto& stored : registry_->definitions()) {
    const Draft draft = draft_binding(launches.kernel(), stored.record, {});
    EXPECT_TRUE(draft.ok() || draft.problem.find("output") != std::string::npos);
  }
}

}  // namespace
}  // namespace fib::registry
