// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dispatch/deployment.h"
#include "dispatch/source/lines.h"
#include "dispatch/source/trusted_tree.h"
#include "registry/build/manifest.h"
#include "registry/model/solution.h"

namespace fib::dispatch {

/// Finds what was built of Solutions for some GPUs, and reads it.
class CodeReader {
 public:
  /// `roots`: where builds are looked for. What it refers to lives longer.
  CodeReader(const std::vector<std::string>& roots, std::span<const Gpu> gpus, SourceLines& lines);

  /// Images of a candidate for each GPU that there is a build for; `unusable` if for none.
  [[nodiscard]] CandidateCode read(const match::CompiledCandidate& candidate,
                                   const registry::Solution& solution);

  /// See TrustedTree.
  [[nodiscard]] bool is_one_state(std::int64_t began_ns) const;

 private:
  /// The builds of one Solution, and where each lies.
  struct Builds {
    std::vector<build::Manifest> manifests;
    std::vector<TrustedTree*> trees;
    std::vector<std::string> folders;   ///< below the tree's root
    std::vector<std::string> problems;  ///< of those that can't be used
  };
  /// A kernel that is wanted, and the build that has it.
  struct Wanted {
    const registry::Solution& solution;
    const match::LaunchProgram::Kernel& kernel;
    const build::Manifest& manifest;
    TrustedTree& tree;
    const std::string& folder;
    std::uint32_t arch;  ///< of the GPU
  };

  [[nodiscard]] Builds builds_of(const registry::Solution& solution);
  void read_manifest(TrustedTree& tree, const std::string& file, const std::string& source_key,
                     Builds& builds);
  /// These give nothing, or why there are no images.
  [[nodiscard]] std::string read_for(const Gpu& gpu, const match::CompiledCandidate& candidate,
                                     const registry::Solution& solution, const Builds& builds,
                                     CandidateCode& code);
  [[nodiscard]] std::string read_image(const Wanted& wanted, CandidateCode& code);

  std::span<const Gpu> gpus_;
  SourceLines& lines_;
  std::vector<std::unique_ptr<TrustedTree>> trees_;
  std::string refused_;  ///< why a place is not looked at; said of candidates without builds
};

}  // namespace fib::dispatch
