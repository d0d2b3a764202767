// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>
#include <set>

#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

using Uuids = std::map<std::string, const Stored<Trace>*>;

void check_solution(const Subject& subject, const Trace& trace, Reporter& reporter) {
  const Stored<Solution>* const solution = subject.registry.solution(*trace.solution);
  if (solution == nullptr) {
    reporter.error("trace.unknown-solution", "/solution",
                   in_quotes(*trace.solution) + " is no Solution of this registry",
                   "add the Solution, or remove the trace");
  } else if (solution->record.definition != trace.definition) {
    reporter.error("trace.solution-definition", "/solution",
                   in_quotes(*trace.solution) + " is a Solution of " + solution->record.definition,
                   "correct one of the two names");
  }
}

void check_workload(const Trace& trace, const Uuids& workloads, Reporter& reporter) {
  const auto found = workloads.find(trace.workload.uuid);
  if (found == workloads.end()) {
    reporter.warning("trace.unknown-workload", "/workload/uuid",
                     in_quotes(trace.workload.uuid) + " is no workload of the Definition",
                     "add the workload, or remove the trace");
  } else if (!same_meaning(to_json(found->second->record.workload), to_json(trace.workload))) {
    reporter.warning("trace.workload-differs", "/workload",
                     "is not what line " + std::to_string(found->second->line) + " of " +
                         found->second->file + " says of this uuid",
                     "measure again, or give the workload a new uuid");
  }
}

void check_speedup(const Performance& performance, Reporter& reporter) {
  constexpr double kTolerance = 0.01;
  const double ratio = performance.reference_latency_ms / performance.latency_ms;
  // Without a reference upstream writes 0 for it and for the factor.
  if (performance.latency_ms <= 0 || performance.reference_latency_ms <= 0) return;
  if (std::abs(performance.speedup_factor - ratio) <= kTolerance * ratio) return;
  reporter.warning("trace.numbers", "/evaluation/performance/speedup_factor",
                   "is " + std::to_string(performance.speedup_factor) +
                       ", but the latencies give " + std::to_string(ratio),
                   "correct it: upstream ranks by this number alone");
}

void check_numbers(const Evaluation& evaluation, Reporter& reporter) {
  if (evaluation.status != Status::Passed) return;
  if (evaluation.performance->latency_ms <= 0) {
    reporter.warning("trace.numbers", "/evaluation/performance/latency_ms",
                     "a result that passed took no time", "measure again");
  }
  check_speedup(*evaluation.performance, reporter);
  const Correctness& correctness = *evaluation.correctness;
  if (std::isfinite(correctness.max_absolute_error) &&
      std::isfinite(correctness.max_relative_error)) {
    return;
  }
  reporter.warning("trace.numbers", "/evaluation/correctness",
                   "a result that passed has an error that is not finite", "check it again");
}

// What makes two results the same measurement.
std::string identity(const Trace& trace) {
  const Evaluation& evaluation = *trace.evaluation;
  return *trace.solution + '\n' + trace.workload.uuid + '\n' + evaluation.environment.hardware +
         '\n' + evaluation.timestamp;
}

std::string author_of(const std::string& file) {
  const std::size_t begin = file.find('/') + 1;
  return file.substr(begin, file.find('/', begin) - begin);
}

void check_coverage(const Subject& subject, const Uuids& workloads, Findings& findings) {
  std::map<std::string, std::set<std::string>> covered;  // by file
  for (const Stored<Trace>* trace : subject.traces) {
    covered[trace->file].insert(trace->record.workload.uuid);
  }
  for (const auto& [file, uuids] : covered) {
    std::size_t missing = 0;
    for (const auto& [uuid, stored] : workloads) missing += uuids.contains(uuid) ? 0 : 1;
    if (missing == 0) continue;
    findings.add({Level::Warning, "trace.coverage", file, 0, "",
                  author_of(file) + " has no result for " + std::to_string(missing) + " of " +
                      std::to_string(workloads.size()) + " workloads",
                  "run the rest"});
  }
}

}  // namespace

void check_traces(const Subject& subject, Findings& findings) {
  Uuids workloads;
  for (const Stored<Trace>* stored : subject.workloads) {
    workloads.emplace(stored->record.workload.uuid, stored);
  }
  std::map<std::string, const Stored<Trace>*> seen;
  for (const Stored<Trace>* stored : subject.traces) {
    Reporter reporter(findings, *stored);
    check_solution(subject, stored->record, reporter);
    check_workload(stored->record, workloads, reporter);
    check_numbers(*stored->record.evaluation, reporter);
    const auto [place, is_new] = seen.emplace(identity(stored->record), stored);
    if (is_new) continue;
    reporter.warning("trace.duplicate", "",
                     "is the same measurement as line " + std::to_string(place->second->line) +
                         " of " + place->second->file,
                     "remove one of them");
  }
  check_coverage(subject, workloads, findings);
}

}  // namespace fib::registry
