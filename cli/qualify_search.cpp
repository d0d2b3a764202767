// SPDX-License-Identifier: Apache-2.0
#include "cli/qualify_search.h"

#include <algorithm>

namespace fib::cli {

const TrialOutcome& QualifySearch::outcome_of(const Solutions& solutions) {
  const auto known = known_.find(solutions);
  if (known != known_.end()) return known->second;
  if (left_ == 0) throw Exhausted{};
  --left_;
  return known_.emplace(solutions, trial_(solutions)).first->second;
}

bool QualifySearch::fails(const List& solutions) {
  return !outcome_of(Solutions(solutions.begin(), solutions.end())).good;
}

/// A part of `failing` that fails, too, of so many pieces or their complements; empty if none does.
/// `pieces` becomes the number to go on with.
QualifySearch::List QualifySearch::smaller(const List& failing, std::size_t& pieces) {
  const auto bound = [&](std::size_t piece) {
    return failing.begin() + static_cast<std::ptrdiff_t>(piece * failing.size() / pieces);
  };
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    List part(bound(piece), bound(piece + 1));
    if (!fails(part)) continue;
    pieces = 2;
    return part;
  }
  for (std::size_t piece = 0; pieces > 2 && piece < pieces; ++piece) {
    List rest(failing.begin(), bound(piece));
    rest.insert(rest.end(), bound(piece + 1), failing.end());
    if (!fails(rest)) continue;
    pieces = std::max<std::size_t>(pieces - 1, 2);
    return rest;
  }
  return {};
}

/// Zeller's delta debugging: without any one of these the program works.
QualifySearch::List QualifySearch::minimal(List failing) {
  std::size_t pieces = 2;
  while (failing.size() > 1) {
    List part = smaller(failing, pieces);
    if (!part.empty()) {
      failing = std::move(part);
    } else if (pieces >= failing.size()) {
      break;
    } else {
      pieces = std::min(2 * pieces, failing.size());
    }
  }
  return failing;
}

/// Of those that fail only together the one that does least.
void QualifySearch::demote(const List& failing, Solutions& all, SearchResult& result) {
  const auto least =
      std::min_element(failing.begin(), failing.end(),
                       [&](const auto& a, const auto& b) { return rank_[a] < rank_[b]; });
  Demotion demotion;
  demotion.solution = *least;
  demotion.why = outcome_of(Solutions(failing.begin(), failing.end())).why;
  for (const std::string& other : failing) {
    if (other != *least) demotion.together_with.push_back(other);
  }
  all.erase(demotion.solution);
  result.demoted.push_back(std::move(demotion));
}

/// What is known to work stays: the largest set of those that are left.
void QualifySearch::give_up(const Solutions& all, SearchResult& result) const {
  result.exhausted = true;
  for (const auto& [solutions, outcome] : known_) {
    const bool here = std::includes(all.begin(), all.end(), solutions.begin(), solutions.end());
    if (here && outcome.good && solutions.size() > result.kept.size()) result.kept = solutions;
  }
  for (const std::string& solution : all) {
    if (!result.kept.contains(solution))
      result.demoted.push_back({solution, "not known to work: no runs were left", {}});
  }
}

SearchResult QualifySearch::run(Solutions all) {
  SearchResult result;
  try {
    while (!all.empty() && !outcome_of(all).good) {
      demote(minimal({all.begin(), all.end()}), all, result);
    }
    result.kept = all;
  } catch (const Exhausted&) {
    give_up(all, result);
  }
  result.as_is = result.demoted.empty() && !result.exhausted;
  return result;
}

}  // namespace fib::cli
