// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/result.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "judge/rank/result_details.h"
#include "registry/model/dtype.h"
#include "registry/model/shapes.h"

namespace fib::judge {
namespace {

using registry::Json;

constexpr std::array<std::string_view, 4> kVerdictNames = {"faster", "slower",
                                                           "no clear difference", "unknown"};

Verdict verdict_named(const std::string& name) {
  const auto* const found = std::find(kVerdictNames.begin(), kVerdictNames.end(), name);
  return found == kVerdictNames.end() ? Verdict::Unknown
                                      : static_cast<Verdict>(found - kVerdictNames.begin());
}

void read_workload(const registry::Workload& workload, Result& result) {
  result.workload = workload.uuid;
  for (const auto& [name, value] : workload.axes) result.axes.emplace(name, value);
  const Json* const ours = workload.members.unknown("fibshim");
  if (ours == nullptr) return;
  const double weight = number_in(*ours, "weight").value_or(-1);
  if (std::isfinite(weight) && weight >= 0) {
    result.weight = weight;
    result.weighed = true;
  }
  result.kernel = text_in(*ours, "kernel");
  result.capture = text_in(*ours, "capture");
  result.case_id = text_in(*ours, "case");
  result.replayed_ms = positive(number_in(*ours, "replayed_ms"));
}

void read_performance(const registry::Performance& performance, Result& result) {
  result.latency_ms = positive(performance.latency_ms);
  result.reference_ms = positive(performance.reference_latency_ms);
  const Json* const ours = performance.members.unknown("fibshim");
  if (ours == nullptr || !result.latency_ms) return;
  result.incumbent_ms = positive(number_in(*ours, "incumbent_latency_ms"));
  if (!result.incumbent_ms) return;
  Speedup speedup;
  speedup.ratio = *result.incumbent_ms / *result.latency_ms;
  speedup.low = positive(number_in(*ours, "speedup_low"));
  speedup.high = positive(number_in(*ours, "speedup_high"));
  speedup.confidence = number_in(*ours, "confidence").value_or(0);
  result.speedup = speedup;
  result.verdict = verdict_named(text_in(*ours, "verdict"));
}

/// What the Definition's inputs and outputs hold; nothing if a shape is not known.
std::optional<double> tensor_bytes(const registry::Definition& definition,
                                   const registry::Workload& workload) {
  const registry::AxisScope scope(definition, &workload);
  double bytes = 0;
  for (const auto* const tensors : {&definition.inputs, &definition.outputs}) {
    for (const auto& [name, tensor] : *tensors) {
      if (tensor.is_scalar()) continue;
      const auto shape = scope.shape(tensor);
      if (!shape) return std::nullopt;
      double size = registry::bits_of(tensor.dtype) / 8.0;
      for (const std::int64_t extent : *shape) size *= static_cast<double>(extent);
      bytes += size;
    }
  }
  return positive(bytes);
}

Result read_result(const registry::Registry& registry, const registry::Trace& trace) {
  Result result;
  result.definition = trace.definition;
  if (const auto* definition = registry.definition(trace.definition))
    result.op_type = definition->record.op_type;
  result.solution = *trace.solution;
  if (const auto* solution = registry.solution(result.solution)) {
    result.author = solution->record.author;
    const auto language = static_cast<std::size_t>(solution->record.spec.language);
    result.language = registry::kLanguageNames[language];
  }
  read_workload(trace.workload, result);
  const registry::Evaluation& evaluation = *trace.evaluation;
  result.gpu = evaluation.environment.hardware;
  result.status = evaluation.status;
  result.timestamp = evaluation.timestamp;
  if (evaluation.status == registry::Status::Passed && evaluation.performance)
    read_performance(*evaluation.performance, result);
  read_reason(evaluation, result);
  if (evaluation.status == registry::Status::Passed && !result.latency_ms)
    result.reason = "no latency that could be compared";
  read_details(evaluation, result.details);
  if (const auto* definition = registry.definition(trace.definition);
      definition != nullptr && !result.details.bytes_touched) {
    result.details.bytes_touched = tensor_bytes(definition->record, trace.workload);
    if (result.details.bytes_touched) result.details.bytes_from = "definition";
  }
  return result;
}

bool wanted(const Result& result, const ResultFilter& filter) {
  const auto matches = [](const std::string& wish, const std::string& value) {
    return wish.empty() || wish == value;
  };
  return matches(filter.gpu, result.gpu) && matches(filter.definition, result.definition) &&
         matches(filter.op_type, result.op_type) && matches(filter.solution, result.solution) &&
         (filter.until.empty() || result.timestamp.substr(0, filter.until.size()) <= filter.until);
}

auto key_of(const Result& result) {
  return std::tie(result.gpu, result.definition, result.solution, result.workload);
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  return kVerdictNames[static_cast<std::size_t>(verdict)];
}

std::vector<Result> read_results(const registry::Registry& registry, const ResultFilter& filter) {
  std::vector<Result> results;
  for (const registry::Stored<registry::Trace>& stored : registry.traces()) {
    if (!stored.record.solution || !stored.record.evaluation) continue;
    Result result = read_result(registry, stored.record);
    if (wanted(result, filter)) results.push_back(std::move(result));
  }
  return results;
}

std::vector<Result> newest(std::vector<Result> results) {
  std::stable_sort(results.begin(), results.end(), [](const Result& a, const Result& b) {
    return std::tuple_cat(key_of(a), std::tie(a.timestamp)) <
           std::tuple_cat(key_of(b), std::tie(b.timestamp));
  });
  std::vector<Result> kept;
  for (Result& result : results) {
    if (!kept.empty() && key_of(kept.back()) == key_of(result)) kept.pop_back();
    kept.push_back(std::move(result));
  }
  std::stable_sort(kept.begin(), kept.end(), [](const Result& a, const Result& b) {
    return std::tie(a.gpu, a.definition, a.solution, a.axes) <
           std::tie(b.gpu, b.definition, b.solution, b.axes);
  });
  return kept;
}

std::string shape_of(const Result& result) {
  std::string text;
  for (const auto& [name, value] : result.axes)
    text += (text.empty() ? "" : ", ") + name + '=' + std::to_string(value);
  return text.empty() ? result.workload : text;
}

}  // namespace fib::judge
