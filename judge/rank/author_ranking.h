// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "judge/rank/field.h"

/// Rankings by mean speedup, by the definitions of FlashInfer-Bench.
namespace fib::judge {

struct Score {
  double speedup = 0;  ///< mean of baseline's latency / candidate's; 0 if anything failed
  std::uint64_t definitions = 0, workloads = 0;
  double success_rate = 0, win_rate = 0;              ///< win: ratio > 1
  std::map<std::string, std::string> best_solutions;  ///< of an author, by Definition
};

/// Of one Solution over the workloads that it tried and the baseline has a latency for: the mean
/// of the ratios, each of the fastest passing results. Any failed result of the Solution, on
/// whatever workload, makes all of it 0. Nothing if there is no common workload, or it is the
/// baseline itself. Throws RankError without exactly one baseline.
[[nodiscard]] std::optional<Score> solution_score(const Field& field, const Entrant& entrant);

struct AuthorScore {
  std::string author;
  Score score;
};
/// For each author the unweighted mean over the Definitions that it tried, with its best Solution
/// of each. Highest speedup first, then by name.
[[nodiscard]] std::vector<AuthorScore> author_ranking(const Field& field);

}  // namespace fib::judge
