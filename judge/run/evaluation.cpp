// SPDX-License-Identifier: Apache-2.0
#include "judge/run/evaluation.h"

#include <chrono>
#include <cstdio>
#include <ctime>

#include "judge/wire.h"

namespace fib::judge {
namespace {

using registry::Json;
using registry::Status;

constexpr double kNsPerMs = 1e6;

Json number(double value) { return registry::number_to_json(value); }

Json mode_json(const ModeTiming& mode) {
  return {{"incumbent_ns", mode.incumbent_ns},
          {"candidate_ns", mode.candidate_ns},
          {"ratio", number(mode.ratio)},
          {"low", number(mode.low)},
          {"high", number(mode.high)},
          {"confidence", mode.confidence},
          {"pairs", mode.pairs},
          {"dropped", mode.dropped},
          {"verdict", mode.verdict}};
}

registry::Performance performance_of(const TrialResult& result) {
  const ModeTiming& mode = *result.decisive();
  registry::Performance performance;
  performance.latency_ms = mode.candidate_ns / kNsPerMs;
  performance.reference_latency_ms = mode.incumbent_ns / kNsPerMs;
  performance.speedup_factor = mode.candidate_ns > 0 ? mode.incumbent_ns / mode.candidate_ns : 0;
  const bool is_compared = mode.ratio > 0;
  Json modes = Json::object();
  for (const ModeTiming& each : result.timing)
    registry::append_member(modes, each.mode, mode_json(each));
  Json ours = Json::object();
  // Not over an engine's kernel: who redirects launches must not take it for that.
  if (!result.baseline.empty())
    ours = {{"against", "baseline"},
            {"baseline", result.baseline},
            {"baseline_latency_ms", performance.reference_latency_ms}};
  else if (is_compared)
    ours = {{"incumbent_latency_ms", performance.reference_latency_ms}};
  else
    ours = {{"against", "nothing"}};
  if (is_compared) {
    ours["speedup_low"] = number(mode.low);
    ours["speedup_high"] = number(mode.high);
  }
  ours.update({{"confidence", mode.confidence},
               {"verdict", mode.verdict},
               {"source", result.time_source},
               {"l2", mode.mode},
               {"pairs", mode.pairs},
               {"dropped", mode.dropped},
               {"modes", std::move(modes)}});
  performance.members.set_unknown("fibshim", std::move(ours));
  return performance;
}

/// Reason, first wrong element and checks, as the child says them.
Json correctness_json(const TrialResult& result) {
  Json whole = to_json(result);
  Json json = Json::object();
  for (const char* key : {"reason", "matched_ratio", "first_wrong", "checks",
                          "incumbent_deterministic", "incumbent_note"})
    json[key] = std::move(whole[key]);
  return json;
}

registry::Correctness correctness_of(const TrialResult& result) {
  registry::Correctness correctness;
  correctness.max_relative_error = result.max_relative_error;
  correctness.max_absolute_error = result.max_absolute_error;
  correctness.extra = Json{{"fibshim", correctness_json(result)}};
  return correctness;
}

Json ours(const Judged& judged, const TrialResult& result, const ToolFindings& tools) {
  Json whole = to_json(result);
  Json json = {{"reason", result.reason},       {"detail", result.detail},
               {"candidate", judged.candidate}, {"gpu_uuid", result.gpu_uuid},
               {"driver", result.driver},       {"clocks", std::move(whole["clocks"])},
               {"seconds", result.seconds}};
  if (!judged.baseline.empty()) json["baseline"] = judged.baseline;
  if (!result.inputs.empty()) json["inputs"] = result.inputs;
  if (result.bytes_touched != 0) json["bytes_touched"] = result.bytes_touched;
  if (result.peak_bytes_per_second != 0)
    json["peak_bytes_per_second"] = result.peak_bytes_per_second;
  if (!tools.sanitizer.is_null()) json["sanitizer"] = tools.sanitizer;
  if (!tools.ncu.is_null()) json["ncu"] = tools.ncu;
  return json;
}

}  // namespace

bool is_evaluation(const TrialResult& result) {
  return result.applicable && (result.status != Status::Passed || result.decisive() != nullptr);
}

registry::Trace trace_of(const std::string& definition, registry::Workload workload,
                         const std::string& solution, const Judged& judged,
                         const TrialResult& result, const ToolFindings& tools,
                         const std::string& now) {
  registry::Trace trace;
  trace.definition = definition;
  trace.workload = std::move(workload);
  trace.solution = solution;
  registry::Evaluation& evaluation = trace.evaluation.emplace();
  evaluation.status = result.status;
  evaluation.environment.hardware = result.gpu;
  for (const auto& [name, version] : result.libs) evaluation.environment.libs.add(name, version);
  evaluation.timestamp = now;
  if (!result.reason.empty())
    evaluation.log = result.reason + (result.detail.empty() ? "" : ": " + result.detail);
  const bool passed = result.status == Status::Passed;
  Json extra = ours(judged, result, tools);
  if (passed || result.status == Status::IncorrectNumerical) {
    evaluation.correctness = correctness_of(result);
  } else {
    // Upstream allows these statuses no correctness; the checks that ran are told all the same.
    const Json correctness = correctness_json(result);  // items() does not keep it alive
    for (const auto& [key, value] : correctness.items())
      if (key != "reason") extra[key] = value;
  }
  if (passed) evaluation.performance = performance_of(result);
  evaluation.members.set_unknown("fibshim", std::move(extra));
  return trace;
}

Judged judged_by(const registry::Evaluation& evaluation) {
  const Json* const json = evaluation.members.unknown("fibshim");
  const auto text = [json](const char* name) -> std::string {
    const Json* const member = json != nullptr ? registry::find_member(*json, name) : nullptr;
    return member != nullptr && member->is_string() ? member->get<std::string>() : "";
  };
  return {text("candidate"), text("baseline")};
}

std::string time_of_day() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() %
      1'000'000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char date[32], text[48];
  (void)std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
  (void)std::snprintf(text, sizeof text, "%s.%06d", date, static_cast<int>(micros));
  return text;
}

}  // namespace fib::judge
