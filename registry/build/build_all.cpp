// SPDX-License-Identifier: Apache-2.0
// Many Solutions at once, each in a process of its own, and what comes back from there.
#include <algorithm>

#include "registry/bindings/launch_block.h"
#include "registry/build/builder.h"
#include "registry/build/cubin.h"
#include "registry/build/gpus.h"
#include "registry/build/isolate.h"
#include "registry/build/sources.h"
#include "registry/model/object.h"

namespace fib::build {
namespace {

using registry::Json;
using registry::Level;
using registry::Solution;
using registry::Stored;

struct Job {
  const Stored<Solution>* solution = nullptr;
  Arch arch;
};

void add_once(std::vector<Arch>& archs, const Arch& arch) {
  if (std::find(archs.begin(), archs.end(), arch) == archs.end()) archs.push_back(arch);
}

/// Finds out what to build Solutions for.
class Targets {
 public:
  explicit Targets(const BuildRequest& request) : request_(request) {}

  /// Empty if nothing says it.
  std::vector<Arch> of(const Solution& solution) {
    // Simulated modules run anywhere, and a cubin only where it runs.
    if (solution.spec.entry_file().ends_with(".simcubin")) return {Arch{}};
    if (const auto own = arch_of_cubin(solution)) return of_cubin(*own);
    if (!request_.archs.empty()) return request_.archs;
    std::vector<Arch> archs;
    for (const std::string& name : solution.spec.target_hardware) {
      if (const auto arch = arch_of_gpu(name)) add_once(archs, *arch);
    }
    return archs.empty() ? local() : archs;
  }

 private:
  static std::optional<Arch> arch_of_cubin(const Solution& solution) {
    const auto* const source = solution.source(solution.spec.entry_file());
    if (source == nullptr || kind_of(source->path) != SourceKind::Cubin) return std::nullopt;
    const SourceBytes bytes = bytes_of(*source);
    const ParsedCubin cubin = read_cubin(std::as_bytes(std::span(bytes.bytes)));
    return cubin.info ? std::optional(cubin.info->arch) : std::nullopt;
  }

  /// Those asked for that it runs on. If it runs on none, all: the build says why.
  [[nodiscard]] std::vector<Arch> of_cubin(const Arch& own) const {
    std::vector<Arch> archs;
    for (const Arch& arch : request_.archs) {
      if (runs_on(own, {arch.sm / 10, arch.sm % 10})) add_once(archs, arch);
    }
    if (!archs.empty()) return archs;
    return request_.archs.empty() ? std::vector{own} : request_.archs;
  }

  const std::vector<Arch>& local() {
    if (local_) return *local_;
    local_.emplace();
    for (const Arch& arch : request_.local()) add_once(*local_, arch);
    return *local_;
  }

  const BuildRequest& request_;
  std::optional<std::vector<Arch>> local_;
};

BuildResult without_build(const Stored<Solution>& stored, BuildOutcome outcome) {
  BuildResult result;
  result.solution = stored.record.name;
  result.file = stored.file;
  result.outcome = outcome;
  return result;
}

BuildResult without_arch(const Stored<Solution>& stored) {
  BuildResult result = without_build(stored, BuildOutcome::Failed);
  result.findings.add({Level::Error, "build.arch", stored.file, 0, "/spec/target_hardware",
                       "names no GPU that is known here, and this machine has none",
                       "give the architectures: --arch sm_90a"});
  return result;
}

Level level_of(const std::string& name) {
  for (const Level level : {Level::Info, Level::Warning}) {
    if (name == registry::to_string(level)) return level;
  }
  return Level::Error;
}

Json to_json(const registry::Finding& finding) {
  return {{"level", registry::to_string(finding.level)},
          {"rule", finding.rule},
          {"file", finding.file},
          {"pointer", finding.pointer},
          {"message", finding.message},
          {"remedy", finding.remedy}};
}

std::string text_in(const Json& object, const char* key) {
  const Json* const value = registry::find_member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

/// What the child wrote; it is our own text.
void take(const Json& json, BuildResult& result) {
  const auto arch = arch_of(text_in(json, "arch"));
  if (arch) result.arch = *arch;
  for (const BuildOutcome outcome : {BuildOutcome::Built, BuildOutcome::Cached}) {
    if (text_in(json, "outcome") == to_string(outcome)) result.outcome = outcome;
  }
  result.directory = text_in(json, "directory");
  result.log = text_in(json, "log");
  if (const Json* const value = registry::find_member(json, "seconds")) {
    result.seconds = registry::number_of(*value).value_or(0);
  }
  if (const Json* const value = registry::find_member(json, "build")) {
    result.manifest = read_manifest(registry::to_text(*value)).manifest;
  }
  const Json* const findings = registry::find_member(json, "findings");
  for (const Json& finding : findings != nullptr ? *findings : Json::array()) {
    result.findings.add({level_of(text_in(finding, "level")), text_in(finding, "rule"),
                         text_in(finding, "file"), 0, text_in(finding, "pointer"),
                         text_in(finding, "message"), text_in(finding, "remedy")});
  }
}

BuildResult result_of(const Job& job, const TaskEnd& end) {
  BuildResult result = without_build(*job.solution, BuildOutcome::Failed);
  result.arch = job.arch;
  const auto parsed = registry::parse_json(end.text);
  if (end.failure.empty() && parsed.ok()) {
    take(parsed.value, result);
  } else {
    const std::string why = end.failure.empty() ? "left no result" : end.failure;
    result.findings.add({Level::Error, "build.compiler", result.file, 0, "", "the compiler " + why,
                         "correct the Solution, or try another compiler"});
  }
  return result;
}

}  // namespace

Json to_json(const BuildResult& result) {
  Json json = {{"solution", result.solution}, {"file", result.file}};
  if (result.arch) json["arch"] = to_string(*result.arch);
  json["outcome"] = to_string(result.outcome);
  json["seconds"] = result.seconds;
  if (result.manifest) json["directory"] = result.directory.string();
  if (result.manifest) json["build"] = to_json(*result.manifest);
  Json& findings = json["findings"] = Json::array();
  for (const registry::Finding& finding : result.findings.list()) {
    findings.push_back(to_json(finding));
  }
  if (!result.log.empty()) json["log"] = result.log;
  return json;
}

std::vector<BuildResult> build_solutions(const std::vector<const Stored<Solution>*>& solutions,
                                         const BuildRequest& request) {
  Targets targets(request);
  std::vector<Job> jobs;
  std::vector<std::vector<std::size_t>> jobs_of(solutions.size());
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    const Solution& solution = solutions[i]->record;
    if (registry::launch_of(solution) == nullptr) continue;
    for (const Arch& arch : targets.of(solution)) {
      jobs_of[i].push_back(jobs.size());
      jobs.push_back({solutions[i], arch});
    }
  }
  const auto ends = run_isolated(jobs.size(), request.jobs, request.limit, [&](std::size_t i) {
    return registry::to_text(to_json(build_solution(*jobs[i].solution, jobs[i].arch, request)));
  });
  std::vector<BuildResult> results;
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    const Stored<Solution>& stored = *solutions[i];
    if (registry::launch_of(stored.record) == nullptr) {
      results.push_back(without_build(stored, BuildOutcome::Kept));
    } else if (jobs_of[i].empty()) {
      results.push_back(without_arch(stored));
    }
    for (const std::size_t job : jobs_of[i]) results.push_back(result_of(jobs[job], ends[job]));
  }
  return results;
}

}  // namespace fib::build
