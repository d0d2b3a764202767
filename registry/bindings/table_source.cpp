// SPDX-License-Identifier: Apache-2.0
#include "registry/bindings/table_source.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "registry/bindings/fields.h"
#include "registry/bindings/launch_block.h"
#include "registry/model/dtype.h"
#include "registry/model/json.h"
#include "registry/store/file_tree.h"

namespace fib::registry {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;  ///< of one binding, bytes

/// The file as JSON; nothing, and a finding, if it is none.
std::optional<Json> read_json(FileTree& files, const std::string& file, Findings& findings) {
  const auto fail = [&](const std::string& error) {
    findings.add({Level::Error, "binding.file", file, 0, "", error, "repair or remove the file"});
    return std::nullopt;
  };
  const FileText text = files.read(file, kMaxFile);
  if (!text.error.empty()) return fail(text.error);
  JsonLimits limits;
  limits.bytes = kMaxFile;
  ParsedJson parsed = parse_json(text.text, limits);
  if (!parsed.ok()) return fail("is not accepted as JSON: " + parsed.error);
  return std::move(parsed.value);
}

void load_binding(FileTree& files, const std::string& file, Bindings& bindings) {
  const auto value = read_json(files, file, bindings.findings);
  if (!value) return;
  Findings own;
  auto binding = read_binding(*value, own);
  bindings.findings.take(std::move(own), file, 0);
  if (!binding) return;
  binding->rule.origin = file;
  bindings.list.push_back({std::move(*binding), file, 0});
}

void load_policies(FileTree& files, Bindings& bindings) {
  const auto value = read_json(files, kPoliciesFile, bindings.findings);
  if (!value) {
    bindings.policies.fallback.match.enabled = false;
    return;
  }
  Findings own;
  bindings.policies = read_policies(*value, own);
  bindings.findings.take(std::move(own), kPoliciesFile, 0);
}

match::TensorSpec tensor_spec(const std::string& name, const TensorSpec& tensor) {
  match::TensorSpec spec;
  spec.name = name;
  spec.dtype = to_string(tensor.dtype);
  spec.bits = bits_of(tensor.dtype);
  spec.is_scalar = tensor.is_scalar();
  if (tensor.shape) spec.shape = *tensor.shape;
  return spec;
}

std::optional<double> number_in(const Json& object, std::string_view key) {
  const Json* const value = find_member(object, key);
  return value != nullptr ? number_of(*value) : std::nullopt;
}

/// Our member of a Performance: {"incumbent_latency_ms", "speedup_low", "confidence"}.
std::optional<match::Measurement::Speedup> speedup_of(const Performance& performance,
                                                      Baseline baseline) {
  match::Measurement::Speedup speedup;
  if (baseline == Baseline::Reference) {
    speedup.ratio = performance.speedup_factor;
    return speedup;
  }
  const Json* const ours = performance.members.unknown("fibshim");
  if (ours == nullptr) return std::nullopt;
  const auto incumbent = number_in(*ours, "incumbent_latency_ms");
  if (!incumbent || !(performance.latency_ms > 0)) return std::nullopt;
  speedup.ratio = *incumbent / performance.latency_ms;
  speedup.low = number_in(*ours, "speedup_low");
  speedup.confidence = number_in(*ours, "confidence").value_or(0);
  return speedup;
}

/// Measured where no engine's kernel is: our member {"against": "baseline"} of a Performance.
bool lacks_incumbent(const Performance& performance) {
  const Json* const ours = performance.members.unknown("fibshim");
  return ours != nullptr && find_member(*ours, "against") != nullptr;
}

/// How often the engine ran this workload, as our importer notes it: {"weight"}.
double weight_of(const Workload& workload) {
  const Json* const ours = workload.members.unknown("fibshim");
  return ours != nullptr ? number_in(*ours, "weight").value_or(1) : 1;
}

/// Of the kernel that it was measured against, as the judge notes it: {"code"}.
std::optional<match::CodeHash> code_of(const Workload& workload) {
  const Json* const ours = workload.members.unknown("fibshim");
  const Json* const text = ours != nullptr ? find_member(*ours, "code") : nullptr;
  if (text == nullptr || !text->is_string()) return std::nullopt;
  return hash_of(text->get_ref<const std::string&>());
}

void add_measurements(const Registry& registry, const Policies& policies, match::TableSpec& spec) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, std::pair<std::string, match::Measurement>> newest;
  for (const Stored<Trace>& stored : registry.traces()) {
    const Trace& trace = stored.record;
    auto measurement = to_measurement(trace, policies.of(trace.definition).baseline);
    if (!measurement) continue;
    auto& [timestamp, kept] =
        newest[{trace.definition, measurement->candidate, measurement->gpu, measurement->workload}];
    if (trace.evaluation->timestamp < timestamp) continue;  // ISO times sort as texts
    timestamp = trace.evaluation->timestamp;
    kept = std::move(*measurement);
  }
  for (auto& [key, entry] : newest) spec.measurements.push_back(std::move(entry.second));
}

