// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "judge/trial_result.h"
#include "registry/store/registry.h"

/// What rankings and reports know about one Evaluation.
namespace fib::judge {

enum class Verdict : std::uint8_t { Faster, Slower, NoClearDifference, Unknown };
/// "faster", "slower", "no clear difference"; "unknown" where nobody measured an interval.
[[nodiscard]] std::string_view to_string(Verdict verdict);

/// Incumbent / candidate: above 1 the candidate is faster. The interval is there or not.
struct Speedup {
  double ratio = 0;
  std::optional<double> low, high;
  double confidence = 0;  ///< of the interval

  [[nodiscard]] bool has_interval() const { return low && high; }
};

/// What only readers of a single result care about. Empty where the Evaluation does not say.
struct ResultDetails {
  std::optional<double> max_absolute_error, max_relative_error, matched_ratio;
  std::optional<FirstWrong> first_wrong;
  std::vector<CheckResult> checks;
  std::optional<bool> incumbent_deterministic;
  std::vector<ModeTiming> modes;  ///< intervals of 0 where the mode has none
  std::string time_source, l2, gpu_uuid, driver, log;
  std::string incumbent_note;             ///< how its own runs differ
  registry::Json clocks, ncu, sanitizer;  ///< as they stand there; null if they don't
  std::optional<double> bytes_touched;    ///< inputs read and outputs written once
  std::string bytes_from;                 ///< who says that: "trial", "definition"
  std::optional<double> peak_bandwidth;   ///< of the GPU, bytes a second
  std::uint64_t pairs = 0, dropped = 0;   ///< samples of the decisive mode
  std::optional<double> seconds;          ///< that the trial took
};

/// What a Solution did with a workload on a GPU model, once. Latencies in milliseconds.
struct Result {
  std::string definition, op_type;
  std::string solution, author, language;  ///< author, language: empty for an unknown Solution
  std::string workload;                    ///< its uuid
  std::map<std::string, std::int64_t> axes;
  std::string gpu;  ///< model, as CUDA names it
  registry::Status status = registry::Status::Passed;
  std::string reason, detail;  ///< why it is not PASSED; empty: nobody said
  std::string timestamp;       ///< ISO, sorts as text

  double weight = 1;     ///< how often the engine ran the workload
  bool weighed = false;  ///< false: nobody counted, and the weight is 1
  std::string kernel;    ///< the incumbent's, mangled; empty: there is no incumbent
  std::string capture, case_id;
  std::optional<double> replayed_ms;  ///< the incumbent within the replayed sequence

  std::optional<double> latency_ms;    ///< iff it passed
  std::optional<double> reference_ms;  ///< as upstream has it; a reference that took no time: none
  std::optional<double> incumbent_ms;  ///< measured in turns with the candidate
  std::optional<Speedup> speedup;      ///< over the incumbent
  Verdict verdict = Verdict::Unknown;

  ResultDetails details;

  [[nodiscard]] bool passed() const { return latency_ms.has_value(); }
  /// The workload has an incumbent, measured or not.
  [[nodiscard]] bool has_incumbent() const { return incumbent_ms || !kernel.empty(); }
};

/// Which results to read; empty members leave out nothing.
struct ResultFilter {
  std::string gpu, definition, op_type, solution;
  /// Only results up to this time; a shorter one means all that it begins: "2026-11-29".
  std::string until;
};

/// Every result of the registry, in the order of its files. Members of ours that are of a wrong
/// type count as missing: whoever wrote them, the rest is still good.
[[nodiscard]] std::vector<Result> read_results(const registry::Registry& registry,
                                               const ResultFilter& filter = {});

/// Of each Solution, workload and GPU model the newest, whatever it says (of two of one time the
/// later one), sorted by GPU, Definition, Solution and axes.
[[nodiscard]] std::vector<Result> newest(std::vector<Result> results);

/// "batch=32, width=4096"; the workload's uuid if it has no axes.
[[nodiscard]] std::string shape_of(const Result& result);

}  // namespace fib::judge
