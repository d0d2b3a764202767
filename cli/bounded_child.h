// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/child_process.h"

namespace fib::cli {

/// How a command ended that could not run for ever.
struct BoundedResult {
  ChildResult child;
  bool timed_out = false;  ///< and was killed, with all in its process group
  double seconds = 0;
};

/// Runs `command` in a process group of its own, nothing on stdin, stdout and stderr to files, for
/// so many seconds at most. SIGINT and SIGTERM end the group, and then this process as they would
/// have without this. One at a time. Throws CliError if a file can't be written.
[[nodiscard]] BoundedResult run_bounded(const std::vector<std::string>& command,
                                        Environment environment, const std::filesystem::path& out,
                                        const std::filesystem::path& err, double seconds);

/// "no end within 60 s", or as describe(ChildResult) says it.
[[nodiscard]] std::string describe(const BoundedResult& result);

}  // namespace fib::cli
