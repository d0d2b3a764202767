// SPDX-License-Identifier: Apache-2.0
//
// The registry in starter/: it is free of errors, compiles where there is a compiler, and knows the
// launches that it was written for. launches.json holds a launch for each binding, with the axes
// and addresses that a second implementation of the expressions found in it. Each was recorded, but
// for those of vLLM's and FlashInfer's kernels, which say where they are from.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "registry/bindings/table_source.h"
#include "registry/build/builder.h"
#include "registry/build/toolkit.h"
#include "registry/validate/validate.h"
#include "tests/unit/registry_build/sample.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::registry {
namespace {

constexpr const char* kStarter = FIB_TEST_SOURCE "/starter";
constexpr const char* kLaunches = FIB_TEST_SOURCE "/tests/unit/registry_starter/launches.json";
constexpr const char* kGpu = "NVIDIA H200";

std::vector<std::byte> bytes_of(const std::string& hex) {
  std::vector<std::byte> bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  return bytes;
}

/// A recorded launch.
struct Recorded {
  explicit Recorded(const Json& json)
      : name(json["kernel"]), demangled(json["demangled"]), buffer(bytes_of(json["params"])) {
    for (const Json& slot : json["layout"])
      layout.push_back({slot[0].get<std::uint32_t>(), slot[1].get<std::uint32_t>()});
    for (std::size_t i = 0; i < 3; ++i) {
      geometry[i] = json["grid"][i];
      geometry[3 + i] = json["block"][i];
    }
    geometry[static_cast<std::size_t>(match::Geometry::Shared)] = json["shared"];
  }
  [[nodiscard]] match::KernelIdentity kernel() const {
    match::KernelIdentity kernel;
    kernel.name = name.c_str();
    kernel.demangled = demangled.c_str();
    kernel.layout = layout;
    return kernel;
  }
  [[nodiscard]] match::LaunchView view() const {
    match::LaunchView view;
    view.geometry = geometry;
    view.buffer = buffer.data();
    view.buffer_bytes = buffer.size();
    view.layout = layout.data();
    view.param_count = static_cast<std::uint32_t>(layout.size());
    return view;
  }

  std::string name, demangled;
  std::vector<match::ParamSlot> layout;
  std::vector<std::byte> buffer;
  std::array<std::uint32_t, match::kGeometryTerms> geometry{1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
};

class Starter : public ::testing::Test {
 protected:
  Starter() : registry_(Registry::open(kStarter)), bindings_(load_bindings(registry_)) {
    std::ostringstream text;
    text << std::ifstream(kLaunches).rdbuf();
    launches_ = parse_json(text.str()).value;
  }

  /// A table in which each Definition's Solution is used whatever was measured.
  std::unique_ptr<const match::MatchTable> pinned() {
    for (const auto& solution : registry_.solutions())
      bindings_.policies.per_definition[solution.record.definition].match.pin =
          solution.record.name;
    Findings findings;
    auto table = build_table(registry_, bindings_, findings);
    for (const Finding& finding : findings.list()) ADD_FAILURE() << finding.message;
    return table;
  }

  static match::BoundRule bind(const match::MatchTable& table, const Recorded& launch,
                               match::Bound& bound) {
    return table.bind(table.resolve(launch.kernel()), launch.view(), bound);
  }
  static match::Decision look(const match::MatchTable& table, const Recorded& launch,
                              match::Bound& bound) {
    const match::Demotions demotions(table.candidates());
    return table.lookup(table.resolve(launch.kernel()), table.model(kGpu), launch.view(), demotions,
                        bound);
  }

