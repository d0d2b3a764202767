// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/model/definition.h"
#include "registry/model/finding.h"
#include "registry/model/solution.h"
#include "registry/model/trace.h"

namespace fib::registry {

class FileTree;

/// A record, and where it stands.
template <typename Record>
struct Stored {
  Record record;
  std::string file;      ///< relative to the root, with slashes
  std::size_t line = 0;  ///< of a JSONL file, from 1
};

struct OpenOptions {
  /// Reads through symbolic links that lead out of the root, as a Hugging Face cache consists of.
  bool follow_links = false;
};

/// A FlashInfer Trace dataset in memory. Immutable once it is open; any number of threads may
/// read it.
class Registry {
 public:
  /// Loads everything below `root`. A file or line that is no good becomes a finding, and the rest
  /// loads. Throws RegistryError only if `root` itself can't be read.
  [[nodiscard]] static Registry open(const std::filesystem::path& root,
                                     const OpenOptions& options = {});
  /// The same from files that somebody else finds and reads; `root` is only remembered.
  [[nodiscard]] static Registry load(FileTree& files, const std::filesystem::path& root);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }  ///< canonical
  [[nodiscard]] const OpenOptions& options() const { return options_; }
  [[nodiscard]] const Findings& findings() const { return findings_; }

  /// All that loaded, in the order of their files. Of two of one name only the first is here.
  [[nodiscard]] const std::vector<Stored<Definition>>& definitions() const { return definitions_; }
  [[nodiscard]] const std::vector<Stored<Solution>>& solutions() const { return solutions_; }
  [[nodiscard]] const std::vector<Stored<Trace>>& workloads() const { return workloads_; }
  [[nodiscard]] const std::vector<Stored<Trace>>& traces() const { return traces_; }

  /// By name, or null.
  [[nodiscard]] const Stored<Definition>* definition(std::string_view name) const;
  [[nodiscard]] const Stored<Solution>* solution(std::string_view name) const;
  /// Of one Definition, in the order of the files.
  [[nodiscard]] std::vector<const Stored<Solution>*> solutions_of(std::string_view name) const;
  [[nodiscard]] std::vector<const Stored<Trace>*> workloads_of(std::string_view name) const;
  [[nodiscard]] std::vector<const Stored<Trace>*> traces_of(std::string_view name) const;

 private:
  friend class Loader;
  using Index = std::unordered_map<std::string, std::vector<std::size_t>>;

  Registry() = default;

  std::filesystem::path root_;
  OpenOptions options_;
  Findings findings_;
  std::vector<Stored<Definition>> definitions_;
  std::vector<Stored<Solution>> solutions_;
  std::vector<Stored<Trace>> workloads_, traces_;
  std::unordered_map<std::string, std::size_t> definition_index_, solution_index_;
  Index solutions_by_definition_, workloads_by_definition_, traces_by_definition_;
};

}  // namespace fib::registry
