// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/compare_runs.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace fib::judge {
namespace {

constexpr std::array<std::string_view, 9> kKindNames = {
    "new failure",         "slower",      "fixed", "faster",
    "no clear difference", "still fails", "added", "removed",
    "not measured again"};

/// Of an interval that holds only if both of its sources do.
double joint_confidence(double a, double b) {
  return a > 0 && b > 0 ? std::max(0.0, a + b - 1) : 0;
}

void compare_times(Change& change) {
  const Result &before = *change.before, &after = *change.after;
  change.ratio = *after.latency_ms / *before.latency_ms;
  if (!before.speedup || !after.speedup || before.kernel != after.kernel) return;
  const Speedup &old_speedup = *before.speedup, &new_speedup = *after.speedup;
  change.against_incumbent = true;
  change.ratio = old_speedup.ratio / new_speedup.ratio;
  if (!old_speedup.has_interval() || !new_speedup.has_interval()) return;
  change.low = *old_speedup.low / *new_speedup.high;
  change.high = *old_speedup.high / *new_speedup.low;
  change.confidence = joint_confidence(old_speedup.confidence, new_speedup.confidence);
}

ChangeKind kind_of(const Change& change) {
  const double low = change.low.value_or(change.ratio), high = change.high.value_or(change.ratio);
  if (low > 1) return ChangeKind::Slower;
  return high < 1 ? ChangeKind::Faster : ChangeKind::NoClearDifference;
}

bool same_result(const Result& a, const Result& b) {
  return a.timestamp == b.timestamp && a.status == b.status && a.latency_ms == b.latency_ms &&
         a.incumbent_ms == b.incumbent_ms;
}

void judge(Change& change) {
  if (change.before == nullptr) {
    change.kind = ChangeKind::Added;
  } else if (change.after == nullptr) {
    change.kind = ChangeKind::Removed;
  } else if (same_result(*change.before, *change.after)) {
    change.kind = ChangeKind::NotMeasuredAgain;
  } else if (!change.before->passed() || !change.after->passed()) {
    change.kind = change.after->passed()    ? ChangeKind::Fixed
                  : change.before->passed() ? ChangeKind::NewFailure
                                            : ChangeKind::StillFails;
  } else {
    compare_times(change);
    change.kind = kind_of(change);
  }
}

}  // namespace

std::string_view to_string(ChangeKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::vector<Change> compare_runs(std::span<const Result> before, std::span<const Result> after) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, Change> changes;
  const auto at = [&](const Result& it) -> Change& {
    return changes[{it.gpu, it.definition, it.solution, it.workload}];
  };
  for (const Result& result : before) at(result).before = &result;
  for (const Result& result : after) at(result).after = &result;
  std::vector<Change> list;
  for (auto& [key, change] : changes) {
    judge(change);
    list.push_back(change);
  }
  std::stable_sort(list.begin(), list.end(), [](const Change& a, const Change& b) {
    return std::tie(a.kind, b.ratio) < std::tie(b.kind, a.ratio);
  });
  return list;
}

bool is_regression(const Change& change, double percent) {
  if (change.kind == ChangeKind::NewFailure) return true;
  return change.kind == ChangeKind::Slower && change.low.value_or(change.ratio) > 1 + percent / 100;
}

}  // namespace fib::judge