  Registry registry_;
  Bindings bindings_;
  Json launches_;
};

TEST_F(Starter, IsFreeOfErrors) {
  const std::set<std::string> results = {"workload.none", "baseline.no-solution",
                                         "benchmark.not-run"};
  for (const Finding& finding : validate(registry_, {}).findings)
    EXPECT_TRUE(results.contains(finding.rule)) << finding.file << ": " << finding.message;
  for (const Finding& finding : bindings_.findings.list()) ADD_FAILURE() << finding.message;
  EXPECT_GE(registry_.definitions().size(), 20u);
}

TEST_F(Starter, EveryBindingKnowsItsLaunch) {
  const auto table = pinned();
  std::set<std::string> seen;
  for (const Json& json : launches_) {
    SCOPED_TRACE(json["binding"]);
    match::Bound bound;
    const match::BoundRule found = bind(*table, Recorded(json), bound);
    ASSERT_TRUE(found.bound) << match::to_string(found.reason);
    const match::CompiledRule& rule = table->rule(found.rule);
    EXPECT_EQ(rule.origin, json["binding"].get<std::string>());
    seen.insert(rule.origin);
    const match::CompiledDefinition& definition = table->definition(rule.definition);
    for (const auto& [axis, value] : json["axes"].items()) {
      const std::size_t slot = definition.axis(axis).value();
      const bool constant = (definition.constant_axes & match::bit(slot)) != 0;
      EXPECT_EQ(constant ? definition.axes[slot] : bound.axes[slot], value.get<std::int64_t>())
          << axis;
    }
    for (const auto& [tensor, value] : json["values"].items())
      EXPECT_EQ(bound.values[definition.tensor(tensor).value()], value.get<std::int64_t>())
          << tensor;
  }
  for (const auto& binding : bindings_.list)
    EXPECT_TRUE(seen.contains(binding.file)) << binding.file << " has no launch";
}

TEST_F(Starter, EveryDefinitionWithASolutionIsUsedForALaunch) {
  const auto table = pinned();
  std::set<std::string> used;
  for (const Json& json : launches_) {
    match::Bound bound;
    const match::Decision decision = look(*table, Recorded(json), bound);
    if (decision.reason == match::Reason::Pinned)
      used.insert(table->definition(table->rule(decision.rule).definition).spec.name);
    else
      EXPECT_EQ(decision.reason, match::Reason::NoCandidate) << json["binding"];
  }
  for (const auto& solution : registry_.solutions())
    EXPECT_TRUE(used.contains(solution.record.definition)) << solution.record.name;
}

/// One field of a recorded struct changed, so that it is no longer what the Definition says: a
/// dimension more, say, or the flag of a reduction that accumulates.
TEST_F(Starter, LeavesOtherLaunchesAlone) {
  struct Change {
    const char* binding;
    std::size_t offset;  // of the parameter buffer
    std::uint32_t value;
  };
  const std::string attention =
      "bindings/attention/attention_one_query_bf16_d128/pytorch_memory_efficient.json";
  const std::vector<Change> changes = {
      {attention.c_str(), 88, 4096},   // a window of keys
      {attention.c_str(), 104, 2},     // queries
      {attention.c_str(), 108, 2000},  // keys
      {attention.c_str(), 116, 1},     // causal
      {attention.c_str(), 152, 2048},  // a row of the mask for each head
      {attention.c_str(), 200, 1},     // dropout
      {"bindings/repeat_kv/repeat_kv_bf16_g4/pytorch.json", 8, 4},            // dimensions
      {"bindings/repeat_kv/repeat_kv_bf16_g4/pytorch.json", 8 + 304 + 8, 2},  // a stride
      {"bindings/reduce/row_mean_f32/pytorch.json", 1040, 0x101},             // accumulates
      {"bindings/reduce/row_mean_f32/pytorch.json", 28, 2},                   // blocks of a row
      {"bindings/sampling/argmax_rows_bf16/pytorch_reduce.json", 44, 17},     // blocks of a row
      {"bindings/cast/cast_bf16_to_f32/pytorch.json", 28, 5},                 // type: float16
      {"bindings/moe/sort_pairs_i64/pytorch_radix_sort.json", 216, 2},        // slices
      {"bindings/norm/rms_norm_bf16_vllm/vllm.json", 16, 6144},               // a stride
      {"bindings/norm/add_rms_norm_bf16_vllm/vllm.json", 8, 6144},            // a stride
      {"bindings/norm/rms_norm_bf16_flashinfer/flashinfer.json", 28, 6144},   // a stride
      {"bindings/norm/add_rms_norm_bf16_flashinfer/flashinfer.json", 36, 0x3f800000},  // Gemma's
  };
  const auto table = pinned();
  for (const Change& change : changes) {
    SCOPED_TRACE(change.binding);
    bool found = false;
    for (const Json& json : launches_) {
      if (json["binding"] != change.binding) continue;
      found = true;
      Recorded launch(json);
      std::memcpy(launch.buffer.data() + change.offset, &change.value, sizeof change.value);
      match::Bound bound;
      EXPECT_EQ(bind(*table, launch, bound).reason, match::Reason::ConditionFalse);
    }
    EXPECT_TRUE(found);
  }
}

TEST_F(Starter, Compiles) {
  FIB_NEEDS_NVRTC();
  trace::testing::TempDirectory cache;
  build::BuildRequest request;
  request.cache = cache.path();
  for (const auto& solution : registry_.solutions()) {
    const auto result = build::build_solution(solution, *build::arch_of("sm_90a"), request);
    for (const Finding& finding : result.findings.list()) ADD_FAILURE() << finding.message;
    EXPECT_NE(result.outcome, build::BuildOutcome::Failed) << result.log;
  }
}

}  // namespace
}  // namespace fib::registry
