// SPDX-License-Identifier: Apache-2.0
#include "registry/store/edit.h"

#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestBlob = std::size_t{16} << 30;

// Members in one order, so that equal records have equal texts.
Json sorted(const Json& value) {
  if (value.is_object()) {
    std::map<std::string, Json> members;
    for (const auto& [key, member] : value.items()) members[key] = sorted(member);
    Json object = Json::object();
    for (auto& [key, member] : members) append_member(object, key, std::move(member));
    return object;
  }
  if (!value.is_array()) return value;
  Json array = Json::array();
  for (const Json& element : value) array.push_back(sorted(element));
  return array;
}

template <typename Record>
Outcome compare(const Stored<Record>* known, const Record& record, bool replace) {
  if (known == nullptr) return Outcome::Added;
  if (same_meaning(to_json(known->record), to_json(record))) return Outcome::Same;
  return replace ? Outcome::Replaced : Outcome::Conflict;
}

std::string missing(std::string_view kind, const std::string& name) {
  return "there is no " + std::string(kind) + " \"" + name + "\" in the registry; add it first";
}

}  // namespace

Editor::Editor(const Registry& registry, const EditOptions& options)
    : registry_(registry), options_(options) {
  for (const auto& stored : registry_.workloads()) {
    const Trace& trace = stored.record;
    workloads_[{trace.definition, trace.workload.uuid}] = to_json(trace);
  }
  for (const auto& stored : registry_.traces()) {
    traces_.insert(to_text(sorted(to_json(stored.record))));
  }
}

const Definition& Editor::definition_of(const std::string& name) const {
  if (const auto found = definitions_.find(name); found != definitions_.end()) return found->second;
  const Stored<Definition>* const stored = registry_.definition(name);
  if (stored == nullptr) throw RegistryError(missing("Definition", name));
  return stored->record;
}

const Solution& Editor::solution_of(const std::string& name) const {
  if (const auto found = solutions_.find(name); found != solutions_.end()) return found->second;
  const Stored<Solution>* const stored = registry_.solution(name);
  if (stored == nullptr) throw RegistryError(missing("Solution", name));
  return stored->record;
}

Outcome Editor::add(const Definition& definition) {
  const Stored<Definition>* const known = registry_.definition(definition.name);
  Outcome outcome = compare(known, definition, options_.replace);
  const auto earlier = definitions_.find(definition.name);
  if (earlier != definitions_.end()) {
    outcome = same_meaning(to_json(earlier->second), to_json(definition)) ? Outcome::Same
                                                                          : Outcome::Conflict;
  }
  if (outcome == Outcome::Conflict || outcome == Outcome::Same) return outcome;
  // A record that is replaced stays where it is, even where upstream would not have put it.
  const std::string file = known != nullptr ? known->file : definition_file(definition);
  if (known == nullptr) (void)writable(registry_.root(), file);
  whole_files_[file] = to_text(to_json(definition), 2);
  definitions_[definition.name] = definition;
  return outcome;
}

Outcome Editor::add(const Solution& solution) {
  const Definition& definition = definition_of(solution.definition);
  const Stored<Solution>* const known = registry_.solution(solution.name);
  Outcome outcome = compare(known, solution, options_.replace);
  const auto earlier = solutions_.find(solution.name);
  if (earlier != solutions_.end()) {
    outcome = same_meaning(to_json(earlier->second), to_json(solution)) ? Outcome::Same
                                                                        : Outcome::Conflict;
  }
  if (outcome == Outcome::Conflict || outcome == Outcome::Same) return outcome;
  const std::string file =
      known != nullptr ? known->file : solution_file(solution, definition.op_type);
  if (known == nullptr) (void)writable(registry_.root(), file);
  whole_files_[file] = to_text(to_json(solution), 2);
  solutions_[solution.name] = solution;
  return outcome;
}

void Editor::append(const std::string& file, const Trace& trace) {
  (void)writable(registry_.root(), file);
  lines_[file] += to_text(to_json(trace)) + '\n';
}

Outcome Editor::add_workload(const Trace& workload) {
  const Definition& definition = definition_of(workload.definition);
  const Json value = to_json(workload);
  const auto [place, is_new] =
      workloads_.try_emplace({workload.definition, workload.workload.uuid}, value);
  if (!is_new) {
    return same_meaning(place->second.at("workload"), value.at("workload")) ? Outcome::Same
                                                                            : Outcome::Conflict;
  }
  append(workload_file(definition), workload);
  return Outcome::Added;
}

Outcome Editor::add_trace(const Trace& trace) {
  const Definition& definition = definition_of(trace.definition);
  if (!trace.solution) throw RegistryError("a trace without a solution is no result");
  const Solution& solution = solution_of(*trace.solution);
  if (!traces_.insert(to_text(sorted(to_json(trace)))).second) return Outcome::Same;
  append(trace_file(definition, solution.author), trace);
  return Outcome::Added;
}

Outcome Editor::add_blob(const fs::path& source, const std::string& path) {
  const std::string relative = normal(path);
  const fs::path target = writable(registry_.root(), relative);
  std::error_code error;
  if (blobs_.contains(relative)) return Outcome::Same;
  if (fs::exists(target, error)) {
    const FileText ours = read_file(target, kLargestBlob), theirs = read_file(source, kLargestBlob);
    return ours.error.empty() && theirs.error.empty() && ours.text == theirs.text
               ? Outcome::Same
               : Outcome::Conflict;
  }
  blobs_[relative] = source;
  return Outcome::Added;
}

void Editor::commit() {
  if (options_.dry_run) return;
  for (const auto& [path, source] : blobs_) {
    const FileText blob = read_file(source, kLargestBlob);
    if (!blob.error.empty()) throw RegistryError(source.string() + ": " + blob.error);
    replace_file(writable(registry_.root(), path), blob.text);
  }
  // Definitions sort before Solutions.
  for (const auto& [path, text] : whole_files_) replace_file(registry_.root() / path, text);
  for (const auto& [path, text] : lines_) {
    if (path.starts_with("workloads/")) append_lines(writable(registry_.root(), path), text);
  }
  for (const auto& [path, text] : lines_) {
    if (!path.starts_with("workloads/")) append_lines(writable(registry_.root(), path), text);
  }
}

}  // namespace fib::registry
