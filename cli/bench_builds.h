// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "judge/run/bench.h"

namespace fib::cli {

/// Where builds go by default: as `fib registry build` has it. Throws CliError if nowhere.
[[nodiscard]] std::filesystem::path build_cache(const registry::Registry& registry);

/// Builds what jobs need and is not built, and knows what failed.
class BenchBuilds {
 public:
  /// Call it from a process of one thread.
  BenchBuilds(const registry::Registry& registry, const std::vector<judge::Job>& jobs,
              const std::filesystem::path& cache);

  /// One for each Solution that is not built: why.
  [[nodiscard]] std::vector<std::string> lines() const;
  /// The trial, but for Solutions that are not built: source that does not compile is a result,
  /// a compiler that is missing is none.
  [[nodiscard]] judge::RunTrial before(judge::RunTrial trial) const;

 private:
  struct Failure {
    std::string why;
    bool is_result = false;
  };
  std::map<std::string, Failure> failures_;  ///< by Solution
};

}  // namespace fib::cli
