// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "judge/trial/candidate.h"
#include "judge/trial/memory_state.h"
#include "judge/trial/shared_fill.h"
#include "judge/trial/subject.h"

namespace fib::judge {

/// What a candidate did, which ends its trial: the process is good for nothing else.
class CandidateFailed : public std::runtime_error {
 public:
  CandidateFailed(const char* why, const std::string& detail)
      : std::runtime_error(detail), reason(why) {}
  const char* const reason;  ///< one of judge/trial/reasons.h
};

/// What one run left.
struct RunOutcome {
  MemoryState state;
  std::string strayed;  ///< where it wrote outside of the engine's memory; empty: nowhere
};

/// Runs incumbent and candidate from any state of memory, and waits.
class Runner {
 public:
  Runner(Subject& subject, Candidate& candidate, TrialMemory& memory, std::uint64_t seed)
      : subject_(subject),
        candidate_(candidate),
        memory_(memory),
        seed_(seed),
        shared_(subject.api()) {}

  /// Throws driver::DriverError, replayer::ReplayFailed.
  [[nodiscard]] RunOutcome incumbent(const MemoryState& from);
  /// `workspace`: number of the pattern that its workspace and shared memory hold before. Throws
  /// CandidateFailed.
  [[nodiscard]] RunOutcome candidate(const MemoryState& from, std::uint32_t workspace);

 private:
  Subject& subject_;
  Candidate& candidate_;
  TrialMemory& memory_;
  std::uint64_t seed_;
  SharedFill shared_;
};

/// Throws CandidateFailed unless it is CUDA_SUCCESS. `what`: "its launch", "its run".
void expect_success(const driver::DriverApi& api, CUresult rc, const std::string& what);

}  // namespace fib::judge
