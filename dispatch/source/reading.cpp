// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/reading.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "dispatch/source/causes.h"
#include "dispatch/source/names.h"
#include "registry/bindings/launch_block.h"
#include "registry/build/sha256.h"
#include "registry/match/ranking.h"

namespace fib::dispatch {
namespace {

using Names = std::set<std::string, std::less<>>;

/// Records of these Definitions, by where the layout has them (docs/registry.md).
bool is_about(const Names& definitions, std::string_view name, bool is_directory) {
  const std::string_view folder = component(name, 0);
  if (folder == "workloads") return false;
  if (folder == "solutions") {
    const std::string_view definition = component(name, 3);
    return definition.empty() ? is_directory : definitions.contains(definition);
  }
  return is_directory || definitions.contains(stem_of(name));
}

Names bound_definitions(const registry::Bindings& bindings) {
  Names names;
  for (const auto& binding : bindings.list) names.insert(binding.record.rule.definition);
  return names;
}

/// Whether a rule may lead to the candidate on one of these GPUs. One that can't win need not have
/// been built.
bool is_needed(const match::MatchTable& table, std::int32_t candidate, std::span<const Gpu> gpus) {
  for (std::size_t i = 0; i < table.rules(); ++i) {
    const match::CompiledRule& rule = table.rule(static_cast<std::uint16_t>(i));
    if (rule.definition != table.candidate(candidate).definition || !rule.enabled) continue;
    if (rule.pinned == candidate) return true;
    for (const Gpu& gpu : gpus) {
      const match::ModelId model = table.model(gpu.name);
      if (model == match::kUnknownModel) continue;
      const match::ModelIndex& index = rule.models[static_cast<std::size_t>(model)];
      if (index.best == candidate || index.shapes.leads_to(candidate)) return true;
    }
  }
  return false;
}

std::vector<OutputTolerance> tolerances_of(const match::Policy& policy,
                                           const match::DefinitionSpec& definition) {
  std::vector<OutputTolerance> tolerances;
  for (const match::TensorSpec& output : definition.outputs) {
    match::DefinitionSpec alone;
    alone.outputs = {output};
    const match::Tolerance tolerance = match::tolerance_of(policy, alone);
    tolerances.push_back({output.dtype, tolerance.absolute, tolerance.relative});
  }
  return tolerances;
}

std::string fingerprint_of(const CandidateCode& code, const registry::Solution& solution,
                           const registry::Definition& definition) {
  build::Sha256 hash;
  hash.add(solution.name + '\n' + code.fingerprint + '\n');
  if (const registry::Json* const launch = registry::launch_of(solution))
    hash.add(registry::to_text(*launch) + '\n');
  hash.add(registry::to_text(registry::to_json(definition)) + '\n');
  for (const OutputTolerance& tolerance : code.tolerances)
    hash.add(std::to_string(tolerance.max_atol) + ' ' + std::to_string(tolerance.max_rtol) + '\n');
  return hash.hex();
}

std::vector<std::string> texts_of(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> texts;
  for (const auto& path : paths) texts.push_back(path.string());
  return texts;
}

}  // namespace

std::unique_ptr<Deployment> SourceReading::refuse(const std::string& why) {
  refusal_ = printable(why);
  return nullptr;
}

std::unique_ptr<Deployment> SourceReading::run() {
  Opened opened;
  files_ = TrustedTree::open(root_, opened);
  if (files_ == nullptr) {
    is_missing_ = opened.missing;
    return refuse(opened.error);
  }
  registry::Bindings bindings = registry::load_bindings(*files_);
  lines_.add(root_, bindings.findings);
  files_->set_filter([names = bound_definitions(bindings)](std::string_view name, bool directory) {
    return is_about(names, name, directory);
  });
  const auto registry = registry::Registry::load(*files_, root_);
  // Whoever can change one of its files may have changed the others when they could.
  if (!files_->untrusted().empty()) return refuse(files_->untrusted());
  lines_.add(root_, registry.findings());
  auto deployment = std::make_unique<Deployment>();
  deployment->origin = root_;
  registry::Findings findings;
  deployment->table = registry::build_table(registry, bindings, findings);
  lines_.add(root_, causes(findings, registry.findings()));
  if (bindings.list.empty() && lines_.list().empty())
    lines_.add(root_ + "/bindings", "holds no bindings; draft some with `fib registry bind`");
  read_code(registry, bindings, *deployment);
  return deployment;
}

void SourceReading::read_code(const registry::Registry& registry,
                              const registry::Bindings& bindings, Deployment& deployment) {
  code_.emplace(texts_of(build::cache_roots(root_, cache_)), gpus_, lines_);
  const match::MatchTable& table = *deployment.table;
  for (std::size_t i = 0; i < table.candidates(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    const match::CompiledCandidate& candidate = table.candidate(index);
    const auto* const solution = registry.solution(candidate.name);
    CandidateCode& code = deployment.candidates.emplace_back();
    const auto demoted = bindings.policies.demoted.find(candidate.name);
    if (demoted != bindings.policies.demoted.end()) {
      code.is_needed = false;
      code.unusable = code.demoted = printable(demoted->second);
    } else if (solution == nullptr || !is_needed(table, index, gpus_)) {
      code.is_needed = false;
      code.unusable = "it is nowhere the best on the GPUs of this process";
    } else {
      code = code_of(candidate, *solution, bindings, registry);
    }
  }
}

CandidateCode SourceReading::code_of(const match::CompiledCandidate& candidate,
                                     const registry::Stored<registry::Solution>& solution,
                                     const registry::Bindings& bindings,
                                     const registry::Registry& registry) {
  const std::string& name = solution.record.definition;
  CandidateCode code = code_->read(candidate, solution.record);
  const auto* const definition = registry.definition(name);
  if (definition == nullptr) return code;
  code.tolerances =
      tolerances_of(bindings.policies.of(name).match, registry::to_spec(definition->record));
  code.fingerprint = fingerprint_of(code, solution.record, definition->record);
  return code;
}

bool SourceReading::is_one_state(std::int64_t began_ns) const {
  return (files_ == nullptr || files_->is_one_state(began_ns)) &&
         (!code_ || code_->is_one_state(began_ns));
}

}  // namespace fib::dispatch
