// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/export_policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace fib::judge {
namespace {

using Axes = std::map<std::string, std::int64_t>;
using Key = std::pair<std::string, Axes>;  ///< Definition, axes

constexpr std::array<std::string_view, 7> kNames = {
    "keep_all",  "keep_first", "keep_first_k", "keep_first_k_by_axes",
    "attention", "frequency",  "farthest"};

/// Every launch of every class in the order of the capture: process, window, number.
std::vector<ChosenLaunch> in_order(const std::vector<LaunchClass>& classes) {
  std::vector<ChosenLaunch> all;
  for (std::size_t i = 0; i < classes.size(); ++i)
    for (std::size_t w = 0; w < classes[i].windows.size(); ++w)
      for (std::size_t l = 0; l < classes[i].windows[w].launches.size(); ++l)
        all.push_back({i, w, l, "", 0});
  std::ranges::sort(all, {}, [&](const ChosenLaunch& it) {
    const WindowLaunches& window = classes[it.index].windows[it.window];
    return std::tuple(window.process, window.window, window.launches[it.launch]);
  });
  return all;
}

/// Upstream's key for attention: totals become averages over the sequences. Where a Definition has
/// no such axes the key is its axes, where upstream would drop the launch.
Axes attention_axes(Axes axes) {
  const auto take = [&axes](const char* name) -> double {
    const auto found = axes.find(name);
    if (found == axes.end()) return -1;
    const auto value = static_cast<double>(found->second);
    axes.erase(found);
    return value;
  };
  const double ends = take("len_indptr");
  if (ends < 0) return axes;
  const double sequences = std::max(ends - 1, 1.0);
  (void)take("num_pages");
  const double kv = take("num_kv_indices"), q = take("total_q");
  if (kv >= 0) axes["avg_kv_len"] = std::llround(kv / sequences);
  if (q >= 0) axes["avg_q_len"] = std::llround(q / sequences);
  return axes;
}

Key key_of(const LaunchClass& of, ExportPolicy policy) {
  switch (policy) {
    case ExportPolicy::KeepFirstKByAxes: return {of.definition, of.axes};
    case ExportPolicy::Attention: return {of.definition, attention_axes(of.axes)};
    default: return {of.definition, {}};
  }
}

std::vector<ChosenLaunch> first_of_each(const std::vector<LaunchClass>& classes,
                                        ExportPolicy policy, std::size_t k) {
  std::map<Key, std::size_t> taken;
  std::vector<ChosenLaunch> chosen;
  for (const ChosenLaunch& launch : in_order(classes))
    if (taken[key_of(classes[launch.index], policy)]++ < k) chosen.push_back(launch);
  return chosen;
}

double distance(const LaunchClass& a, const LaunchClass& b) {
  double sum = a.binding == b.binding ? 0 : 1;
  for (const auto& [name, value] : a.axes) {
    const auto other = b.axes.find(name);
    if (other == b.axes.end()) continue;
    const double ratio = std::log2(static_cast<double>(value) / static_cast<double>(other->second));
    sum += ratio * ratio;
  }
  return sum;
}

/// The k of one Definition that lie farthest from those chosen before them; the first stays first.
std::vector<std::size_t> farthest(const std::vector<LaunchClass>& classes,
                                  const std::vector<std::size_t>& of_one, std::size_t k) {
  std::vector<std::size_t> chosen;
  std::vector<double> nearest(of_one.size(), std::numeric_limits<double>::infinity());
  for (std::size_t at = 0; chosen.size() < std::min(k, of_one.size());) {
    chosen.push_back(of_one[at]);
    for (std::size_t i = 0; i < of_one.size(); ++i)
      nearest[i] = std::min(nearest[i], distance(classes[of_one[at]], classes[of_one[i]]));
    nearest[at] = -1;
    at = static_cast<std::size_t>(std::ranges::max_element(nearest) - nearest.begin());
  }
  return chosen;
}

/// One launch of k classes of each Definition.
std::vector<ChosenLaunch> of_classes(const std::vector<LaunchClass>& classes, ExportPolicy policy,
                                     std::size_t k) {
  std::map<std::string, std::vector<std::size_t>> by_definition;
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (!classes[i].windows.empty()) by_definition[classes[i].definition].push_back(i);
  std::vector<ChosenLaunch> chosen;
  for (auto& [definition, of_one] : by_definition) {
    std::ranges::stable_sort(of_one, std::greater{},
                             [&](std::size_t i) { return classes[i].count; });
    if (policy == ExportPolicy::Farthest) of_one = farthest(classes, of_one, k);
    for (std::size_t i = 0; i < std::min(k, of_one.size()); ++i)
      chosen.push_back({of_one[i], 0, 0, "", 0});
  }
  return chosen;
}

std::vector<ChosenLaunch> choose(const std::vector<LaunchClass>& classes, ExportPolicy policy,
                                 std::size_t k) {
  switch (policy) {
    case ExportPolicy::KeepAll: return in_order(classes);
    case ExportPolicy::KeepFirst: return first_of_each(classes, policy, 1);
    case ExportPolicy::Frequency:
    case ExportPolicy::Farthest: return of_classes(classes, policy, k);
    default: return first_of_each(classes, policy, k);
  }
}

}  // namespace

std::optional<ExportPolicy> export_policy(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<ExportPolicy>(found - kNames.begin());
}

std::vector<ChosenLaunch> choose_for_export(const std::vector<LaunchClass>& classes,
                                            ExportPolicy policy, std::size_t k) {
  std::vector<ChosenLaunch> chosen = choose(classes, policy, k);
  std::map<std::size_t, std::uint64_t> shares;
  for (const ChosenLaunch& launch : chosen) ++shares[launch.index];
  for (ChosenLaunch& launch : chosen)
    launch.count = std::max<std::uint64_t>(classes[launch.index].count / shares[launch.index], 1);
  return chosen;
}

std::size_t keep_within(std::uint64_t bytes, const std::vector<LaunchClass>& classes,
                        std::vector<ChosenLaunch>& chosen) {
  std::uint64_t used = 0;
  return std::erase_if(chosen, [&](const ChosenLaunch& launch) {
    const std::uint64_t more = classes[launch.index].input_bytes;
    if (more > bytes - used) return true;
    used += more;
    return false;
  });
}

}  // namespace fib::judge
