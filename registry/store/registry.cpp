// SPDX-License-Identifier: Apache-2.0
#include "registry/store/registry.h"

#include <algorithm>
#include <system_error>

#include "registry/store/error.h"
#include "registry/store/file_tree.h"
#include "registry/store/files.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

template <typename Record>
std::vector<const Stored<Record>*> pick(
    const std::vector<Stored<Record>>& all,
    const std::unordered_map<std::string, std::vector<std::size_t>>& index, std::string_view name) {
  std::vector<const Stored<Record>*> picked;
  const auto found = index.find(std::string(name));
  if (found == index.end()) return picked;
  for (const std::size_t i : found->second) picked.push_back(&all[i]);
  return picked;
}

std::string_view without_blanks(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

/// Fills a registry, file by file.
class Loader {
 public:
  Loader(Registry& registry, FileTree& files) : registry_(registry), files_(files) {}

  void load() {
    for (const std::string& file : scan("definitions", ".json")) {
      load_named(file, read_definition, registry_.definitions_, registry_.definition_index_);
    }
    for (const std::string& file : scan("solutions", ".json")) {
      load_named(file, read_solution, registry_.solutions_, registry_.solution_index_);
    }
    for (const std::string& file : scan("workloads", ".jsonl")) {
      load_lines(file, registry_.workloads_, /*workloads=*/true);
    }
    for (const std::string& file : scan("traces", ".jsonl")) {
      load_lines(file, registry_.traces_, /*workloads=*/false);
    }
    index(registry_.solutions_, registry_.solutions_by_definition_);
    index(registry_.workloads_, registry_.workloads_by_definition_);
    index(registry_.traces_, registry_.traces_by_definition_);
  }

 private:
  std::vector<std::string> scan(std::string_view folder, std::string_view suffix) {
    return files_.list(folder, suffix, registry_.findings_);
  }

  void error(const std::string& rule, const std::string& file, std::size_t line,
             const std::string& message, const std::string& remedy) {
    registry_.findings_.add({Level::Error, rule, file, line, "", message, remedy});
  }

  // The text of a file; nothing, and a finding, if it can't be read.
  bool read(const std::string& file, std::size_t limit, std::string& text) {
    FileText read = files_.read(file, limit);
    if (!read.error.empty())
      error("layout.unreadable", file, 0, read.error, "correct or remove it");
    text = std::move(read.text);
    return read.error.empty();
  }

  bool parse(std::string_view text, const std::string& file, std::size_t line, Json& value) {
    ParsedJson parsed = parse_json(text);
    if (!parsed.ok()) {
      error("layout.json", file, line, "is not accepted as JSON: " + parsed.error,
            "correct the file, or write it again");
    }
    value = std::move(parsed.value);
    return parsed.ok();
  }

  template <typename Record>
  void load_named(const std::string& file,
                  std::optional<Record> (*read_record)(const Json&, Findings&),
                  std::vector<Stored<Record>>& all,
                  std::unordered_map<std::string, std::size_t>& names) {
    std::string text;
    Json value;
    if (!read(file, JsonLimits().bytes, text) || !parse(text, file, 0, value)) return;
    Findings found;
    std::optional<Record> record = read_record(value, found);
    registry_.findings_.take(std::move(found), file, 0);
    if (!record) return;
    const auto [place, is_new] = names.emplace(record->name, all.size());
    if (is_new) {
      all.push_back({std::move(*record), file, 0});
    } else {
      error("layout.duplicate-name", file, 0,
            "\"" + record->name + "\" is the name of " + all[place->second].file + " too",
            "rename or remove one of them");
    }
  }

  void load_lines(const std::string& file, std::vector<Stored<Trace>>& all, bool workloads) {
    std::string text;
    if (!read(file, kLargestLines, text)) return;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const auto line = without_blanks(std::string_view(text).substr(at, end - at));
      at = end + 1;
      ++number;
      if (!line.empty()) load_line(line, file, number, all, workloads);
    }
  }

  void load_line(std::string_view line, const std::string& file, std::size_t number,
                 std::vector<Stored<Trace>>& all, bool workloads) {
    Json value;
    if (!parse(line, file, number, value)) return;
    Findings found;
    std::optional<Trace> trace = read_trace(value, found);
    registry_.findings_.take(std::move(found), file, number);
    if (!trace) return;
    if (workloads && !trace->is_workload()) {
      error("workload.kind", file, number, "a workload has a solution or an evaluation",
            "move the line below traces/");
    } else if (!workloads && !(trace->solution && trace->evaluation)) {
      error("trace.kind", file, number, "a trace has no solution or no evaluation",
            "add them, or move the line below workloads/");
    } else {
      all.push_back({std::move(*trace), file, number});
    }
  }

  template <typename Record>
  static void index(const std::vector<Stored<Record>>& all, Registry::Index& by_definition) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      by_definition[all[i].record.definition].push_back(i);
    }
  }

  Registry& registry_;
  FileTree& files_;
};

Registry Registry::open(const fs::path& root, const OpenOptions& options) {
  std::error_code error;
  Registry registry;
  registry.root_ = fs::canonical(root, error);
  if (!error && !fs::is_directory(registry.root_, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) {
    throw RegistryError(root.string() + " can't be opened as a registry (" + error.message() +
                        "); give the directory that holds definitions/");
  }
  registry.options_ = options;
  PathTree files(registry.root_, options.follow_links);
  Loader(registry, files).load();
  return registry;
}

Registry Registry::load(FileTree& files, const fs::path& root) {
  Registry registry;
  registry.root_ = root;
  Loader(registry, files).load();
  return registry;
}

const Stored<Definition>* Registry::definition(std::string_view name) const {
  const auto found = definition_index_.find(std::string(name));
  return found == definition_index_.end() ? nullptr : &definitions_[found->second];
}

const Stored<Solution>* Registry::solution(std::string_view name) const {
  const auto found = solution_index_.find(std::string(name));
  return found == solution_index_.end() ? nullptr : &solutions_[found->second];
}

std::vector<const Stored<Solution>*> Registry::solutions_of(std::string_view name) const {
  return pick(solutions_, solutions_by_definition_, name);
}

std::vector<const Stored<Trace>*> Registry::workloads_of(std::string_view name) const {
  return pick(workloads_, workloads_by_definition_, name);
}

std::vector<const Stored<Trace>*> Registry::traces_of(std::string_view name) const {
  return pick(traces_, traces_by_definition_, name);
}

}  // namespace fib::registry
