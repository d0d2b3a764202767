// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "judge/rank/result.h"

namespace fib::judge {

/// A ranking that can't be made; one line that says why and what to do.
class RankError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A Solution that could take part.
struct Entrant {
  std::string solution, definition, author;
};

/// Who ranks against whom. Upstream mixes GPU models; who gives the results of one model gets
/// numbers that mean something, by the same formulas.
struct Field {
  std::vector<Entrant> entrants;    ///< those without results too
  std::span<const Result> results;  ///< newest, or all: formulas that take several say which
  /// Whose Solutions are the baseline, as upstream has it. Empty: the incumbent, each candidate
  /// against the time that was measured in turns with it.
  std::string baseline_author;

  [[nodiscard]] bool against_incumbent() const { return baseline_author.empty(); }
};

/// All Solutions of the Definitions that `filter` lets pass.
[[nodiscard]] std::vector<Entrant> read_entrants(const registry::Registry& registry,
                                                 const ResultFilter& filter = {});

/// The one Solution of the baseline's author for a Definition, null if there is none. Throws
/// RankError if there are several.
[[nodiscard]] const Entrant* find_baseline(const Field& field, const std::string& definition);
/// The same; throws RankError if there is none, too.
[[nodiscard]] const Entrant& baseline_of(const Field& field, const std::string& definition);

}  // namespace fib::judge
