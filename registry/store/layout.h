// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "registry/model/definition.h"
#include "registry/model/solution.h"

/// Where records lie below a registry's root, as FlashInfer-Bench has it. All paths with slashes.
namespace fib::registry {

/// Whether a name can be one component of a path that we write: no slash, no control character,
/// neither "." nor "..", does not begin with a dot, at most 200 bytes.
[[nodiscard]] bool is_path_component(std::string_view name);

/// definitions/<op_type>/<name>.json
[[nodiscard]] std::string definition_file(const Definition& definition);
/// solutions/<author>/<op_type>/<definition>/<name>.json
[[nodiscard]] std::string solution_file(const Solution& solution, std::string_view op_type);
/// workloads/<op_type>/<definition>.jsonl
[[nodiscard]] std::string workload_file(const Definition& definition);
/// traces/<author>/<op_type>/<definition>.jsonl; the author is that of the Solution
[[nodiscard]] std::string trace_file(const Definition& definition, std::string_view author);
/// blob/workloads/<op_type>/<definition>/<definition>_<uuid>.safetensors
[[nodiscard]] std::string blob_file(const Definition& definition, std::string_view uuid);

/// A path below a root, or why there is none.
struct Resolved {
  std::filesystem::path path;
  enum class Problem { None, Missing, Outside } problem = Problem::None;
  std::string error;  ///< one clause; empty if all is well

  [[nodiscard]] bool ok() const { return problem == Problem::None; }
};

/// The file that a record names by a relative path. Refused are absolute paths, those with "..",
/// and, unless `follow_links`, symbolic links that lead out of `root` (which is canonical).
[[nodiscard]] Resolved resolve(const std::filesystem::path& root, std::string_view relative,
                               bool follow_links);

/// The path for a file that is to be written. Throws RegistryError if a component is none, or if a
/// directory on the way is a link out of `root` (which is canonical).
[[nodiscard]] std::filesystem::path writable(const std::filesystem::path& root,
                                             std::string_view relative);

/// "a/b" of "./a//b": how two spellings of a path are told to be one.
[[nodiscard]] std::string normal(std::string_view relative);

}  // namespace fib::registry
