// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "registry/match/shape_index.h"
#include "registry/match/spec.h"

namespace fib::match {

/// Errors up to which a result counts; either bound suffices, since each alone implies that all
/// elements are within it.
struct Tolerance {
  double absolute = 0, relative = 0;
};

/// The policy's, or where it has none, those of the output dtype that allows most: a result's
/// errors are the largest over all outputs.
[[nodiscard]] Tolerance tolerance_of(const Policy& policy, const DefinitionSpec& definition);

/// Winners of one Definition on one GPU model.
struct Ranking {
  std::vector<Point> points;
  std::int32_t best = kNoCandidate;  ///< wins the largest weight of all points; was wrong nowhere
};

/// What takes part in a ranking.
struct Contest {
  std::vector<const Measurement*> measurements;    ///< of one Definition and GPU model
  std::vector<std::string> axes;                   ///< that tell points apart
  std::map<std::string, std::int32_t> candidates;  ///< by name; others' measurements are ignored
  Tolerance tolerance;
};

/// At each point the candidate with the lowest mean latency, weighted, of those that passed on
/// every workload, ran on as many workloads as any, and are clearly faster than the incumbent on
/// each.
[[nodiscard]] Ranking rank(const Contest& contest, const Policy& policy);

}  // namespace fib::match
