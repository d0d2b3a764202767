// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "registry/build/compilers.h"
#include "registry/build/manifest.h"
#include "registry/build/options.h"
#include "registry/model/solution.h"

namespace fib::build {

/// One module, as it goes to the cache.
struct BuiltModule {
  Module module;  ///< without a file name
  std::string content;
  std::string log;    ///< diagnostics: "norm.cu:3: warning: ..."
  std::string note;   ///< worth knowing; empty if nothing is
  std::string error;  ///< one line that begins with the module's name; empty if it was built
};

/// Makes modules of one Solution for one architecture.
class ModuleBuilder {
 public:
  /// All of them live longer than the builder. `options` and `includes` are for CUDA C++.
  ModuleBuilder(const registry::Solution& solution, const Arch& arch,
                const std::vector<std::string>& options,
                const std::vector<std::string>& instantiate, Compilers& compilers)
      : solution_(solution),
        arch_(arch),
        options_(options),
        instantiate_(instantiate),
        compilers_(compilers) {}

  [[nodiscard]] BuiltModule build(const std::string& name) const;

 private:
  void from_cuda(const registry::SourceFile& source, BuiltModule& built) const;
  void from_ptx(std::string text, BuiltModule& built) const;
  void from_cubin(std::string bytes, BuiltModule& built) const;
  void from_fatbin(const std::string& bytes, BuiltModule& built) const;
  void take_ptx(std::string text, const std::string& log, BuiltModule& built) const;

  const registry::Solution& solution_;
  const Arch& arch_;
  const std::vector<std::string>& options_;
  const std::vector<std::string>& instantiate_;
  Compilers& compilers_;
};

/// What a compiler said, without ptxas's numbers and with places as "norm.cu:3:".
[[nodiscard]] std::string diagnostics(std::string_view log, std::string_view module);

}  // namespace fib::build
