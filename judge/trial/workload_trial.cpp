// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/workload_trial.h"

#include "registry/store/error.h"
#include "replayer/error.h"

namespace fib::judge {

std::vector<std::string> BaselineLaunch::kernels() const { return candidate_.kernel_names(); }

WorkloadTrial::WorkloadTrial(const TrialRequest& request, const registry::Definition& definition)
    : baseline_request_(request),
      case_(read_workload_case(request.subject.directory, definition)),
      launch_(definition, case_),
      variants_(case_, launch_) {
  baseline_request_.solution = request.baseline;
}

bool WorkloadTrial::load_baseline(Subject& subject) try {
  if (baseline_launch_ != nullptr) return true;
  if (baseline_request_.baseline.empty()) {
    why_not_ = "there is no baseline";
    return false;
  }
  baseline_ = std::make_unique<Candidate>(baseline_request_);
  std::string why;
  if (baseline_->prepare(subject, why) != Candidate::State::Ready) {
    why_not_ = "the baseline " + baseline_request_.baseline + " can't be launched: " + why;
    return false;
  }
  baseline_->poison_workspace(baseline_request_.seed, 0);
  baseline_launch_ = std::make_unique<BaselineLaunch>(*baseline_);
  return true;
} catch (const registry::RegistryError& error) {
  why_not_ = error.what();
  return false;
}

void WorkloadTrial::set_reference(Subject& subject) {
  if (case_.has_outputs()) {
    if (stored_ == nullptr) stored_ = std::make_unique<StoredOutputs>(subject, variants_);
    subject.set_stand_in(stored_.get());
    return;
  }
  if (!load_baseline(subject))
    throw replayer::Refusal("nothing says what is right: there are no outputs of the reference, " +
                            std::string("and ") + why_not_);
  subject.set_stand_in(baseline_launch_.get());
  is_compared_ = true;
}

std::string WorkloadTrial::set_baseline(Subject& subject, Runner& runner,
                                        const IncumbentStudy& study, const Judge& judge) {
  const std::string& name = baseline_request_.baseline;
  if (is_compared_) return "against the baseline " + name;
  if (!load_baseline(subject)) return "not compared: " + why_not_;
  subject.set_stand_in(baseline_launch_.get());
  const RunOutcome outcome = runner.incumbent({});
  const Verdict verdict = judge.judge_values({{}, study.recorded, nullptr, outcome, false});
  is_compared_ = verdict.passed();
  if (is_compared_) return "against the baseline " + name;
  subject.set_stand_in(stored_.get());
  return "not compared: the baseline " + name + " is wrong here, " + verdict.reason + ", " +
         verdict.detail;
}

std::string WorkloadTrial::reference_note() const {
  return case_.has_outputs() ? "the reference is the Definition's run, in Python"
                             : "the reference is the baseline " + baseline_request_.baseline;
}

}  // namespace fib::judge
