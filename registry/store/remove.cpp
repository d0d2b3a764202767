// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "registry/store/edit.h"
#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

using RemovalKind = Removal::Kind;

bool concerns(const Removal& removal, const Trace& trace) {
  switch (removal.kind) {
    case RemovalKind::Definition: return trace.definition == removal.name;
    case RemovalKind::Solution: return trace.solution == removal.name;
    case RemovalKind::Workload: return trace.workload.uuid == removal.name;
  }
  return false;
}

template <typename Visit>
void for_each_blob(const Trace& trace, Visit visit) {
  for (const auto& [name, input] : trace.workload.inputs) {
    if (const SafetensorsInput* tensor = input.tensor()) visit(normal(tensor->path));
  }
}

// Blobs of the workloads that go, without those that others name too.
void plan_blobs(const Registry& registry, Removal& removal) {
  std::set<std::string> going, staying;
  for (const auto* list : {&registry.workloads(), &registry.traces()}) {
    for (const auto& stored : *list) {
      auto& set = concerns(removal, stored.record) ? going : staying;
      for_each_blob(stored.record, [&](std::string path) { set.insert(std::move(path)); });
    }
  }
  for (const std::string& path : going) {
    // Only what lies where blobs belong: a record can name any file of the registry.
    if (staying.contains(path) || !path.starts_with("blob/")) continue;
    if (!resolve(registry.root(), path, /*follow_links=*/false).ok()) continue;
    removal.files.push_back(path);
    ++removal.blobs;
  }
}

void plan_lines(const Registry& registry, Removal& removal) {
  for (const auto& stored : registry.workloads()) {
    if (!concerns(removal, stored.record)) continue;
    removal.jsonl.insert(stored.file);
    ++removal.workloads;
  }
  for (const auto& stored : registry.traces()) {
    if (!concerns(removal, stored.record)) continue;
    removal.jsonl.insert(stored.file);
    ++removal.traces;
  }
}

std::vector<RemovalKind> kinds_of(const Registry& registry, const std::string& name) {
  std::vector<RemovalKind> kinds;
  if (registry.definition(name) != nullptr) kinds.push_back(RemovalKind::Definition);
  if (registry.solution(name) != nullptr) kinds.push_back(RemovalKind::Solution);
  const auto& workloads = registry.workloads();
  const bool workload = std::any_of(workloads.begin(), workloads.end(), [&](const auto& stored) {
    return stored.record.workload.uuid == name;
  });
  if (workload) kinds.push_back(RemovalKind::Workload);
  return kinds;
}

// Lines that we can't read are somebody else's: they stay.
bool line_goes(const Removal& removal, std::string_view line) {
  const ParsedJson parsed = parse_json(line);
  if (!parsed.ok()) return false;
  Findings ignored;
  const std::optional<Trace> trace = read_trace(parsed.value, ignored);
  return trace && concerns(removal, *trace);
}

std::optional<std::string> without_lines(const Removal& removal, std::string_view text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = text.substr(at, end - at);
    if (!line_goes(removal, line)) kept += line;
    at = end;
  }
  if (kept.size() == text.size()) return std::nullopt;
  return kept;
}

}  // namespace

Removal plan_removal(const Registry& registry, const std::string& name) {
  const std::vector<RemovalKind> kinds = kinds_of(registry, name);
  if (kinds.size() != 1) {
    throw RegistryError('"' + name +
                        (kinds.empty() ? "\" is no Definition, Solution or workload of the registry"
                                       : "\" is the name of several records; rename one of them"));
  }
  Removal removal;
  removal.kind = kinds.front();
  removal.name = name;
  if (removal.kind == RemovalKind::Definition) {
    for (const auto* solution : registry.solutions_of(name)) {
      removal.files.push_back(solution->file);
      ++removal.solutions;
    }
    removal.files.push_back(registry.definition(name)->file);
  }
  if (removal.kind == RemovalKind::Solution) removal.files.push_back(registry.solution(name)->file);
  plan_lines(registry, removal);
  if (removal.kind != RemovalKind::Solution) plan_blobs(registry, removal);
  return removal;
}

void remove(const Registry& registry, const Removal& removal) {
  // What refers to a record goes before it.
  for (const std::string& file : removal.jsonl) {
    change_lines(writable(registry.root(), file),
                 [&](std::string_view text) { return without_lines(removal, text); });
  }
  for (const std::string& file : removal.files) {
    remove_file(writable(registry.root(), file), registry.root());
  }
}

}  // namespace fib::registry
