// SPDX-License-Identifier: Apache-2.0
#include "cli/demotions_file.h"

#include <filesystem>

#include "cli/exit_codes.h"
#include "registry/bindings/policies.h"
#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::cli {
namespace {

using registry::Json;

constexpr std::size_t kLargestFile = std::size_t{1} << 20;

Json read_policies_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return Json::object();
  const registry::FileText text = registry::read_file(path, kLargestFile);
  if (!text.error.empty()) throw CliError(kExitOutput, path.string() + ' ' + text.error);
  registry::ParsedJson parsed = registry::parse_json(text.text);
  if (!parsed.ok() || !parsed.value.is_object()) {
    throw CliError(kExitOutput,
                   path.string() + " is no JSON object (" + parsed.error + "); repair it");
  }
  return std::move(parsed.value);
}

Json entry_of(const Demotion& demotion, const Json& evidence) {
  Json entry = {{"reason", demotion.why}};
  if (!demotion.together_with.empty()) entry["together_with"] = demotion.together_with;
  for (const auto& [key, value] : evidence.items()) entry[key] = value;
  return entry;
}

}  // namespace

void write_demotions(const registry::Registry& registry, const std::vector<Demotion>& demotions,
                     const Json& evidence) try {
  if (demotions.empty()) return;
  const auto path = registry::writable(registry.root(), registry::kPoliciesFile);
  Json policies = read_policies_file(path);
  Json& all = policies["demoted"];
  if (!all.is_object()) all = Json::object();
  for (const Demotion& demotion : demotions) all[demotion.solution] = entry_of(demotion, evidence);
  registry::replace_file(path, registry::to_text(policies, 2) + '\n');
} catch (const registry::RegistryError& error) {
  throw CliError(kExitOutput, error.what());
}

}  // namespace fib::cli