void add_problem(const match::Problem& problem, Findings& findings) {
  const std::string place =
      problem.column != 0 ? "column " + std::to_string(problem.column) + ": " : "";
  findings.add(
      {Level::Error, "binding.compile", problem.origin, 0, problem.pointer, place + problem.message,
       problem.remedy.empty() ? "correct the expression (docs/bindings.md)" : problem.remedy});
}

}  // namespace

Bindings load_bindings(FileTree& files) {
  Bindings bindings;
  for (const std::string& file : files.list("bindings", ".json", bindings.findings)) {
    if (file == kPoliciesFile) {
      load_policies(files, bindings);
    } else {
      load_binding(files, file, bindings);
    }
  }
  return bindings;
}

Bindings load_bindings(const Registry& registry) {
  PathTree files(registry.root(), registry.options().follow_links);
  return load_bindings(files);
}

match::DefinitionSpec to_spec(const Definition& definition) {
  match::DefinitionSpec spec;
  spec.name = definition.name;
  for (const auto& [name, axis] : definition.axes) {
    const bool constant = axis.kind == Axis::Kind::Const;
    spec.axes.push_back({name, constant ? std::optional(axis.value) : std::nullopt});
  }
  for (const auto& [name, tensor] : definition.inputs) {
    spec.inputs.push_back(tensor_spec(name, tensor));
  }
  for (const auto& [name, tensor] : definition.outputs) {
    spec.outputs.push_back(tensor_spec(name, tensor));
  }
  return spec;
}

std::optional<match::CandidateSpec> to_spec(const Stored<Solution>& stored, Findings& findings) {
  const Solution& solution = stored.record;
  const Json* const value = launch_of(solution);
  if (value == nullptr) return std::nullopt;
  Findings own;
  auto block = read_launch(*value, own);
  findings.take(std::move(own), stored.file, stored.line);
  if (!block) return std::nullopt;
  match::CandidateSpec spec;
  spec.origin = stored.file;
  spec.name = solution.name;
  spec.definition = solution.definition;
  spec.launch = std::move(block->launch);
  spec.conditions = std::move(block->conditions);
  spec.demands = std::move(block->demands);
  spec.in_place = std::move(block->in_place);
  return spec;
}

std::optional<match::Measurement> to_measurement(const Trace& trace, Baseline baseline) {
  if (!trace.solution || !trace.evaluation) return std::nullopt;
  const Evaluation& evaluation = *trace.evaluation;
  match::Measurement measurement;
  measurement.candidate = *trace.solution;
  measurement.definition = trace.definition;
  measurement.gpu = evaluation.environment.hardware;
  measurement.workload = trace.workload.uuid;
  for (const auto& [name, value] : trace.workload.axes) measurement.axes.emplace(name, value);
  measurement.weight = weight_of(trace.workload);
  measurement.code = code_of(trace.workload);
  measurement.passed =
      evaluation.status == Status::Passed && evaluation.correctness && evaluation.performance;
  if (!measurement.passed) return measurement;
  if (baseline == Baseline::Incumbent && lacks_incumbent(*evaluation.performance))
    return std::nullopt;
  measurement.max_absolute_error = evaluation.correctness->max_absolute_error;
  measurement.max_relative_error = evaluation.correctness->max_relative_error;
  measurement.latency_ms = evaluation.performance->latency_ms;
  measurement.speedup = speedup_of(*evaluation.performance, baseline);
  return measurement;
}

match::TableSpec table_spec(const Registry& registry, const Bindings& bindings,
                            Findings& findings) {
  match::TableSpec spec;
  for (const Stored<Definition>& stored : registry.definitions()) {
    const bool bound = std::any_of(bindings.list.begin(), bindings.list.end(), [&](const auto& it) {
      return it.record.rule.definition == stored.record.name;
    });
    if (bound) spec.definitions.push_back(to_spec(stored.record));
  }
  for (const Stored<Binding>& stored : bindings.list) spec.rules.push_back(stored.record.rule);
  for (const auto& definition : spec.definitions) {
    for (const Stored<Solution>* const stored : registry.solutions_of(definition.name)) {
      if (auto candidate = to_spec(*stored, findings)) {
        spec.candidates.push_back(std::move(*candidate));
      }
    }
  }
  add_measurements(registry, bindings.policies, spec);
  spec.default_policy = bindings.policies.fallback.match;
  for (const auto& [name, policy] : bindings.policies.per_definition) {
    spec.policies.emplace(name, policy.match);
  }
  return spec;
}

std::unique_ptr<const match::MatchTable> build_table(const Registry& registry,
                                                     const Bindings& bindings, Findings& findings) {
  const match::TableSpec spec = table_spec(registry, bindings, findings);
  std::vector<match::Problem> problems;
  auto table = match::MatchTable::build(spec, problems);
  for (const match::Problem& problem : problems) add_problem(problem, findings);
  return table;
}

}  // namespace fib::registry
