// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fib::judge {

/// One row of a top-k: what was chosen of `candidates` scores. `scores` or the values may be empty.
struct TopKRow {
  std::uint64_t candidates = 0;                     ///< indices are below; 0: not known
  std::vector<double> scores;                       ///< that were chosen from
  std::vector<double> expected, got;                ///< indices
  std::vector<double> expected_values, got_values;  ///< that belong to them
  bool ordered = false;  ///< the best one comes first, as far as the incumbent shows
};

/// What is wrong with it; an empty reason if nothing is. `column` is where.
struct TopKFinding {
  std::string reason;
  std::size_t column = 0;
};

/// Checks the indices: in range, none twice, and as good as the incumbent's: the scores that they
/// point at are the same ones, so that of equal scores either may be chosen. Where no scores are
/// known the values stand for them; without either the sets must be equal. Indices that are none
/// even for the incumbent (padding, as -1) must be as many and the same.
[[nodiscard]] TopKFinding check_indices(const TopKRow& row);

/// Whether what the incumbent chose goes from the best to the worst, by score or else by value.
[[nodiscard]] bool is_ordered(const TopKRow& row);

/// For each column of `got` the column of the incumbent whose value it should have: that of the
/// same index, else one with an equally good one. Only for a row without a finding.
[[nodiscard]] std::vector<std::size_t> partners(const TopKRow& row);

}  // namespace fib::judge
