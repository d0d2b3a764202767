// SPDX-License-Identifier: Apache-2.0
#include "judge/run/workload_cases.h"

#include <algorithm>
#include <map>
#include <set>

#include "judge/run/engine_terms.h"
#include "registry/bindings/launch_block.h"
#include "registry/bindings/table_source.h"
#include "registry/model/sha1.h"
#include "registry/store/layout.h"

namespace fib::judge {
namespace {

namespace fs = std::filesystem;
using registry::Json;
using StoredSolution = registry::Stored<registry::Solution>;

constexpr const char* kFormat = "fibshim workload case 1";
constexpr std::size_t kLongestPrefix = 150, kHashDigits = 12;

/// Why it can't be launched without an engine; empty if it can.
std::string why_not(const StoredSolution& solution) {
  if (registry::launch_of(solution.record) == nullptr) return "have no launch block";
  registry::Findings unused;
  const auto candidate = registry::to_spec(solution, unused);
  return candidate ? asked_of_engine(*candidate) : "";  // its trial says what is wrong with it
}

/// "a, b, c and 4 more".
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

bool is_of_capture(const registry::Workload& workload) {
  const Json* const ours = workload.members.unknown("fibshim");
  return ours != nullptr && registry::find_member(*ours, "case") != nullptr;
}

/// A captured launch whose tensors nobody exported.
bool lacks_tensors(const registry::Definition& definition, const registry::Workload& workload) {
  return std::ranges::any_of(definition.inputs, [&](const auto& input) {
    const registry::InputSpec* const given = workload.inputs.find(input.first);
    return !input.second.is_scalar() && (given == nullptr || given->is_random());
  });
}

/// Workloads that have a result against the engine's own kernel, which says more.
std::set<std::string> judged_on_captures(const registry::Registry& registry) {
  std::set<std::string> judged;
  for (const auto& stored : registry.traces()) {
    const auto& evaluation = stored.record.evaluation;
    if (!evaluation || !evaluation->performance) continue;
    const Json* const ours = evaluation->performance->members.unknown("fibshim");
    if (ours != nullptr && registry::find_member(*ours, "incumbent_latency_ms") != nullptr)
      judged.insert(stored.record.workload.uuid);
  }
  return judged;
}

/// What tells the case from others, files of tensors by their size and time.
std::string identity(const registry::Definition& definition, const registry::Workload& workload,
                     const VariantOptions& options) {
  registry::Sha1 hash;
  const auto add = [&hash](const std::string& text) {
    hash.add(std::to_string(text.size()) + ':' + text);
  };
  for (const std::string& text :
       {std::string(kFormat), registry::to_text(registry::to_json(definition)),
        registry::to_text(registry::to_json(workload)), std::to_string(options.seed),
        std::to_string(options.fresh_runs)})
    add(text);
  for (const auto& [name, input] : workload.inputs) {
    if (input.tensor() == nullptr) continue;
    std::error_code error;
    const fs::path file = options.root / input.tensor()->path;
    add(std::to_string(fs::file_size(file, error)));
    add(std::to_string(fs::last_write_time(file, error).time_since_epoch().count()));
  }
  return hash.hex();
}

/// Why no launch of it can be made; empty if nothing speaks against it.
std::string obstacle(const registry::Definition& definition, const registry::Workload& workload) {
  for (const auto& [name, spec] : definition.outputs)
    if (spec.is_scalar()) return "output " + name + " is no tensor, so no kernel can write it";
  for (const auto& [name, value] : workload.axes)
    if (value <= 0) return "axis " + name + " is " + std::to_string(value);
  return {};
}

class Planner {
 public:
  Planner(const registry::Registry& registry, const WorkloadCaseOptions& options)
      : registry_(registry), options_(options), judged_(judged_on_captures(registry)) {}

  void add(const registry::Definition& definition) {
    const std::string baseline = baseline_of(definition);
    for (const auto* stored : registry_.workloads_of(definition.name)) {
      const registry::Workload& workload = stored->record.workload;
      if (options_.workload && !options_.workload(workload.uuid)) continue;
      if (!is_wanted(definition, workload)) continue;
      if (const std::string why = obstacle(definition, workload); why.empty())
        set_.cases.push_back(planned(definition, workload, baseline));
      else
        set_.notes.push_back(definition.name + ", Workload " + workload.uuid +
                             " is not judged: " + why);
    }
  }

  WorkloadCaseSet finish() {
    if (of_captures_ != 0)
      set_.notes.push_back(
          std::to_string(of_captures_) +
          " Workloads stand for launches of captures, and are judged there: fib bench CAPTURE");
    return std::move(set_);
  }

 private:
  bool is_wanted(const registry::Definition& definition, const registry::Workload& workload) {
    const bool elsewhere = judged_.contains(workload.uuid) ||
                           (is_of_capture(workload) && lacks_tensors(definition, workload));
    if (elsewhere) ++of_captures_;
    return !elsewhere;
  }

  std::string baseline_of(const registry::Definition& definition) {
    const auto named = [&](const auto& accepts) {
      std::string found;
      for (const StoredSolution* solution : registry_.solutions_of(definition.name)) {
        if (!accepts(solution->record) || !why_not(*solution).empty()) continue;
        if (found.empty()) found = solution->record.name;
      }
      return found;
    };
    if (options_.baseline) {
      std::string found = named([&](const auto& it) { return options_.baseline(it.name); });
      if (found.empty())
        set_.notes.push_back(definition.name +
                             ": --baseline names no Solution of it that can be launched here");
      return found;
    }
    for (const char* author : {"baseline", "flashinfer"})
      if (std::string found = named([&](const auto& it) { return it.author == author; });
          !found.empty())
        return found;
    return {};
  }

  [[nodiscard]] WorkloadSubject planned(const registry::Definition& definition,
                                        const registry::Workload& workload,
                                        const std::string& baseline) const {
    WorkloadSubject plan;
    plan.workload = &workload;
    plan.baseline = baseline;
    const std::string prefix = definition.name.substr(0, kLongestPrefix);
    plan.subject.id = (registry::is_path_component(prefix) ? prefix : "workload") + '-' +
                      identity(definition, workload, options_.variants).substr(0, kHashDigits);
    plan.subject.definition = definition.name;
    for (const auto& [name, value] : workload.axes) plan.subject.axes[name] = value;
    plan.subject.count = 1;
    plan.subject.directory = options_.root / plan.subject.id;
    return plan;
  }

  const registry::Registry& registry_;
  const WorkloadCaseOptions& options_;
  std::set<std::string> judged_;
  std::size_t of_captures_ = 0;
  WorkloadCaseSet set_;
};

}  // namespace

std::vector<const StoredSolution*> launchable_anywhere(
    const std::vector<const StoredSolution*>& candidates, std::vector<std::string>& notes) {
  std::vector<const StoredSolution*> kept;
  std::map<std::string, std::vector<std::string>> others;
  for (const StoredSolution* candidate : candidates) {
    const std::string why = why_not(*candidate);
    if (why.empty())
      kept.push_back(candidate);
    else
      others[why].push_back(candidate->record.name);
  }
  for (const auto& [why, names] : others)
    notes.push_back("not judged on Workloads: " + some_of(names) + ", which " + why);
  return kept;
}

WorkloadCaseSet plan_workload_cases(const registry::Registry& registry,
                                    const WorkloadCaseOptions& options) {
  Planner planner(registry, options);
  for (const auto& stored : registry.definitions())
    if (!options.definition || options.definition(stored.record.name)) planner.add(stored.record);
  return planner.finish();
}

}  // namespace fib::judge
