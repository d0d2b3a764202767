// SPDX-License-Identifier: Apache-2.0
//
// What one decision costs: goals are 20 ns for a miss, 50 ns for a hit and 80 ns for a hit with
// three conditions. CPU only; the launch's own 2 us are not in it.
#include <benchmark/benchmark.h>

#include "tests/unit/registry_match/norm_table.h"

namespace fib::match {
namespace {

using namespace testing;

/// As many measured shapes as a busy registry has, and other rules beside the one that matters.
TableSpec large_spec(std::vector<std::string> conditions) {
  TableSpec spec = norm_spec();
  spec.measurements.clear();
  for (std::int64_t batch = 1; batch <= 8192; batch += batch < 64 ? 1 : 64) {
    spec.measurements.push_back(norm_result("small", batch, 1));
  }
  spec.rules[0].conditions = std::move(conditions);
  for (int i = 0; i < 100; ++i) {
    RuleSpec other = norm_rule();
    other.name = "other" + std::to_string(i);
    other.pattern = "other" + std::to_string(i);
    spec.rules.push_back(other);
  }
  return spec;
}

void measure(benchmark::State& state, const TableSpec& spec, const LaunchBuilder& launch,
             const char* name, Reason expected) {
  Fixture fixture(spec);
  KernelIdentity kernel;
  kernel.name = name;
  kernel.layout = launch.layout();
  const KernelRules rules = fixture.table->resolve(kernel);
  const ModelId model = fixture.table->model(kGpu);
  const LaunchView view = launch.view();
  Decision decision;
  for (auto _ : state) {
    decision = fixture.table->lookup(rules, model, view, fixture.demotions, fixture.bound);
    benchmark::DoNotOptimize(decision);
    benchmark::ClobberMemory();
  }
  if (decision.reason != expected) state.SkipWithError(to_string(decision.reason));
}

const std::vector<std::string> kThree = {"block.x == 256", "smem <= 49152",
                                         "param(3, 0, u32) % 8 == 0"};

void miss_no_rule(benchmark::State& state) {
  measure(state, large_spec({}), norm_launch(100), "_Z4gemmv", Reason::NoRule);
}
void miss_condition(benchmark::State& state) {
  measure(state, large_spec({"block.x == 512"}), norm_launch(100), "rmsnorm_kernel",
          Reason::ConditionFalse);
}
void miss_const_axis(benchmark::State& state) {
  LaunchBuilder launch;
  launch.grid(4).block(256).param(kX).param(kWeight).param(kY).param(8192u).param(1e-5f);
  measure(state, large_spec({}), launch, "rmsnorm_kernel", Reason::ConstAxisMismatch);
}
void miss_out_of_range(benchmark::State& state) {
  measure(state, large_spec({}), norm_launch(100000), "rmsnorm_kernel", Reason::AxisOutOfRange);
}
void hit_exact(benchmark::State& state) {
  measure(state, large_spec({}), norm_launch(33), "rmsnorm_kernel", Reason::Exact);
}
void hit_range(benchmark::State& state) {
  measure(state, large_spec({}), norm_launch(100), "rmsnorm_kernel", Reason::Range);
}
void hit_three_conditions(benchmark::State& state) {
  measure(state, large_spec(kThree), norm_launch(33), "rmsnorm_kernel", Reason::Exact);
}

/// Axes that differ from launch to launch, so that nothing can be predicted.
void hit_varied(benchmark::State& state) {
  Fixture fixture(large_spec(kThree));
  std::vector<LaunchBuilder> launches;
  std::vector<LaunchView> views;
  for (std::uint32_t i = 0; i < 256; ++i)
    launches.push_back(norm_launch(1 + i * 2654435761u % 8000));
  for (const LaunchBuilder& launch : launches) views.push_back(launch.view());
  KernelIdentity kernel;
  kernel.name = "rmsnorm_kernel";
  kernel.layout = launches[0].layout();
  const KernelRules rules = fixture.table->resolve(kernel);
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(fixture.table->lookup(rules, 0, views[at++ % views.size()],
                                                   fixture.demotions, fixture.bound));
  }
}

void prepare_launch(benchmark::State& state) {
  Fixture fixture(large_spec({}));
  const LaunchBuilder launch = norm_launch(33);
  const LaunchView view = launch.view();
  const Decision decision = fixture.lookup(launch);
  alignas(16) std::array<std::byte, 256> storage;
  std::array<void*, 8> pointers;
  LaunchNumbers numbers;
  for (auto _ : state) {
    benchmark::DoNotOptimize(fixture.table->prepare(decision.candidate, 0, view, fixture.bound, 0,
                                                    {storage, pointers}, numbers));
    benchmark::ClobberMemory();
  }
}

BENCHMARK(miss_no_rule);
BENCHMARK(miss_condition);
BENCHMARK(miss_const_axis);
BENCHMARK(miss_out_of_range);
BENCHMARK(hit_exact);
BENCHMARK(hit_range);
BENCHMARK(hit_three_conditions);
BENCHMARK(hit_varied);
BENCHMARK(prepare_launch);

}  // namespace
}  // namespace fib::match

BENCHMARK_MAIN();
