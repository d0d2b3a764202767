// SPDX-License-Identifier: Apache-2.0
#include "cli/draft_writer.h"

#include <filesystem>

#include "registry/bindings/policies.h"
#include "registry/store/edit.h"
#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::cli {
namespace {

using registry::Json;
using registry::Outcome;
using registry::Registry;
using registry::RegistryError;

constexpr std::size_t kLargestFile = std::size_t{1} << 20;  ///< of bindings, as they are read

/// With what was seen at the end: what counts comes first.
Json binding_json(const registry::Binding& binding) {
  Json json = registry::to_json(binding);
  const auto notes = json.find("draft");
  if (notes == json.end()) return json;
  Json seen = std::move(*notes);
  json.erase("draft");
  registry::append_member(json, "draft", std::move(seen));
  return json;
}

[[noreturn]] void conflict(const std::string& file) {
  throw RegistryError(file + " is there already, and differs; remove it, or give --replace");
}

/// The file's JSON; null if there is none.
Json read_json(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return nullptr;
  const registry::FileText text = registry::read_file(path, kLargestFile);
  if (!text.error.empty()) throw RegistryError(path.string() + ' ' + text.error);
  registry::ParsedJson parsed = registry::parse_json(text.text);
  if (!parsed.ok() || !parsed.value.is_object()) {
    throw RegistryError(path.string() + " is no JSON object (" + parsed.error + "); repair it");
  }
  return std::move(parsed.value);
}

template <typename Record>
void add(registry::Editor& editor, const Record& record, const std::string& file,
         std::vector<std::string>& files) {
  if (editor.add(record) == Outcome::Conflict) conflict(file);
  files.push_back(file);
}

void write_binding(const Registry& registry, const BoundKernel& bound, bool replace,
                   std::vector<std::string>& files) {
  const std::string file = registry::binding_file(bound.draft.binding, bound.op_type);
  const std::filesystem::path path = registry::writable(registry.root(), file);
  const Json json = binding_json(bound.draft.binding);
  const Json known = read_json(path);
  if (!known.is_null() && !registry::same_meaning(known, json) && !replace) conflict(file);
  registry::replace_file(path, registry::to_text(json, 2) + '\n');
  files.push_back(file);
}

Json pinned(Json policies, const std::string& definition, const std::string& solution) {
  if (!policies.is_object()) policies = Json::object();
  Json& all = policies["per_definition"];
  if (!all.is_object()) all = Json::object();
  Json& policy = all[definition];
  if (!policy.is_object()) policy = Json::object();
  policy["pin"] = solution;
  return policies;
}

void write_policy(const Registry& registry, const BoundKernel& bound, bool replace,
                  std::vector<std::string>& files) {
  const std::string& definition = bound.solution->definition;
  const std::filesystem::path path = registry::writable(registry.root(), registry::kPoliciesFile);
  Json policies = read_json(path);
  const Json* const all = registry::find_member(policies, "per_definition");
  const Json* const policy = all != nullptr ? registry::find_member(*all, definition) : nullptr;
  const Json* const pin = policy != nullptr ? registry::find_member(*policy, "pin") : nullptr;
  if (pin != nullptr && *pin != bound.solution->name && !replace) {
    throw RegistryError(std::string(registry::kPoliciesFile) + " pins another Solution of '" +
                        definition + "'; remove that, or give --replace");
  }
  policies = pinned(std::move(policies), definition, bound.solution->name);
  registry::replace_file(path, registry::to_text(policies, 2) + '\n');
  files.emplace_back(registry::kPoliciesFile);
}

}  // namespace

std::vector<std::string> write_draft(const Registry& registry, const BoundKernel& bound,
                                     bool replace) {
  std::vector<std::string> files;
  registry::Editor editor(registry, {replace, false});
  if (bound.draft.definition) {
    add(editor, *bound.draft.definition, registry::definition_file(*bound.draft.definition), files);
  }
  if (bound.solution) {
    add(editor, *bound.solution, registry::solution_file(*bound.solution, bound.op_type), files);
  }
  editor.commit();
  write_binding(registry, bound, replace, files);
  if (bound.solution) write_policy(registry, bound, replace, files);
  return files;
}

Json draft_bundle(const std::vector<BoundKernel>& all) {
  Json definitions = Json::array(), solutions = Json::array(), bindings = Json::array(), policies;
  for (const BoundKernel& bound : all) {
    if (bound.draft.definition) definitions.push_back(registry::to_json(*bound.draft.definition));
    bindings.push_back(binding_json(bound.draft.binding));
    if (!bound.solution) continue;
    solutions.push_back(registry::to_json(*bound.solution));
    policies = pinned(std::move(policies), bound.solution->definition, bound.solution->name);
  }
  Json bundle = {{"bindings", std::move(bindings)}};
  if (!definitions.empty()) bundle["definitions"] = std::move(definitions);
  if (!solutions.empty()) bundle["solutions"] = std::move(solutions);
  if (!policies.is_null()) bundle["policies"] = std::move(policies);
  return bundle;
}

}  // namespace fib::cli
