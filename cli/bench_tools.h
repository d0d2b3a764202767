// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "judge/run/evaluation.h"
#include "judge/trial_request.h"

namespace fib::cli {

/// NVIDIA's tools that look at a candidate beside its trial.
struct BenchTools {
  std::string sanitizer;  ///< tool of compute-sanitizer; empty: none
  bool ncu = false;
  double seconds = 600;  ///< that a tool may take for one candidate on one case

  [[nodiscard]] bool any() const { return ncu || !sanitizer.empty(); }
};

/// Throws CliError that says what is missing and where it comes from.
void check_tools(const BenchTools& tools);

/// Runs `fib trial` of the request under the tools, without timing: what they found, as JSON. A
/// tool that takes too long is ended, and `ending` says so.
/// `entries`: the candidate's kernels, mangled, which are to be profiled.
[[nodiscard]] judge::ToolFindings run_tools(const BenchTools& tools,
                                            const judge::TrialRequest& request,
                                            const std::vector<std::string>& entries);

/// From what ncu prints with --csv --page raw: for each kernel its name, duration, throughputs,
/// occupancy and registers. Empty if there is no such table.
[[nodiscard]] registry::Json read_ncu_csv(const std::string& text);

}  // namespace fib::cli
