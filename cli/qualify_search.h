// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

/// Drop and retry: which Solutions must go so that a program works with the others. Pure; what it
/// means to work is the caller's.
namespace fib::cli {

using Solutions = std::set<std::string>;

/// What became of the program with some Solutions in place.
struct TrialOutcome {
  bool good = false;
  std::string why;  ///< it is not, one clause
};

struct Demotion {
  std::string solution, why;
  std::vector<std::string> together_with;  ///< it fails only if these are there, too
};

struct SearchResult {
  bool as_is = false;             ///< all at once worked
  bool exhausted = false;         ///< the runs were used up; what was not known to work was demoted
  Solutions kept;                 ///< work together
  std::vector<Demotion> demoted;  ///< in the order in which they were found
};

/// Finds minimal sets of Solutions that fail, demotes one Solution of each, and goes on until the
/// rest works.
class QualifySearch {
 public:
  using Trial = std::function<TrialOutcome(const Solutions&)>;

  /// `trial` runs the program with exactly these Solutions; at most `most` times. `rank` says whom
  /// to keep of those that fail only together: the one with the larger number.
  QualifySearch(Trial trial, std::size_t most, std::map<std::string, std::uint64_t> rank)
      : trial_(std::move(trial)), left_(most), rank_(std::move(rank)) {}

  [[nodiscard]] SearchResult run(Solutions all);

 private:
  struct Exhausted {};
  using List = std::vector<std::string>;

  const TrialOutcome& outcome_of(const Solutions& solutions);
  [[nodiscard]] bool fails(const List& solutions);
  [[nodiscard]] List smaller(const List& failing, std::size_t& pieces);
  [[nodiscard]] List minimal(List failing);
  void demote(const List& failing, Solutions& all, SearchResult& result);
  void give_up(const Solutions& all, SearchResult& result) const;

  Trial trial_;
  std::size_t left_;
  std::map<std::string, std::uint64_t> rank_;
  std::map<Solutions, TrialOutcome> known_;
};

}  // namespace fib::cli
