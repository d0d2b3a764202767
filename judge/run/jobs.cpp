// SPDX-License-Identifier: Apache-2.0
#include "judge/run/jobs.h"

#include <algorithm>
#include <functional>

#include "judge/cases/cost.h"
#include "judge/cases/identity.h"
#include "judge/run/evaluation.h"
#include "registry/bindings/launch_block.h"
#include "registry/draft/incumbent.h"
#include "registry/model/sha1.h"

namespace fib::judge {
namespace {

/// Rankings go by name, so that of two names for one content both want a result.
std::string key(const std::string& solution, const Judged& judged, const std::string& workload,
                const std::string& gpu) {
  return solution + '\n' + judged.candidate + '\n' + workload + '\n' + gpu + '\n' + judged.baseline;
}

}  // namespace

std::string candidate_hash(const registry::Solution& solution) {
  registry::Sha1 hash;
  hash.add(solution.content_hash());
  if (const registry::Json* launch = registry::launch_of(solution))
    hash.add(registry::to_text(*launch));
  return hash.hex();
}

std::vector<const registry::Stored<registry::Solution>*> candidates_of(
    const registry::Registry& registry, const std::function<bool(const std::string&)>& wanted,
    bool incumbents) {
  std::vector<const registry::Stored<registry::Solution>*> candidates;
  for (const auto& stored : registry.solutions()) {
    const registry::Solution& solution = stored.record;
    if (registry::launch_of(solution) == nullptr) continue;
    if (solution.author == registry::kIncumbentAuthor && !incumbents) continue;
    if (!wanted || wanted(solution.name)) candidates.push_back(&stored);
  }
  return candidates;
}

DoneJobs::DoneJobs(const registry::Registry& registry) {
  for (const auto& stored : registry.traces()) {
    const registry::Trace& trace = stored.record;
    if (!trace.evaluation) continue;
    const Judged judged = judged_by(*trace.evaluation);
    if (judged.candidate.empty() || !trace.solution) continue;
    done_.insert(
        key(*trace.solution, judged, trace.workload.uuid, trace.evaluation->environment.hardware));
  }
}

bool DoneJobs::has(const Job& job, const std::string& gpu) const {
  const registry::Solution& solution = job.solution->record;
  return done_.contains(
      key(solution.name, {candidate_hash(solution), job.baseline}, job.workload_uuid(), gpu));
}

std::string Job::workload_uuid() const {
  return workload != nullptr ? workload->uuid : judge::workload_uuid(*subject);
}

std::vector<Job> plan_jobs(
    const std::vector<const registry::Stored<registry::Solution>*>& candidates,
    const std::vector<Case>& cases) {
  std::vector<const Case*> costliest;
  for (const Case& subject : cases) costliest.push_back(&subject);
  std::ranges::stable_sort(costliest, std::greater(),
                           [](const Case* subject) { return cost_ns(*subject); });
  std::vector<Job> jobs;
  for (const Case* subject : costliest)
    for (const auto* candidate : candidates)
      if (candidate->record.definition == subject->definition)
        jobs.push_back({candidate, subject, nullptr, ""});
  return jobs;
}

std::vector<Job> plan_jobs(
    const std::vector<const registry::Stored<registry::Solution>*>& candidates,
    const std::vector<WorkloadSubject>& cases) {
  std::vector<Job> jobs;
  for (const WorkloadSubject& planned : cases)
    for (const auto* candidate : candidates)
      if (candidate->record.definition == planned.subject.definition)
        jobs.push_back({candidate, &planned.subject, planned.workload, planned.baseline});
  return jobs;
}

}  // namespace fib::judge
