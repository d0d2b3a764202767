// SPDX-License-Identifier: Apache-2.0
#include "judge/run/workload_maker.h"

#include "judge/cases/case_store.h"

namespace fib::judge {

namespace fs = std::filesystem;

WorkloadMaker::WorkloadMaker(const registry::Registry& registry, const WorkloadCaseOptions& options,
                             std::function<void(const std::string&)> say,
                             std::function<void(const std::string&)> note)
    : registry_(registry), options_(options), say_(std::move(say)), note_(std::move(note)) {}

std::optional<TrialOutcome> WorkloadMaker::prepare(const Job& job) {
  const std::lock_guard lock(mutex_);
  auto found = made_.find(job.subject);
  if (found == made_.end()) found = made_.emplace(job.subject, make(job)).first;
  TrialOutcome outcome;
  if (!found->second.problem.empty()) {
    outcome.problem = found->second.problem;
    return outcome;
  }
  if (found->second.has_outputs || job.solution->record.name != job.baseline) return std::nullopt;
  outcome.result.applicable = false;
  outcome.result.reason = "it says itself what is right";
  return outcome;
}

WorkloadMaker::Made WorkloadMaker::make(const Job& job) try {
  const Case& subject = *job.subject;
  std::error_code error;
  if (fs::exists(subject.directory / "outputs-0.safetensors", error)) return {true, ""};
  if (say_) say_("making " + subject.id);
  const registry::Definition& definition = registry_.definition(subject.definition)->record;
  WorkloadCase values = make_variants(definition, *job.workload, options_.variants);
  const bool has_outputs = add_outputs(definition, job, values);
  // The same values as those that are there, which another bench may be reading.
  if (!has_outputs && fs::exists(subject.directory / "workload.json", error)) return {};
  Case whole = subject;
  for (const auto& [name, bytes] : values.workload.inputs) whole.extract_bytes += bytes.size();
  const CaseStore store(options_.root);
  const fs::path place = store.begin(whole);
  try {
    write_workload_case(place, definition, values);
    (void)store.publish(whole, place);
  } catch (...) {
    store.abandon(place);  // a full disk is not to stay full for that
    throw;
  }
  return {has_outputs, ""};
} catch (const std::runtime_error& error) {
  return {false, "Workload " + job.workload->uuid + " can't be judged: " + error.what()};
}

bool WorkloadMaker::add_outputs(const registry::Definition& definition, const Job& job,
                                WorkloadCase& values) {
  try {
    add_reference(definition, options_.reference, values);
    return true;
  } catch (const std::runtime_error& error) {
    if (job.baseline.empty())
      throw std::runtime_error(std::string(error.what()) + ", and there is no baseline");
    note_once(definition.name + ": the baseline " + job.baseline +
              " says what is right: " + error.what());
    return false;
  }
}

void WorkloadMaker::note_once(const std::string& note) {
  if (noted_.insert(note).second && note_) note_(note);
}

}  // namespace fib::judge
