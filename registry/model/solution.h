// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/finding.h"
#include "registry/model/object.h"

namespace fib::registry {

/// In the order of kLanguageNames.
enum class Language { Python, Triton, Cpp, Cuda, TileLang };
inline constexpr std::array<std::string_view, 5> kLanguageNames = {"python", "triton", "cpp",
                                                                   "cuda", "tilelang"};

/// How C++ and CUDA code meets Python; in the order of kInterfaceNames. Upstream calls it
/// "binding", which is another thing here.
enum class Interface { TvmFfi, Torch };
inline constexpr std::array<std::string_view, 2> kInterfaceNames = {"tvm-ffi", "torch"};

struct SourceFile {
  std::string path;  ///< relative, without ".."
  std::string content;
  Members members;
};

/// How a Solution is built and called.
struct BuildSpec {
  Language language = Language::Cuda;
  std::vector<std::string> target_hardware;  ///< at least one
  std::string entry_point;                   ///< "<file>::<function>"
  std::vector<std::string> dependencies;
  bool destination_passing_style = true;  ///< run(inputs..., outputs...) instead of returning them
  std::optional<Interface> binding;       ///< of C++ and CUDA; nothing means tvm-ffi
  Members members;  ///< our "launch" block is one of the unknown ones as long as nobody reads it

  [[nodiscard]] std::string_view entry_file() const;
  [[nodiscard]] std::string_view entry_symbol() const;
};

/// One implementation of a Definition, with its sources.
struct Solution {
  std::string name;  ///< unique in the registry
  std::string definition;
  std::string author;
  BuildSpec spec;
  std::vector<SourceFile> sources;  ///< at least one
  std::optional<std::string> description;
  Members members;

  /// Source of this path, or null.
  [[nodiscard]] const SourceFile* source(std::string_view path) const;
  /// Upstream's hash of what is built: 40 hexadecimal digits of SHA-1 over definition, language,
  /// entry point, binding, dependencies and sources. Like there, destination passing style and
  /// target hardware do not enter, and neither does the name (it did in upstream's release 0.1.2).
  [[nodiscard]] std::string content_hash() const;
};

/// Reads and checks one Solution as upstream's own model does. Nothing if it has errors.
[[nodiscard]] std::optional<Solution> read_solution(const Json& value, Findings& findings);
[[nodiscard]] Json to_json(const Solution& solution);

}  // namespace fib::registry
