// SPDX-License-Identifier: Apache-2.0
#include "registry/match/ranking.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

namespace fib::match {
namespace {

struct DTypeTolerance {
  std::string_view dtype;
  Tolerance tolerance;
};
// Two to four units in the last place relatively; absolutely what such a type loses around 1 in a
// reduction whose order changed. Types that are not here (integers, bool) must be equal.
constexpr DTypeTolerance kTolerances[] = {
    {"float32", {1e-4, 1e-3}},      {"float16", {2e-3, 4e-3}},   {"bfloat16", {1e-2, 1.6e-2}},
    {"float8_e4m3fn", {0.1, 0.25}}, {"float8_e5m2", {0.1, 0.5}}, {"float4_e2m1", {0.5, 0.5}}};

/// What a candidate did at one point.
struct Record {
  bool good = true;
  std::size_t workloads = 0;
  double weight = 0, latency = 0;  ///< latency: sum of weight times time
};

struct Entry {
  std::map<std::int32_t, Record> records;
  double weight = 0;
};

using Axes = std::vector<std::int64_t>;

std::optional<Axes> axes_of(const Measurement& measurement, const std::vector<std::string>& names) {
  Axes axes;
  for (const std::string& name : names) {
    const auto found = measurement.axes.find(name);
    if (found == measurement.axes.end()) return std::nullopt;
    axes.push_back(found->second);
  }
  return axes;
}

bool is_correct(const Measurement& measurement, const Tolerance& tolerance) {
  return measurement.passed && (measurement.max_absolute_error <= tolerance.absolute ||
                                measurement.max_relative_error <= tolerance.relative);
}

bool is_faster(const Measurement& measurement, const Policy& policy) {
  if (!measurement.speedup || !(measurement.latency_ms > 0)) return false;
  const auto& [ratio, low, confidence] = *measurement.speedup;
  if (!(ratio >= policy.min_speedup)) return false;
  if (low && confidence >= policy.confidence) return *low >= policy.min_speedup;
  return !policy.require_confidence;
}

void enter(Entry& entry, std::int32_t candidate, const Measurement& measurement, bool good) {
  const double weight = measurement.weight > 0 ? measurement.weight : 0;
  Record& record = entry.records[candidate];
  record.good = record.good && good;
  ++record.workloads;
  record.weight += weight;
  record.latency += weight * measurement.latency_ms;
  entry.weight = std::max(entry.weight, record.weight);
}

std::int32_t winner_of(const Entry& entry) {
  std::size_t most = 0;
  for (const auto& [candidate, record] : entry.records) most = std::max(most, record.workloads);
  std::int32_t winner = kNoCandidate;
  double best = 0;
  for (const auto& [candidate, record] : entry.records) {
    if (!record.good || record.workloads < most || record.weight <= 0) continue;
    const double mean = record.latency / record.weight;
    if (winner != kNoCandidate && mean >= best) continue;
    winner = candidate;
    best = mean;
  }
  return winner;
}

}  // namespace

Tolerance tolerance_of(const Policy& policy, const DefinitionSpec& definition) {
  Tolerance tolerance;
  for (const TensorSpec& output : definition.outputs) {
    for (const auto& [dtype, allowed] : kTolerances) {
      if (dtype != output.dtype) continue;
      tolerance.absolute = std::max(tolerance.absolute, allowed.absolute);
      tolerance.relative = std::max(tolerance.relative, allowed.relative);
    }
  }
  return {policy.max_absolute_error.value_or(tolerance.absolute),
          policy.max_relative_error.value_or(tolerance.relative)};
}

Ranking rank(const Contest& contest, const Policy& policy) {
  std::map<Axes, Entry> entries;
  std::set<std::int32_t> wrong;
  for (const Measurement* const measurement : contest.measurements) {
    const auto candidate = contest.candidates.find(measurement->candidate);
    if (candidate == contest.candidates.end()) continue;
    const auto axes = axes_of(*measurement, contest.axes);
    if (!axes) continue;
    const bool correct = is_correct(*measurement, contest.tolerance);
    if (!correct) wrong.insert(candidate->second);
    enter(entries[*axes], candidate->second, *measurement,
          correct && is_faster(*measurement, policy));
  }
  Ranking ranking;
  std::map<std::int32_t, double> won;
  for (const auto& [axes, entry] : entries) {
    const std::int32_t winner = winner_of(entry);
    if (winner != kNoCandidate) won[winner] += entry.weight;
    ranking.points.push_back({axes, winner});
  }
  double most = 0;
  for (const auto& [candidate, weight] : won) {
    if (weight <= most || wrong.contains(candidate)) continue;
    most = weight;
    ranking.best = candidate;
  }
  return ranking;
}

}  // namespace fib::match
