// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/ratios.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

namespace fib::judge {
namespace {

using Key = std::pair<std::string, std::string>;  ///< Definition, workload
using Groups = std::map<Key, std::vector<const Result*>>;

Groups groups_of(const Field& field) {
  Groups groups;
  for (const Result& result : field.results)
    groups[{result.definition, result.workload}].push_back(&result);
  return groups;
}

std::set<std::string> baselines_of(const Field& field) {
  std::set<std::string> names;
  if (field.against_incumbent()) return names;
  std::set<std::string> definitions;
  for (const Result& result : field.results) definitions.insert(result.definition);
  for (const std::string& definition : definitions)
    if (const Entrant* const baseline = find_baseline(field, definition))
      names.insert(baseline->solution);
  return names;
}

/// The baseline's latency of a workload; 0: there is none.
double baseline_latency(const std::vector<const Result*>& group,
                        const std::set<std::string>& baselines) {
  const auto first = std::find_if(group.begin(), group.end(), [&](const Result* it) {
    return baselines.count(it->solution) != 0;
  });
  return first == group.end() ? 0 : (*first)->latency_ms.value_or(0);
}

/// Nothing: the result can't be compared.
std::optional<double> ratio_of(const Result& result, bool against_incumbent, double baseline) {
  if (against_incumbent) {
    if (result.speedup) return result.speedup->ratio;
    return result.has_incumbent() && !result.passed() ? std::optional(0.0) : std::nullopt;
  }
  if (!(baseline > 0)) return std::nullopt;
  return result.passed() ? baseline / *result.latency_ms : 0.0;
}

bool same_author(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// Of a Solution that the registry does not have, what stands before the first underscore, as
/// upstream guesses.
std::string author_of(const Result& result) {
  return result.author.empty() ? result.solution.substr(0, result.solution.find('_'))
                               : result.author;
}

/// The fastest passing result of each author of a workload; null: none passed.
std::map<std::string, const Result*> best_by_author(const std::vector<const Result*>& group) {
  std::map<std::string, const Result*> best;
  for (const Result* const result : group) {
    const Result*& kept = best[author_of(*result)];
    if (result->passed() && (kept == nullptr || *result->latency_ms < *kept->latency_ms))
      kept = result;
  }
  return best;
}

const Result* win_baseline(const std::map<std::string, const Result*>& best,
                           const std::string& author) {
  const Result* fastest = nullptr;
  for (const auto& [name, result] : best) {
    if (result == nullptr) continue;
    if (same_author(name, author)) return result;
    if (fastest == nullptr || *result->latency_ms < *fastest->latency_ms) fastest = result;
  }
  return fastest;
}

void add_wins(const Field& field, const Key& key, const std::vector<const Result*>& group,
              std::vector<Attempt>& attempts) {
  const auto best = best_by_author(group);
  const Result* const baseline =
      field.against_incumbent() ? nullptr : win_baseline(best, field.baseline_author);
  if (!field.against_incumbent() && baseline == nullptr) return;
  for (const auto& [author, result] : best) {
    if (baseline != nullptr && author_of(*baseline) == author) continue;
    const Result& shown =
        result != nullptr
            ? *result
            : **std::ranges::find(group, author, [](const Result* it) { return author_of(*it); });
    const auto ratio =
        ratio_of(shown, field.against_incumbent(), baseline != nullptr ? *baseline->latency_ms : 0);
    if (ratio) attempts.push_back({key.first, key.second, shown.solution, author, *ratio});
  }
}

}  // namespace

std::vector<Attempt> fast_attempts(const Field& field) {
  const std::set<std::string> baselines = baselines_of(field);
  std::vector<Attempt> attempts;
  for (const auto& [key, group] : groups_of(field)) {
    const double baseline = baseline_latency(group, baselines);
    std::map<std::string, Attempt> by_solution;
    for (const Result* const result : group) {
      if (result->author.empty() || baselines.count(result->solution) != 0) continue;
      const auto ratio = ratio_of(*result, field.against_incumbent(), baseline);
      if (!ratio) continue;
      Attempt& attempt = by_solution[result->solution];
      if (*ratio == 0 && attempt.ratio > 0) continue;
      attempt = {key.first, key.second, result->solution, result->author, *ratio};
    }
    for (auto& [name, attempt] : by_solution) attempts.push_back(std::move(attempt));
  }
  return attempts;
}

std::vector<Attempt> win_attempts(const Field& field) {
  std::vector<Attempt> attempts;
  for (const auto& [key, group] : groups_of(field)) add_wins(field, key, group, attempts);
  return attempts;
}

Share share_of(std::span<const double> ratios, double p, Threshold threshold) {
  Share share;
  share.attempted = ratios.size();
  share.reached =
      static_cast<std::uint64_t>(std::count_if(ratios.begin(), ratios.end(), [&](double ratio) {
        return threshold == Threshold::Above ? ratio > p : ratio >= p;
      }));
  return share;
}

std::map<std::string, std::vector<double>> ratios_by(std::span<const Attempt> attempts,
                                                     GroupBy by) {
  std::map<std::string, std::vector<double>> ratios;
  for (const Attempt& attempt : attempts)
    ratios[by == GroupBy::Author ? attempt.author : attempt.solution].push_back(attempt.ratio);
  for (auto& [name, list] : ratios) std::sort(list.begin(), list.end());
  return ratios;
}

std::map<std::string, Coverage> coverage_of(const Field& field, std::span<const Attempt> attempts) {
  const std::set<std::string> baselines = baselines_of(field);
  std::map<std::string, std::uint64_t> workloads;  // by Definition
  for (const auto& [key, group] : groups_of(field)) {
    const bool comparable = field.against_incumbent()
                                ? std::any_of(group.begin(), group.end(),
                                              [](const Result* it) { return it->has_incumbent(); })
                                : baseline_latency(group, baselines) > 0;
    if (comparable) ++workloads[key.first];
  }
  std::map<std::string, Coverage> coverage;
  for (const Entrant& entrant : field.entrants) {
    const auto found = workloads.find(entrant.definition);
    if (found == workloads.end() || baselines.count(entrant.solution) != 0) continue;
    coverage[entrant.author].possible += found->second;
  }
  for (const Attempt& attempt : attempts) ++coverage[attempt.author].attempted;
  return coverage;
}

}  // namespace fib::judge
