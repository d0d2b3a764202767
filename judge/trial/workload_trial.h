// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "judge/trial/candidate.h"
#include "judge/trial/correctness.h"
#include "judge/trial/variants.h"

namespace fib::judge {

/// A candidate's kernels in place of an engine's.
class BaselineLaunch : public StandIn {
 public:
  explicit BaselineLaunch(Candidate& candidate) : candidate_(candidate) {}
  [[nodiscard]] CUresult launch() override { return candidate_.launch(); }
  [[nodiscard]] std::vector<std::string> kernels() const override;

 private:
  Candidate& candidate_;
};

/// What a trial on a Workload has in place of an engine's launch: who says which outputs are right,
/// and who is measured against.
class WorkloadTrial {
 public:
  /// Reads the case. Throws std::runtime_error.
  WorkloadTrial(const TrialRequest& request, const registry::Definition& definition);

  [[nodiscard]] WorkloadLaunch& launch() { return launch_; }
  [[nodiscard]] Variants& variants() { return variants_; }
  /// Makes the reference stand in for the subject's kernel: stored outputs, else the baseline.
  /// Throws replayer::Refusal if the baseline is needed and can't be launched; driver::DriverError.
  void set_reference(Subject& subject);
  /// From now on the baseline stands in, if there is one and it is right on the Workload's own
  /// inputs. Returns what is to be said: who it is, or why there is none. Before timing.
  [[nodiscard]] std::string set_baseline(Subject& subject, Runner& runner,
                                         const IncumbentStudy& study, const Judge& judge);
  /// Whether there is somebody to measure against.
  [[nodiscard]] bool has_baseline() const { return is_compared_; }
  [[nodiscard]] std::string reference_note() const;

 private:
  /// Whether the baseline can be launched; else `why_not_` says why.
  [[nodiscard]] bool load_baseline(Subject& subject);

  TrialRequest baseline_request_;
  WorkloadCase case_;
  WorkloadLaunch launch_;
  Variants variants_;
  std::unique_ptr<StoredOutputs> stored_;
  std::unique_ptr<Candidate> baseline_;
  std::unique_ptr<BaselineLaunch> baseline_launch_;
  std::string why_not_;
  bool is_compared_ = false;
};

}  // namespace fib::judge
