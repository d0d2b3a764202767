// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/author_ranking.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace fib::judge {
namespace {

/// What a Solution did, by workload: its fastest passing result, null if none passed.
struct Record {
  std::map<std::string, const Result*> best;
  bool failed = false;
};

Record record_of(const Field& field, const std::string& solution) {
  Record record;
  for (const Result& result : field.results) {
    if (result.solution != solution) continue;
    const Result*& best = record.best[result.workload];
    if (!result.passed())
      record.failed = true;
    else if (best == nullptr || *result.latency_ms < *best->latency_ms)
      best = &result;
  }
  return record;
}

/// Ratios of the workloads that can be compared; 0 where the Solution did not pass.
std::vector<double> against_author(const Record& record, const Record& baseline) {
  std::vector<double> ratios;
  for (const auto& [workload, own] : record.best) {
    const auto found = baseline.best.find(workload);
    if (found == baseline.best.end() || found->second == nullptr) continue;
    ratios.push_back(own == nullptr ? 0 : *found->second->latency_ms / *own->latency_ms);
  }
  return ratios;
}

std::vector<double> against_incumbent(const Field& field, const Record& record,
                                      const std::string& solution) {
  std::vector<double> ratios;
  for (const auto& [workload, own] : record.best) {
    if (own != nullptr) {
      if (own->speedup) ratios.push_back(own->speedup->ratio);
      continue;
    }
    const bool known = std::any_of(
        field.results.begin(), field.results.end(), [&, name = workload](const Result& it) {
          return it.solution == solution && it.workload == name && it.has_incumbent();
        });
    if (known) ratios.push_back(0);
  }
  return ratios;
}

std::optional<Score> best_of(const Field& field, const std::string& author,
                             const std::string& definition, std::string& solution) {
  std::optional<Score> best;
  for (const Entrant& entrant : field.entrants) {
    if (entrant.author != author || entrant.definition != definition) continue;
    auto score = solution_score(field, entrant);
    if (!score || (best && !(score->speedup > best->speedup))) continue;
    best = std::move(score);
    solution = entrant.solution;
  }
  return best;
}

std::optional<Score> author_score(const Field& field, const std::string& author,
                                  const std::set<std::string>& definitions) {
  Score total;
  for (const std::string& definition : definitions) {
    std::string solution;
    const auto best = best_of(field, author, definition, solution);
    if (!best) continue;
    ++total.definitions;
    total.workloads += best->workloads;
    total.speedup += best->speedup;
    total.success_rate += best->success_rate;
    total.win_rate += best->win_rate;
    total.best_solutions[definition] = solution;
  }
  if (total.definitions == 0) return std::nullopt;
  const auto count = static_cast<double>(total.definitions);
  total.speedup /= count;
  total.success_rate /= count;
  total.win_rate /= count;
  return total;
}

}  // namespace

std::optional<Score> solution_score(const Field& field, const Entrant& entrant) {
  const Record record = record_of(field, entrant.solution);
  std::vector<double> ratios;
  if (field.against_incumbent()) {
    ratios = against_incumbent(field, record, entrant.solution);
  } else {
    const Entrant& baseline = baseline_of(field, entrant.definition);
    if (baseline.solution == entrant.solution) return std::nullopt;
    ratios = against_author(record, record_of(field, baseline.solution));
  }
  if (ratios.empty()) return std::nullopt;
  Score score;
  score.definitions = 1;
  score.workloads = ratios.size();
  if (record.failed) return score;
  const auto count = static_cast<double>(ratios.size());
  score.speedup = std::accumulate(ratios.begin(), ratios.end(), 0.0) / count;
  const auto wins = std::count_if(ratios.begin(), ratios.end(), [](double it) { return it > 1; });
  score.win_rate = static_cast<double>(wins) / count;
  score.success_rate = 1;
  return score;
}

std::vector<AuthorScore> author_ranking(const Field& field) {
  std::set<std::string> authors, definitions;
  for (const Entrant& entrant : field.entrants) {
    authors.insert(entrant.author);
    definitions.insert(entrant.definition);
  }
  std::vector<AuthorScore> ranking;
  for (const std::string& author : authors) {
    if (auto score = author_score(field, author, definitions))
      ranking.push_back({author, std::move(*score)});
  }
  std::stable_sort(ranking.begin(), ranking.end(),
                   [](const auto& a, const auto& b) { return a.score.speedup > b.score.speedup; });
  return ranking;
}

}  // namespace fib::judge
