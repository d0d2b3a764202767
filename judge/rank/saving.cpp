// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/saving.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace fib::judge {
namespace {

void count(const Result& result, Saving& saving) {
  if (!result.passed()) {
    ++saving.failed;
    return;
  }
  switch (result.verdict) {
    case Verdict::Faster: ++saving.faster; break;
    case Verdict::Slower: ++saving.slower; break;
    case Verdict::NoClearDifference: ++saving.unclear; break;
    case Verdict::Unknown: ++saving.unknown; break;
  }
}

/// Adds one end of an interval; a result without one takes it from the sum.
void add_end(std::optional<double>& sum, const std::optional<double>& end) {
  sum = sum && end ? std::optional(*sum + *end) : std::nullopt;
}

void add(const Result& result, Saving& saving) {
  count(result, saving);
  saving.weighed = saving.weighed && result.weighed;
  if (result.incumbent_ms) saving.incumbent_ms += result.weight * *result.incumbent_ms;
  const auto saved = saved_time(result);
  if (!saved) return;
  saving.saved_ms += saved->ms;
  add_end(saving.low_ms, saved->low_ms);
  add_end(saving.high_ms, saved->high_ms);
  if (result.verdict == Verdict::Faster) saving.gained_ms += saved->ms;
}

using SolutionKey = std::pair<std::string, std::string>;  ///< GPU, Solution

std::set<SolutionKey> failing(std::span<const Result> results) {
  std::set<SolutionKey> names;
  for (const Result& result : results)
    if (!result.passed()) names.insert({result.gpu, result.solution});
  return names;
}

/// Of one workload: what it takes, and the result that would save most.
struct Best {
  const Result* any = nullptr;
  const Result* fastest = nullptr;
  double saved_ms = 0;
};

void add(const Best& best, TotalSaving& total) {
  const Result& shown = best.fastest != nullptr ? *best.fastest : *best.any;
  ++total.workloads;
  total.improved += best.fastest != nullptr ? 1 : 0;
  total.incumbent_ms += shown.weight * *shown.incumbent_ms;
  total.saved_ms += best.saved_ms;
  total.weighed = total.weighed && shown.weighed;
}

}  // namespace

std::optional<SavedTime> saved_time(const Result& result) {
  const bool clear = result.verdict == Verdict::Faster || result.verdict == Verdict::Slower;
  if (!clear || !result.passed() || !result.incumbent_ms) return std::nullopt;
  const double incumbent = result.weight * *result.incumbent_ms;
  SavedTime saved;
  saved.ms = incumbent - result.weight * *result.latency_ms;
  if (result.speedup && result.speedup->has_interval()) {
    saved.low_ms = incumbent * (1 - 1 / *result.speedup->low);
    saved.high_ms = incumbent * (1 - 1 / *result.speedup->high);
  }
  return saved;
}

std::vector<Saving> savings(std::span<const Result> results) {
  std::map<SolutionKey, Saving> by_solution;
  for (const Result& result : results) {
    const auto [found, fresh] = by_solution.try_emplace({result.gpu, result.solution});
    Saving& saving = found->second;
    if (fresh) {
      saving.gpu = result.gpu;
      saving.definition = result.definition;
      saving.solution = result.solution;
      saving.author = result.author;
      saving.low_ms = saving.high_ms = 0;
    }
    add(result, saving);
  }
  std::vector<Saving> list;
  for (auto& [key, saving] : by_solution) list.push_back(std::move(saving));
  std::stable_sort(list.begin(), list.end(), [](const Saving& a, const Saving& b) {
    return std::tie(a.gpu, b.saved_ms) < std::tie(b.gpu, a.saved_ms);
  });
  return list;
}

std::vector<TotalSaving> total_savings(std::span<const Result> results) {
  const std::set<SolutionKey> failed = failing(results);
  std::map<std::tuple<std::string, std::string, std::string>, Best> workloads;
  for (const Result& result : results) {
    if (!result.incumbent_ms) continue;
    Best& best = workloads[{result.gpu, result.definition, result.workload}];
    best.any = &result;
    const auto saved = saved_time(result);
    if (!saved || !(saved->ms > best.saved_ms) || failed.count({result.gpu, result.solution}) != 0)
      continue;
    best.fastest = &result;
    best.saved_ms = saved->ms;
  }
  std::vector<TotalSaving> totals;
  for (const auto& [key, best] : workloads) {
    if (totals.empty() || totals.back().gpu != std::get<0>(key)) {
      totals.emplace_back();
      totals.back().gpu = std::get<0>(key);
    }
    add(best, totals.back());
  }
  return totals;
}

}  // namespace fib::judge
