// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "judge/cases/make_cases.h"
#include "judge/run/bench.h"

namespace fib::cli {

/// What came of a whole bench.
struct BenchSummary {
  std::size_t passed = 0, wrong = 0, not_applicable = 0, not_tried = 0, faster = 0;
  std::size_t resumed = 0;  ///< had a result already
  std::size_t untimed = 0;  ///< of those that passed: not written
};
[[nodiscard]] BenchSummary summarize(const std::vector<judge::JobOutcome>& outcomes);

/// "PASSED", "RUNTIME_ERROR: crashed", "not applicable: ..." or "not tried: ...".
[[nodiscard]] std::string status_of(const judge::JobOutcome& outcome);
/// One line about one outcome, for the progress.
[[nodiscard]] std::string line_of(const judge::JobOutcome& outcome);

/// A table with one row for each, and a line that sums up.
void print_bench(const Context& context, const judge::CaseSet& cases,
                 const std::vector<judge::JobOutcome>& outcomes, const BenchSummary& summary);
/// The same, with everything that is known, as one JSON object.
void print_bench_json(const Context& context, const judge::CaseSet& cases,
                      const std::vector<judge::JobOutcome>& outcomes, const BenchSummary& summary);

}  // namespace fib::cli
