// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

constexpr std::string_view kFolder = "traces/baseline/";

std::vector<const Stored<Trace>*> baseline_traces(const Subject& subject) {
  std::vector<const Stored<Trace>*> traces;
  for (const Stored<Trace>* trace : subject.traces) {
    if (trace->file.starts_with(kFolder)) traces.push_back(trace);
  }
  return traces;
}

bool has_solution(const Subject& subject) {
  return std::any_of(subject.solutions.begin(), subject.solutions.end(),
                     [](const auto* solution) { return solution->record.author == "baseline"; });
}

bool is_foreign(const Subject& subject, const Trace& trace) {
  const Stored<Solution>* const solution = subject.registry.solution(*trace.solution);
  return solution != nullptr && solution->record.author != "baseline";
}

void check_results(const Subject& subject, const std::vector<const Stored<Trace>*>& traces,
                   Findings& findings) {
  std::set<std::string> covered;
  for (const Stored<Trace>* stored : traces) {
    const Trace& trace = stored->record;
    covered.insert(trace.workload.uuid);
    Reporter reporter(findings, *stored);
    if (is_foreign(subject, trace)) {
      reporter.error("baseline.foreign-solution", "/solution",
                     in_quotes(*trace.solution) + " is no baseline, but its result is among them",
                     "move the line below its author's directory");
    }
    if (trace.evaluation->status != Status::Passed) {
      reporter.warning("baseline.failed", "/evaluation/status",
                       "the baseline is " + std::string(to_string(trace.evaluation->status)) +
                           " for this workload",
                       "correct the baseline, or run it again");
    }
  }
  std::set<std::string> missing;
  for (const Stored<Trace>* workload : subject.workloads) {
    const std::string& uuid = workload->record.workload.uuid;
    if (!covered.contains(uuid)) missing.insert(uuid);
  }
  if (missing.empty()) return;
  findings.add({Level::Warning, "baseline.coverage", traces.front()->file, 0, "",
                "the baseline has no result for " + std::to_string(missing.size()) + " of " +
                    std::to_string(subject.workloads.size()) + " workloads",
                "run the rest"});
}

}  // namespace

void check_baseline(const Subject& subject, Findings& findings) {
  Reporter reporter(findings, subject.stored);
  const auto traces = baseline_traces(subject);
  const bool solution = has_solution(subject);
  if (!solution) {
    reporter.warning("baseline.no-solution", "", "has no Solution of the author \"baseline\"",
                     "add one below solutions/baseline/, to compare others with");
  }
  if (!traces.empty()) {
    check_results(subject, traces, findings);
  } else if (solution) {
    reporter.warning("baseline.no-trace", "", "the baseline was never measured",
                     "run it; its results go below traces/baseline/");
  }
}

}  // namespace fib::registry
