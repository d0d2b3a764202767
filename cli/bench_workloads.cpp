// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_workloads.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/exit_codes.h"
#include "cli/judged_registry.h"
#include "cli/registry_commands.h"
#include "registry/draft/incumbent.h"

namespace fib::cli {
namespace {

using Candidates = std::vector<const registry::Stored<registry::Solution>*>;

/// All that are wanted; copies of incumbents need the engine.
Candidates wanted_solutions(const registry::Registry& registry, const std::string& solution,
                            const std::string& definition) {
  const auto of_name = name_pattern("--solution", solution);
  const auto of_definition = name_pattern("--definition", definition);
  Candidates wanted;
  for (const auto& stored : registry.solutions()) {
    const registry::Solution& record = stored.record;
    if (record.author == registry::kIncumbentAuthor) continue;
    if ((!of_name || of_name(record.name)) && (!of_definition || of_definition(record.definition)))
      wanted.push_back(&stored);
  }
  return wanted;
}

}  // namespace

void WorkloadChoice::add_options(CLI::App& app) {
  app.add_option("--workload", workload, "Without CAPTURE: only Workloads whose uuid matches")
      ->type_name("REGEX");
  app.add_option("--baseline", baseline,
                 "Without CAPTURE: the Solution to measure against (default: that of the author "
                 "baseline, else flashinfer)")
      ->type_name("REGEX");
  app.add_option("--reference-timeout", reference_timeout,
                 "Without CAPTURE: seconds that a Definition's run may take in Python")
      ->type_name("S")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void WorkloadChoice::refuse() const {
  if (!workload.empty() || !baseline.empty())
    throw CliError(kExitUsage,
                   "--workload and --baseline are for benches without a CAPTURE: with one, its "
                   "launches are judged against its own kernels");
}

WorkloadBench find_workloads(const registry::Registry& registry, const WorkloadChoice& choice,
                             const std::string& solution, const std::string& definition,
                             const std::filesystem::path& root,
                             const judge::BenchOptions& options) {
  WorkloadBench bench;
  std::vector<std::string> notes;
  bench.candidates =
      judge::launchable_anywhere(wanted_solutions(registry, solution, definition), notes);
  judge::WorkloadCaseOptions& making = bench.options;
  making.root = root;
  making.definition = [candidates = bench.candidates](const std::string& name) {
    return std::ranges::any_of(
        candidates, [&](const auto* candidate) { return candidate->record.definition == name; });
  };
  making.workload = name_pattern("--workload", choice.workload);
  making.baseline = name_pattern("--baseline", choice.baseline);
  making.variants = {options.seed, options.fresh_runs, registry.root()};
  making.reference = {registry.root() / ".fib", choice.reference_timeout};
  bench.set = judge::plan_workload_cases(registry, making);
  bench.set.notes.insert(bench.set.notes.begin(), notes.begin(), notes.end());
  for (const std::string& note : bench.set.notes) spdlog::warn("{}", printable(note));
  if (bench.set.cases.empty())
    throw CliError(kExitUsage, registry.root().string() +
                                   " has no Workload that can be judged and a Solution for it");
  return bench;
}

}  // namespace fib::cli
