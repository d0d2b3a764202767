// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/store/registry.h"

namespace fib::registry {

struct EditOptions {
  bool replace = false;  ///< Definitions and Solutions that differ are replaced
  bool dry_run = false;  ///< nothing is written
};

/// What became of one record that was to be added.
enum class Outcome { Added, Replaced, Same, Conflict };

/// Adds records to a registry. Everything is checked and collected first; commit() writes. Paths
/// are always upstream's, wherever the records came from.
class Editor {
 public:
  /// `registry` outlives the editor and shows what was there before.
  Editor(const Registry& registry, const EditOptions& options);
  Editor(Registry&&, const EditOptions&) = delete;

  /// Throw RegistryError for names that can't be files, and for records that refer to a Definition
  /// or a Solution that neither the registry nor this editor has. A Conflict changes nothing.
  Outcome add(const Definition& definition);
  Outcome add(const Solution& solution);
  Outcome add_workload(const Trace& workload);
  Outcome add_trace(const Trace& trace);
  /// The file at `source`, as what records call `path`.
  Outcome add_blob(const std::filesystem::path& source, const std::string& path);

  /// Writes what was collected, in an order in which a crash leaves no record without what it
  /// refers to. Throws RegistryError.
  void commit();

 private:
  [[nodiscard]] const Definition& definition_of(const std::string& name) const;
  [[nodiscard]] const Solution& solution_of(const std::string& name) const;
  void append(const std::string& file, const Trace& trace);

  const Registry& registry_;
  EditOptions options_;
  std::map<std::string, Definition> definitions_;
  std::map<std::string, Solution> solutions_;
  std::map<std::string, std::string> whole_files_;  ///< text by path
  std::map<std::string, std::string> lines_;        ///< to append, by path
  std::map<std::string, std::filesystem::path> blobs_;
  std::map<std::pair<std::string, std::string>, Json> workloads_;  ///< by definition and uuid
  std::set<std::string> traces_;                                   ///< as text
};

/// What a name stands for, and what would go with it.
struct Removal {
  enum class Kind { Definition, Solution, Workload } kind = Kind::Definition;
  std::string name;
  std::vector<std::string> files;  ///< removed whole: records and blobs that nobody else names
  std::set<std::string> jsonl;     ///< files that lose lines
  std::size_t solutions = 0, workloads = 0, traces = 0, blobs = 0;  ///< that go along
};

/// Finds the Definition, Solution or Workload (by uuid) of this name, and all that refers to it.
/// Throws RegistryError if there is none, or several.
[[nodiscard]] Removal plan_removal(const Registry& registry, const std::string& name);
/// Removes it. Throws RegistryError.
void remove(const Registry& registry, const Removal& removal);

}  // namespace fib::registry
