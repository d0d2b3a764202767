// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "judge/rank/result.h"
#include "judge/report/html.h"

/// Plots as SVG. Colours are classes, which report.css gives for light and dark.
namespace fib::judge {

/// One candidate on one workload.
struct SpeedupBar {
  std::string label, note;  ///< note: the numbers, or why there are none
  std::optional<Speedup> speedup;
  Verdict verdict = Verdict::Unknown;
};
/// Speedups over the incumbent with their intervals, one below the other; 1 is marked.
[[nodiscard]] Markup speedup_plot(const std::string& title, std::span<const SpeedupBar> bars);

/// One author or Solution: its ratios, ascending; failures are 0.
struct FastCurve {
  std::string name;
  std::vector<double> ratios;
};
/// Share of workloads with a ratio above p, over p, as steps, with a legend. The first eight curves
/// have a colour of their own, the next eight the same, dashed.
[[nodiscard]] Markup fast_p_plot(const std::string& title, std::span<const FastCurve> curves);

/// A bar of this share of its cell's width.
[[nodiscard]] Markup share_bar(double share);

}  // namespace fib::judge
