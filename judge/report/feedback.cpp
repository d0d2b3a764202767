// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "judge/rank/saving.h"
#include "judge/report/engine_text.h"
#include "judge/report/report_input.h"
#include "judge/report/text.h"

namespace fib::judge {
namespace {

using registry::Json;

constexpr std::size_t kLogKept = 4000;  ///< bytes, of the log's end
constexpr double kMsPerSecond = 1e3, kNsPerMs = 1e6;

/// JSON has no infinity and no NaN; as upstream, they are strings.
Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json or_null(const std::optional<double>& value) { return value ? number(*value) : Json(); }

Json interval(const Speedup& speedup) {
  return {{"ratio", speedup.ratio},
          {"low", or_null(speedup.low)},
          {"high", or_null(speedup.high)},
          {"confidence", speedup.confidence}};
}

Json timing(const Result& result) {
  const ResultDetails& details = result.details;
  Json object{{"source", details.time_source.empty() ? "unknown" : details.time_source},
              {"l2", details.l2.empty() ? "unknown" : details.l2},
              {"pairs", details.pairs},
              {"dropped", details.dropped}};
  Json& modes = object["modes"] = Json::array();
  for (const ModeTiming& mode : details.modes)
    modes.push_back({{"mode", mode.mode},
                     {"incumbent_ms", number(mode.incumbent_ns / kNsPerMs)},
                     {"latency_ms", number(mode.candidate_ns / kNsPerMs)},
                     {"speedup", number(mode.ratio)},
                     {"low", mode.low > 0 ? number(mode.low) : Json()},
                     {"high", mode.high > 0 ? number(mode.high) : Json()},
                     {"confidence", number(mode.confidence)},
                     {"pairs", mode.pairs},
                     {"dropped", mode.dropped},
                     {"verdict", mode.verdict}});
  return object;
}

Json correctness(const ResultDetails& details) {
  Json object{{"max_absolute_error", or_null(details.max_absolute_error)},
              {"max_relative_error", or_null(details.max_relative_error)},
              {"matched_ratio", or_null(details.matched_ratio)}};
  object["first_wrong"] = nullptr;
  if (const auto& wrong = details.first_wrong)
    object["first_wrong"] = {{"output", wrong->output},
                             {"index", wrong->index},
                             {"expected", number(wrong->expected)},
                             {"got", number(wrong->got)}};
  Json& checks = object["checks"] = Json::array();
  for (const CheckResult& check : details.checks)
    checks.push_back({{"name", check.name}, {"passed", check.passed}, {"detail", check.detail}});
  if (details.incumbent_deterministic)
    object["incumbent_deterministic"] = *details.incumbent_deterministic;
  if (!details.incumbent_note.empty()) object["incumbent_note"] = details.incumbent_note;
  return object;
}

/// Bytes that have to be moved against what the GPU can move.
Json roofline(const Result& result) {
  const ResultDetails& details = result.details;
  Json object{{"bytes_touched", details.bytes_touched ? Json(*details.bytes_touched) : "unknown"},
              {"bytes_from", details.bytes_from.empty() ? "unknown" : details.bytes_from},
              {"bytes_per_second", "unknown"},
              {"incumbent_bytes_per_second", "unknown"},
              {"peak_bytes_per_second", "unknown"},
              {"share_of_peak", "unknown"}};
  if (details.peak_bandwidth) object["peak_bytes_per_second"] = *details.peak_bandwidth;
  if (!details.bytes_touched) return object;
  if (result.incumbent_ms)
    object["incumbent_bytes_per_second"] =
        *details.bytes_touched / *result.incumbent_ms * kMsPerSecond;
  if (!result.latency_ms) return object;
  const double rate = *details.bytes_touched / *result.latency_ms * kMsPerSecond;
  object["bytes_per_second"] = rate;
  if (details.peak_bandwidth) object["share_of_peak"] = rate / *details.peak_bandwidth;
  return object;
}

std::string end_of(const std::string& log) {
  return log.size() <= kLogKept ? log : "…" + log.substr(log.size() - kLogKept);
}

Json engine_side(const Result& result, const ReportInput& input) {
  if (!result.has_incumbent() && !result.weighed) return nullptr;
  return {{"incumbent_kernel", result.kernel},
          {"incumbent_name", input.kernel(result.kernel)},
          {"capture", result.capture},
          {"case", result.case_id},
          {"runs", result.weighed ? Json(result.weight) : Json()},
          {"replayed_ms", or_null(result.replayed_ms)}};
}

Json result_json(const Result& result, const ReportInput& input) {
  const auto saved = saved_time(result);
  Json object{{"solution", result.solution},
              {"author", result.author},
              {"definition", result.definition},
              {"workload", result.workload},
              {"axes", Json(result.axes)},
              {"gpu", result.gpu},
              {"timestamp", result.timestamp},
              {"status", registry::to_string(result.status)},
              {"passed", result.passed()},
              {"reason", result.reason},
              {"detail", result.detail},
              {"verdict", to_string(result.verdict)},
              {"latency_ms", or_null(result.latency_ms)},
              {"incumbent_ms", or_null(result.incumbent_ms)},
              {"reference_ms", or_null(result.reference_ms)},
              {"speedup", result.speedup ? interval(*result.speedup) : Json()},
              {"saved_ms", saved ? number(saved->ms) : Json()},
              {"engine", engine_side(result, input)},
              {"correctness", correctness(result.details)},
              {"timing", timing(result)},
              {"roofline", roofline(result)},
              {"ncu", result.details.ncu},
              {"sanitizer", result.details.sanitizer},
              {"clocks", result.details.clocks},
              {"gpu_uuid", result.details.gpu_uuid},
              {"driver", result.details.driver},
              {"log", end_of(result.details.log)}};
  return object;
}

}  // namespace

Json feedback(const ReportInput& input) {
  Json document{{"format", 1}};
  if (!input.registry.empty()) document["registry"] = input.registry;
  if (!input.capture.empty()) document["capture"] = input.capture;
  if (input.engine) document["engine"] = engine_json(*input.engine);
  Json& gpus = document["gpus"] = Json::array();
  for (const TotalSaving& total : total_savings(input.results))
    gpus.push_back({{"gpu", total.gpu},
                    {"workloads", total.workloads},
                    {"improved", total.improved},
                    {"incumbent_ms", total.incumbent_ms},
                    {"saved_ms", total.saved_ms},
                    {"weights_known", total.weighed}});
  Json& results = document["results"] = Json::array();
  for (const Result& result : input.results) results.push_back(result_json(result, input));
  return document;
}

}  // namespace fib::judge
