// SPDX-License-Identifier: Apache-2.0
#include "registry/model/trace.h"

#include <cmath>
#include <tuple>

namespace fib::registry {
namespace {

constexpr const char* kTraceRule = "trace.schema";

void check_not_negative(ObjectReader& reader, std::string_view key, double value, bool allow_nan) {
  if (value >= 0 || (allow_nan && std::isnan(value))) return;
  reader.error(key, "\"" + std::string(key) + "\" is " + to_text(number_to_json(value)),
               allow_nan ? "write a number >= 0, \"NaN\" or \"Infinity\"" : "write a number >= 0");
}

// A record that was read without the number stays without it as long as it is the default.
void put_number(ObjectWriter& writer, const Members& members, std::string_view key, double value) {
  writer.put_if(!members.was_read() || value != 0, key, number_to_json(value));
}

Correctness read_correctness(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the correctness", kTraceRule, findings);
  Correctness correctness;
  if (!reader.is_object()) return correctness;
  correctness.max_relative_error = reader.number("max_relative_error", 0);
  correctness.max_absolute_error = reader.number("max_absolute_error", 0);
  check_not_negative(reader, "max_relative_error", correctness.max_relative_error, true);
  check_not_negative(reader, "max_absolute_error", correctness.max_absolute_error, true);
  if (const Json* extra = reader.member("extra"); extra != nullptr && !extra->is_null()) {
    if (!extra->is_object()) reader.error("extra", "is " + type_of(*extra), "write an object");
    correctness.extra = *extra;
  }
  correctness.members = reader.members();
  return correctness;
}

Json correctness_to_json(const Correctness& correctness) {
  ObjectWriter writer(correctness.members);
  put_number(writer, correctness.members, "max_relative_error", correctness.max_relative_error);
  put_number(writer, correctness.members, "max_absolute_error", correctness.max_absolute_error);
  writer.put_if(correctness.extra.has_value(), "extra", correctness.extra.value_or(Json(nullptr)));
  return writer.finish();
}

Performance read_performance(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the performance", kTraceRule, findings);
  Performance performance;
  if (!reader.is_object()) return performance;
  performance.latency_ms = reader.number("latency_ms", 0);
  performance.reference_latency_ms = reader.number("reference_latency_ms", 0);
  performance.speedup_factor = reader.number("speedup_factor", 0);
  check_not_negative(reader, "latency_ms", performance.latency_ms, false);
  check_not_negative(reader, "reference_latency_ms", performance.reference_latency_ms, false);
  check_not_negative(reader, "speedup_factor", performance.speedup_factor, false);
  performance.members = reader.members();
  return performance;
}

Json performance_to_json(const Performance& performance) {
  ObjectWriter writer(performance.members);
  const Members& members = performance.members;
  put_number(writer, members, "latency_ms", performance.latency_ms);
  put_number(writer, members, "reference_latency_ms", performance.reference_latency_ms);
  put_number(writer, members, "speedup_factor", performance.speedup_factor);
  return writer.finish();
}

Environment read_environment(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the environment", kTraceRule, findings);
  Environment environment;
  if (!reader.is_object()) return environment;
  environment.hardware = reader.text("hardware");
  const Json* const libs = reader.member("libs");
  if (libs != nullptr && !libs->is_object()) {
    reader.error("libs", "is " + type_of(*libs), "write an object of versions");
  } else if (libs != nullptr) {
    for (const auto& [name, version] : libs->items()) {
      if (version.is_string()) {
        environment.libs.add(name, version.get<std::string>());
      } else {
        findings.error(kTraceRule, child(reader.pointer_to("libs"), name), "is " + type_of(version),
                       "write the version as a string");
      }
    }
  }
  environment.members = reader.members();
  return environment;
}

Json environment_to_json(const Environment& environment) {
  ObjectWriter writer(environment.members);
  Json libs = Json::object();
  for (const auto& [name, version] : environment.libs) append_member(libs, name, version);
  writer.put("hardware", environment.hardware);
  writer.put_if(!environment.libs.empty(), "libs", std::move(libs));
  return writer.finish();
}

void check_presence(ObjectReader& reader, const char* key, bool present, bool wanted,
                    Status status) {
  if (present == wanted) return;
  const std::string name = std::string(to_string(status));
  reader.error(present ? key : "",
               "an evaluation " + name + (wanted ? " has no " : " has ") + '"' + key + '"',
               (wanted ? "add \"" : "remove \"") + std::string(key) + '"');
}

void read_results(ObjectReader& reader, Evaluation& evaluation) {
  const auto present = [](const Json* value) { return value != nullptr && !value->is_null(); };
  const Json* const correctness = reader.member("correctness");
  const Json* const performance = reader.member("performance");
  if (present(correctness)) {
    evaluation.correctness =
        read_correctness(*correctness, reader.pointer_to("correctness"), reader.findings());
  }
  if (present(performance)) {
    evaluation.performance =
        read_performance(*performance, reader.pointer_to("performance"), reader.findings());
  }
}

void check_results(ObjectReader& reader, const Evaluation& evaluation) {
  const Status status = evaluation.status;
  const bool passed = status == Status::Passed;
  check_presence(reader, "correctness", evaluation.correctness.has_value(),
                 passed || status == Status::IncorrectNumerical, status);
  check_presence(reader, "performance", evaluation.performance.has_value(), passed, status);
}

Evaluation read_evaluation(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the evaluation", kTraceRule, findings);
  Evaluation evaluation;
  if (!reader.is_object()) return evaluation;
  const auto status = reader.choice("status", kStatusNames);
  if (const Json* environment = reader.required("environment", "an object")) {
    evaluation.environment =
        read_environment(*environment, reader.pointer_to("environment"), findings);
  }
  evaluation.timestamp = reader.text("timestamp");
  if (const Json* log = reader.member("log")) {
    if (log->is_string()) {
      evaluation.log = log->get<std::string>();
    } else {
      reader.error("log", "is " + type_of(*log), "write a string");
    }
  }
  read_results(reader, evaluation);
  if (status) {
    evaluation.status = static_cast<Status>(*status);
    check_results(reader, evaluation);
  }
  evaluation.members = reader.members();
  return evaluation;
}

Json evaluation_to_json(const Evaluation& evaluation) {
  ObjectWriter writer(evaluation.members);
  writer.put("status", to_string(evaluation.status));
  writer.put("environment", environment_to_json(evaluation.environment));
  writer.put("timestamp", evaluation.timestamp);
  writer.put_if(!evaluation.log.empty(), "log", evaluation.log);
  const auto& [correctness, performance] = std::tie(evaluation.correctness, evaluation.performance);
  writer.put_if(correctness.has_value(), "correctness",
                correctness ? correctness_to_json(*correctness) : Json(nullptr));
  writer.put_if(performance.has_value(), "performance",
                performance ? performance_to_json(*performance) : Json(nullptr));
  return writer.finish();
}

void read_fields(ObjectReader& reader, Trace& trace) {
  trace.definition = reader.text("definition");
  if (const Json* workload = reader.required("workload", "an object")) {
    trace.workload = read_workload(*workload, "/workload", reader.findings());
  }
  trace.solution = reader.optional_text("solution");
  const Json* const evaluation = reader.member("evaluation");
  if (evaluation != nullptr && !evaluation->is_null()) {
    trace.evaluation = read_evaluation(*evaluation, "/evaluation", reader.findings());
  }
  trace.members = reader.members();
}

}  // namespace

std::optional<Trace> read_trace(const Json& value, Findings& findings) {
  Findings own;
  ObjectReader reader(value, "", "the Trace", kTraceRule, own);
  Trace trace;
  if (reader.is_object()) read_fields(reader, trace);
  const bool good = !own.has_errors();
  findings.take(std::move(own), "", 0);
  return good ? std::optional<Trace>(std::move(trace)) : std::nullopt;
}

Json to_json(const Trace& trace) {
  ObjectWriter writer(trace.members);
  // A new record gets its nulls, as upstream's own writer does.
  const bool whole = !trace.members.was_read();
  writer.put("definition", trace.definition);
  writer.put("workload", to_json(trace.workload));
  writer.put_if(whole || trace.solution, "solution",
                trace.solution ? Json(*trace.solution) : Json(nullptr));
  writer.put_if(whole || trace.evaluation, "evaluation",
                trace.evaluation ? evaluation_to_json(*trace.evaluation) : Json(nullptr));
  return writer.finish();
}

}  // namespace fib::registry
