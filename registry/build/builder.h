// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/build/manifest.h"
#include "registry/model/finding.h"
#include "registry/store/registry.h"

namespace fib::build {

struct BuildRequest {
  std::filesystem::path cache;
  std::vector<Arch> archs;  ///< empty: those of each Solution's target_hardware
  /// Those of this machine's GPUs: for Solutions that name no GPU. Called at most once.
  std::function<std::vector<Arch>()> local = [] { return std::vector<Arch>(); };
  std::filesystem::path nvrtc;                  ///< empty: wherever it is found
  std::vector<std::filesystem::path> includes;  ///< more directories with headers
  bool again = false;                           ///< what is in the cache does not count
  unsigned jobs = 1;
  std::chrono::seconds limit{600};  ///< for one Solution and architecture
};

enum class BuildOutcome { Built, Cached, Kept, Failed };
/// "built", "cached", "kept" (it has no launch block: not launchable here) or "failed".
[[nodiscard]] const char* to_string(BuildOutcome outcome);

/// What became of one Solution for one architecture.
struct BuildResult {
  std::string solution, file;  ///< file: of the Solution, below the registry's root
  std::optional<Arch> arch;    ///< nothing: it did not come to that
  BuildOutcome outcome = BuildOutcome::Failed;
  std::filesystem::path directory;   ///< of the build
  std::optional<Manifest> manifest;  ///< of what is built or cached
  registry::Findings findings;
  std::string log;  ///< what compilers said beyond numbers: "norm.cu:3: warning: ..."
  double seconds = 0;
};

/// Builds Solutions of a registry into the cache. Compilers run in processes of their own. One
/// result for each Solution and architecture, in that order; what fails does not keep the others
/// from being built. Call it from a process of one thread.
[[nodiscard]] std::vector<BuildResult> build_solutions(
    const std::vector<const registry::Stored<registry::Solution>*>& solutions,
    const BuildRequest& request);

/// For one architecture, in this process. Throws nothing but for lack of memory.
[[nodiscard]] BuildResult build_solution(const registry::Stored<registry::Solution>& solution,
                                         const Arch& arch, const BuildRequest& request);

[[nodiscard]] registry::Json to_json(const BuildResult& result);

}  // namespace fib::build
