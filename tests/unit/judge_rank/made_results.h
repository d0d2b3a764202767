// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "judge/rank/result.h"

/// Results out of thin air: no number in these tests was measured.
namespace fib::judge::testing {

/// Passed without an incumbent, as upstream's tools write it.
inline Result passed(std::string solution, std::string author, std::string workload, double ms) {
  Result result;
  result.definition = "norm";
  result.solution = std::move(solution);
  result.author = std::move(author);
  result.workload = std::move(workload);
  result.gpu = "GPU";
  result.timestamp = "2026-01-01T00:00:00";
  result.latency_ms = ms;
  return result;
}

inline Result failed(std::string solution, std::string author, std::string workload) {
  Result result = passed(std::move(solution), std::move(author), std::move(workload), 1);
  result.latency_ms.reset();
  result.status = registry::Status::RuntimeError;
  return result;
}

/// As the judge writes it: the verdict follows from the interval of the speedup.
inline Result judged(std::string solution, std::string workload, double incumbent_ms, double ms,
                     double low, double high) {
  Result result = passed(std::move(solution), "ada", std::move(workload), ms);
  result.kernel = "incumbent_kernel";
  result.incumbent_ms = incumbent_ms;
  result.speedup = Speedup{incumbent_ms / ms, low, high, 0.95};
  result.verdict = low > 1    ? Verdict::Faster
                   : high < 1 ? Verdict::Slower
                              : Verdict::NoClearDifference;
  result.weight = 10;
  result.weighed = true;
  return result;
}

}  // namespace fib::judge::testing
