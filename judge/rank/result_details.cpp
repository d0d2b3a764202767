// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/result_details.h"

#include <cmath>
#include <limits>
#include <utility>

namespace fib::judge {
namespace {

using registry::find_member;
using registry::Json;

constexpr double kNsPerMs = 1e6;

const Json* object_in(const Json* object, std::string_view key) {
  if (object == nullptr) return nullptr;
  const Json* const found = find_member(*object, key);
  return found != nullptr && found->is_object() ? found : nullptr;
}

std::uint64_t count_in(const Json& object, std::string_view key) {
  const double value = number_in(object, key).value_or(0);
  return value >= 0 && value < 1e18 ? static_cast<std::uint64_t>(value) : 0;
}

std::optional<bool> truth_in(const Json& object, std::string_view key) {
  const Json* const found = find_member(object, key);
  return found != nullptr && found->is_boolean() ? std::optional(found->get<bool>()) : std::nullopt;
}

/// Nanoseconds, whether the member is in those or in milliseconds.
double ns_in(const Json& mode, const std::string& who) {
  if (const auto ns = number_in(mode, who + "_ns")) return *ns;
  for (const char* const suffix : {"_ms", "_latency_ms"})
    if (const auto ms = number_in(mode, who + suffix)) return *ms * kNsPerMs;
  return 0;
}

double either(const Json& mode, std::string_view key, std::string_view other) {
  const auto value = number_in(mode, key);
  return value ? *value : number_in(mode, other).value_or(0);
}

ModeTiming mode_of(const std::string& name, const Json& json) {
  ModeTiming mode;
  mode.mode = name;
  mode.incumbent_ns = ns_in(json, "incumbent");
  mode.candidate_ns = ns_in(json, "candidate");
  if (mode.candidate_ns == 0)
    mode.candidate_ns = number_in(json, "latency_ms").value_or(0) * kNsPerMs;
  mode.ratio = either(json, "ratio", "speedup");
  if (mode.ratio == 0 && mode.candidate_ns > 0) mode.ratio = mode.incumbent_ns / mode.candidate_ns;
  mode.low = either(json, "low", "speedup_low");
  mode.high = either(json, "high", "speedup_high");
  mode.confidence = number_in(json, "confidence").value_or(0);
  mode.pairs = static_cast<std::uint32_t>(count_in(json, "pairs"));
  mode.dropped = static_cast<std::uint32_t>(count_in(json, "dropped"));
  mode.verdict = text_in(json, "verdict");
  return mode;
}

void read_timing(const registry::Performance& performance, ResultDetails& details) {
  const Json* const ours = performance.members.unknown("fibshim");
  if (ours == nullptr) return;
  details.time_source = text_in(*ours, "source");
  details.l2 = text_in(*ours, "l2");
  details.pairs = count_in(*ours, "pairs");
  details.dropped = count_in(*ours, "dropped");
  if (const Json* const modes = object_in(ours, "modes")) {
    for (const auto& [name, mode] : modes->items())
      if (mode.is_object()) details.modes.push_back(mode_of(name, mode));
  }
}

FirstWrong first_wrong_of(const Json& json) {
  FirstWrong wrong;
  wrong.output = text_in(json, "output");
  if (const Json* const index = find_member(json, "index"); index != nullptr && index->is_array()) {
    for (const Json& part : *index)
      if (part.is_number_integer()) wrong.index.push_back(part.get<std::int64_t>());
  }
  constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
  wrong.expected = number_in(json, "expected").value_or(kNothing);
  wrong.got = number_in(json, "got").value_or(kNothing);
  return wrong;
}

void read_checks(const Json& ours, ResultDetails& details) {
  const Json* const checks = find_member(ours, "checks");
  if (checks == nullptr || !checks->is_array()) return;
  for (const Json& check : *checks) {
    if (!check.is_object()) continue;
    details.checks.push_back({text_in(check, "name"), truth_in(check, "passed").value_or(false),
                              text_in(check, "detail")});
  }
}

const Json* correctness_extra(const registry::Evaluation& evaluation) {
  if (!evaluation.correctness || !evaluation.correctness->extra) return nullptr;
  return object_in(&*evaluation.correctness->extra, "fibshim");
}

/// What the checks found; stands in the correctness if there is one, else in the Evaluation.
void read_findings(const Json& ours, ResultDetails& details) {
  details.matched_ratio = number_in(ours, "matched_ratio");
  if (const Json* const wrong = object_in(&ours, "first_wrong"))
    details.first_wrong = first_wrong_of(*wrong);
  details.incumbent_deterministic = truth_in(ours, "incumbent_deterministic");
  details.incumbent_note = text_in(ours, "incumbent_note");
  read_checks(ours, details);
}

void read_correctness(const registry::Evaluation& evaluation, ResultDetails& details) {
  if (!evaluation.correctness) return;
  details.max_absolute_error = evaluation.correctness->max_absolute_error;
  details.max_relative_error = evaluation.correctness->max_relative_error;
  if (const Json* const ours = correctness_extra(evaluation)) read_findings(*ours, details);
}

}  // namespace

std::optional<double> number_in(const Json& object, std::string_view key) {
  const Json* const value = find_member(object, key);
  return value != nullptr ? registry::number_of(*value) : std::nullopt;
}

std::optional<double> positive(std::optional<double> value) {
  return value && std::isfinite(*value) && *value > 0 ? value : std::nullopt;
}

std::string text_in(const Json& object, std::string_view key) {
  const Json* const value = find_member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

void read_reason(const registry::Evaluation& evaluation, Result& result) {
  if (const Json* const ours = evaluation.members.unknown("fibshim")) {
    result.reason = text_in(*ours, "reason");
    result.detail = text_in(*ours, "detail");
  }
  const Json* const extra = correctness_extra(evaluation);
  if (result.reason.empty() && extra != nullptr) result.reason = text_in(*extra, "reason");
}

void read_details(const registry::Evaluation& evaluation, ResultDetails& details) {
  details.log = evaluation.log;
  read_correctness(evaluation, details);
  if (evaluation.performance) read_timing(*evaluation.performance, details);
  const Json* const ours = evaluation.members.unknown("fibshim");
  if (ours == nullptr) return;
  details.gpu_uuid = text_in(*ours, "gpu_uuid");
  details.driver = text_in(*ours, "driver");
  if (const Json* const clocks = object_in(ours, "clocks")) details.clocks = *clocks;
  if (const Json* const ncu = find_member(*ours, "ncu")) details.ncu = *ncu;
  if (const Json* const found = find_member(*ours, "sanitizer")) details.sanitizer = *found;
  details.bytes_touched = positive(number_in(*ours, "bytes_touched"));
  if (details.bytes_touched) details.bytes_from = "trial";
  details.peak_bandwidth = positive(number_in(*ours, "peak_bytes_per_second"));
  details.seconds = number_in(*ours, "seconds");
  if (correctness_extra(evaluation) == nullptr) read_findings(*ours, details);
}

}  // namespace fib::judge
