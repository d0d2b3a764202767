// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "registry/store/layout.h"
#include "registry/store/scan.h"
#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

template <typename Record>
void check_references(const Registry& registry, const std::vector<Stored<Record>>& all,
                      Findings& findings) {
  std::set<std::pair<std::string, std::string>> seen;  // once for each file and name
  for (const auto& stored : all) {
    const std::string& name = stored.record.definition;
    if (registry.definition(name) != nullptr || !seen.emplace(stored.file, name).second) continue;
    Reporter(findings, stored)
        .error("layout.unknown-definition", "/definition",
               in_quotes(name) + " is no Definition of this registry, or one that did not load",
               "add or correct the Definition, or remove this record");
  }
}

}  // namespace

void check_unknown_definitions(const Registry& registry, Findings& findings) {
  check_references(registry, registry.solutions(), findings);
  check_references(registry, registry.workloads(), findings);
  check_references(registry, registry.traces(), findings);
}

void check_shared_uuids(const Registry& registry, Findings& findings) {
  std::map<std::string, const Stored<Trace>*> first;
  for (const auto& stored : registry.workloads()) {
    const std::string& uuid = stored.record.workload.uuid;
    const auto [place, is_new] = first.emplace(uuid, &stored);
    if (is_new || place->second->record.definition == stored.record.definition) continue;
    Reporter(findings, stored)
        .warning("workload.shared-uuid", "/workload/uuid",
                 in_quotes(uuid) + " is also a workload of " + place->second->record.definition,
                 "give each workload its own uuid: servers look them up by it alone");
  }
}

void check_blobs(const Registry& registry, Findings& findings) {
  std::set<std::string> named;
  for (const auto* list : {&registry.workloads(), &registry.traces()}) {
    for (const auto& stored : *list) {
      for (const auto& [name, input] : stored.record.workload.inputs) {
        if (const SafetensorsInput* tensor = input.tensor()) named.insert(normal(tensor->path));
      }
    }
  }
  const bool follow = registry.options().follow_links;
  for (const std::string& file : scan_files(registry.root(), "blob", "", follow, findings)) {
    if (named.contains(file)) continue;
    findings.add({Level::Warning, "layout.orphan-blob", file, 0, "", "no workload names this blob",
                  "remove it, or add the workload it belongs to"});
  }
}

}  // namespace fib::registry
