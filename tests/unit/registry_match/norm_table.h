// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/match/match_table.h"
#include "tests/unit/registry_match/launch_builder.h"

/// A small registry to match against: RMSNorm over rows of 4096, one kernel, two candidates.
namespace fib::match::testing {

inline constexpr const char* kGpu = "NVIDIA H200";
inline constexpr std::uint64_t kX = 0x7f0000000000, kY = 0x7f1000000000, kWeight = 0x7f2000000000;
inline constexpr std::uint32_t kRowBytes = 4096 * 2;

inline DefinitionSpec norm_definition() {
  DefinitionSpec spec;
  spec.name = "rmsnorm_h4096";
  spec.axes = {{"batch", {}}, {"hidden", 4096}};
  spec.inputs = {{"x", "bfloat16", 16, false, {"batch", "hidden"}},
                 {"weight", "bfloat16", 16, false, {"hidden"}},
                 {"eps", "float32", 32, true, {}}};
  spec.outputs = {{"y", "bfloat16", 16, false, {"batch", "hidden"}}};
  return spec;
}

inline RuleSpec norm_rule() {
  RuleSpec rule;
  rule.origin = "bindings/rmsnorm/rmsnorm_h4096/engine.json";
  rule.name = "engine";
  rule.definition = "rmsnorm_h4096";
  rule.kind = NameMatch::Glob;
  rule.pattern = "*rmsnorm_kernel*";
  rule.layout = {{{0, 8}, {8, 8}, {16, 8}, {24, 4}, {28, 4}}};
  rule.conditions = {"block.x == 256"};
  rule.axes = {{"batch", "grid.x", {}}, {"hidden", "param(3, 0, u32)", {}}};
  rule.inputs = {{"x", "param(0, 0, ptr)", "", "", {}, false},
                 {"weight", "param(1, 0, ptr)", "", "", {}, false},
                 {"eps", "param(4, 0, f32)", "", "", {}, false}};
  rule.outputs = {{"y", "param(2, 0, ptr)", "", "", {}, false}};
  return rule;
}

inline CandidateSpec norm_candidate(const std::string& name) {
  CandidateSpec candidate;
  candidate.origin = "solutions/" + name + ".json";
  candidate.name = name;
  candidate.definition = "rmsnorm_h4096";
  KernelLaunchSpec kernel;
  kernel.entry = name + "_kernel";
  kernel.grid = {"ceil_div(batch, 2)"};
  kernel.block = {"128"};
  kernel.arguments.resize(4);
  const char* const values[] = {"x", "weight", "y", "batch"};
  for (std::size_t i = 0; i < 4; ++i) kernel.arguments[i].value = values[i];
  kernel.arguments[3].type = Scalar::I32;
  candidate.launch.kernels = {kernel};
  return candidate;
}

inline Measurement norm_result(const std::string& candidate, std::int64_t batch, double latency) {
  Measurement result;
  result.candidate = candidate;
  result.definition = "rmsnorm_h4096";
  result.gpu = kGpu;
  result.workload = "w" + std::to_string(batch);
  result.axes = {{"batch", batch}};
  result.passed = true;
  result.max_absolute_error = 0.004;
  result.max_relative_error = 0.5;
  result.latency_ms = latency;
  result.speedup = {{2.0, 1.9, 0.95}};
  return result;
}

inline TableSpec norm_spec() {
  TableSpec spec;
  spec.definitions = {norm_definition()};
  spec.rules = {norm_rule()};
  spec.candidates = {norm_candidate("small"), norm_candidate("large")};
  spec.measurements = {norm_result("small", 1, 1),  norm_result("large", 1, 2),
                       norm_result("small", 4, 1),  norm_result("large", 4, 2),
                       norm_result("small", 16, 3), norm_result("large", 16, 2)};
  return spec;
}

/// A launch that the rule describes, of `batch` rows.
inline LaunchBuilder norm_launch(std::uint32_t batch, std::uint64_t x = kX, std::uint64_t y = kY) {
  LaunchBuilder builder;
  builder.grid(batch).block(256);
  builder.param(x).param(kWeight).param(y).param(std::uint32_t{4096}).param(1e-5f);
  return builder;
}

/// A table and what belongs to it.
struct Fixture {
  explicit Fixture(const TableSpec& spec)
      : table(MatchTable::build(spec, problems)), demotions(table->candidates()) {}

  Decision lookup(const LaunchBuilder& launch, const char* gpu = kGpu) {
    KernelIdentity kernel;
    kernel.name = "_Z14rmsnorm_kernelv";
    kernel.layout = launch.layout();
    return table->lookup(table->resolve(kernel), table->model(gpu), launch.view(), demotions,
                         bound);
  }
  BoundRule bind(const LaunchBuilder& launch) {
    KernelIdentity kernel;
    kernel.name = "_Z14rmsnorm_kernelv";
    kernel.layout = launch.layout();
    return table->bind(table->resolve(kernel), launch.view(), bound);
  }
  /// The candidate's name, or "" for a miss.
  [[nodiscard]] std::string name_of(const Decision& decision) const {
    return decision.hit() ? table->candidate(decision.candidate).name : "";
  }

  std::vector<Problem> problems;
  std::unique_ptr<const MatchTable> table;
  Demotions demotions;
  Bound bound;
};

}  // namespace fib::match::testing
