// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "judge/trial/incumbent_study.h"
#include "judge/trial/variants.h"
#include "judge/trial/verdict.h"
#include "judge/trial_request.h"
#include "judge/trial_result.h"

namespace fib::judge {

/// All checks of what a candidate leaves in memory. Each adds to `result`; the first that fails
/// sets status, reason and detail, and the trial ends. Throws CandidateFailed, and what the
/// incumbent's runs throw.
class Correctness {
 public:
  /// What it refers to lives longer.
  Correctness(const TrialRequest& request, Runner& runner, TrialMemory& memory,
              const LaunchFacts& facts, const IncumbentStudy& study, Candidate& candidate,
              replayer::Progress& progress, TrialResult& result, Variants* variants = nullptr)
      : request_(request),
        runner_(runner),
        memory_(memory),
        facts_(facts),
        study_(study),
        candidate_(candidate),
        judge_(memory, facts, study, candidate.definition(), candidate.policy()),
        progress_(progress),
        result_(result),
        variants_(variants),
        is_sampling_(candidate.definition().op_type == "sampling") {}

  /// On the recorded inputs, with outputs as recorded and with both patterns. False: it failed.
  [[nodiscard]] bool check_recorded();
  /// On inputs that nobody has seen: every second time they differ from the last ones in a few
  /// values only. `reason` is what a failure is called. Of a Workload on its next variant.
  [[nodiscard]] bool check_fresh(const std::string& name, std::uint64_t seed, const char* reason);
  /// Of a sampler on a Workload: how often it draws what. Nothing for others.
  [[nodiscard]] bool check_distribution(Subject& subject);
  [[nodiscard]] const Judge& judge() const { return judge_; }

 private:
  void phase(const std::string& name);
  [[nodiscard]] bool check_variant(const std::string& name, std::uint64_t seed, const char* reason);
  /// From `inputs_`, with other patterns than before.
  [[nodiscard]] Verdict run_fresh(const std::string& name, std::uint64_t seed);
  bool add(const std::string& name, const Verdict& verdict, const std::string& note = {});
  bool fail(const std::string& reason, const std::string& detail,
            registry::Status status = registry::Status::IncorrectNumerical);
  void take_errors(const Verdict& verdict);
  [[nodiscard]] bool conclude(const Verdict (&verdicts)[3], const RunOutcome (&runs)[3]);
  [[nodiscard]] bool check_repeated(const RunOutcome (&runs)[3], std::string& note);

  const TrialRequest& request_;
  Runner& runner_;
  TrialMemory& memory_;
  const LaunchFacts& facts_;
  const IncumbentStudy& study_;
  Candidate& candidate_;
  Judge judge_;
  replayer::Progress& progress_;
  TrialResult& result_;
  Variants* variants_;  ///< null: the judge makes other inputs
  std::size_t next_variant_ = 1;
  bool is_sampling_;  ///< inputs are distributions
  MemoryState from_[2];
  MemoryState inputs_;  ///< of the last check_fresh()
  bool few_next_ = false;
};

}  // namespace fib::judge
