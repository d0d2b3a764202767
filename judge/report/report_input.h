// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "judge/rank/field.h"
#include "judge/rank/result.h"
#include "judge/report/engine_facts.h"

namespace fib::judge {

/// All that a report says. Reports of equal inputs are equal to the byte.
struct ReportInput {
  std::string registry, capture, replay;  ///< as the commands in the report name them
  std::string process;                    ///< of the replay; may be empty, like capture and replay
  std::vector<Result> results;            ///< newest()
  std::vector<Entrant> entrants;
  std::string baseline_author;  ///< for fast_p and the ranking of authors; empty: the incumbent
  std::size_t unreadable = 0;   ///< records of the registry that did not load
  std::optional<EngineFacts> engine;
  /// What people call a kernel; empty: its mangled name.
  std::function<std::string(const std::string& mangled)> kernel_name;

  [[nodiscard]] std::string kernel(const std::string& mangled) const {
    return kernel_name ? kernel_name(mangled) : mangled;
  }
};

/// One page of HTML that needs no network: what the engine runs, candidates against incumbents,
/// curves, rankings, and the commands behind the numbers.
[[nodiscard]] std::string html_report(const ReportInput& input);

/// The same for a pull request: totals, candidates, failures. Long tables are cut, and say so.
[[nodiscard]] std::string markdown_report(const ReportInput& input);

/// What programs and agents go by: each result with why it is what it is. docs/report.md lists the
/// members.
[[nodiscard]] registry::Json feedback(const ReportInput& input);

}  // namespace fib::judge
