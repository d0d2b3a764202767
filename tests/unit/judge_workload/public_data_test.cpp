// SPDX-License-Identifier: Apache-2.0
//
// Workloads of the public FlashInfer Trace dataset, where that is at hand: FIB_FLASHINFER_TRACE, or
// ../shared/flashinfer-trace beside the checkout. Its blobs need not be there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <set>

#include "judge/compare/comparison.h"
#include "judge/compare/sampling.h"
#include "judge/workload/python_process.h"
#include "judge/workload/reference.h"
#include "registry/store/registry.h"
#include "tests/unit/judge_workload/toy.h"

namespace fib::judge {
namespace {

namespace fs = std::filesystem;

class PublicWorkloads : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const path = std::getenv("FIB_FLASHINFER_TRACE");
    const fs::path root =
        path != nullptr ? fs::path(path) : fs::path(FIB_TEST_SOURCE) / "../shared/flashinfer-trace";
    if (!fs::is_directory(root)) GTEST_SKIP() << "no dataset: set FIB_FLASHINFER_TRACE";
    registry_.emplace(registry::Registry::open(root));
  }
  [[nodiscard]] const registry::Definition& definition(const std::string& name) const {
    return registry_->definition(name)->record;
  }

  std::optional<registry::Registry> registry_;
};

TEST_F(PublicWorkloads, AreMadeOrRefusedByName) {
  constexpr std::uint64_t kLimit = 4 << 20;
  int made = 0, too_large = 0, missing = 0;
  for (const auto& stored : registry_->workloads()) {
    const registry::Definition& definition = this->definition(stored.record.definition);
    const registry::Workload& workload = stored.record.workload;
    const std::string said = testing::refusal(
        [&] { return materialise(definition, workload, registry_->root(), 1, kLimit); });
    made += said.empty();
    too_large += said.find("exceeds the limit of 4194304 bytes") != std::string::npos;
    for (const auto& [name, input] : workload.inputs) {
      if (input.tensor() == nullptr || said.find(name + ": ") != 0) continue;
      missing += said.find(input.tensor()->path) != std::string::npos;
      break;
    }
  }
  EXPECT_EQ(made + too_large + missing, 663);
  EXPECT_GT(made, 0);
  EXPECT_GT(too_large, 0);
}

TEST_F(PublicWorkloads, HaveComparers) {
  for (const auto& stored : registry_->definitions()) {
    const bool sampling = stored.record.op_type == "sampling";
    EXPECT_EQ(comparer_for(stored.record)->name(), sampling ? "sampling" : "elements")
        << stored.record.name;
  }
}

// Upstream's own references draw what our mask allows, and in the distribution that we expect.
TEST_F(PublicWorkloads, AreSampledWithinTheMask) {
  if (run_python({python_command(), "-c", "import torch"}, 120, 1 << 20).exit_code != 0)
    GTEST_SKIP() << python_command() << " has no torch";
  registry::Definition definition = this->definition("top_k_top_p_sampling_from_probs_v128256");
  // A vocabulary with few likely tokens, sampled by rows that are all alike.
  constexpr std::size_t kRows = 64, kVocabulary = 128256;
  registry::Workload workload;
  workload.uuid = "w";
  workload.axes.add("batch_size", kRows);
  MaterialisedWorkload made = materialise(definition, workload, registry_->root(), 1);
  std::vector<float> probs(kRows * kVocabulary, 0), top_p(kRows, 0.75f);
  for (std::size_t row = 0; row < kRows; ++row) {
    const float shares[] = {.3f, .05f, .21f, .25f, .19f};
    std::copy(std::begin(shares), std::end(shares), &probs[row * kVocabulary + 7]);
  }
  const std::vector<std::int32_t> top_k(kRows, 4);
  const auto put = [&](const char* name, const auto& values) {
    const auto bytes = std::as_bytes(std::span(values));
    made.inputs.at(name).assign(bytes.begin(), bytes.end());
  };
  put("probs", probs);
  put("top_k", top_k);
  put("top_p", top_p);
  const auto drawn = reference_outputs(definition, {&made, 1}).front().outputs.at("samples");
  const std::vector<std::int64_t> none(kRows, -1);

  ComparedLaunch launch;
  launch.definition = &definition;
  for (const auto& [name, layout] : made.layouts) launch.tensors[name].layout = layout;
  for (const auto& [name, bytes] : made.inputs) launch.tensors[name].before = bytes;
  launch.tensors["samples"].expected = std::as_bytes(std::span(none));
  launch.tensors["samples"].got = drawn;
  const Comparison result = comparer_for(definition)->compare(launch).at("samples");
  EXPECT_TRUE(result.passed) << result.detail;

  const SamplingLaunch seen(launch, *sampling_roles(definition));
  std::map<std::uint64_t, double> expected, got;
  for (const TokenShare& share : shares_of(seen.probs(0), seen.limits(0)))
    expected[share.token] = share.share;
  for (std::size_t row = 0; row < kRows; ++row) {
    std::int64_t token = 0;
    std::memcpy(&token, drawn.data() + row * sizeof token, sizeof token);
    got[static_cast<std::uint64_t>(token)] += 1.0 / kRows;
  }
  double distance = 0;
  for (std::uint64_t token = 0; token < kVocabulary; ++token)
    distance += std::abs(expected[token] - got[token]) / 2;
  EXPECT_LT(distance, 0.2);
}

}  // namespace
}  // namespace fib::judge
