// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"

namespace fib::cli {

/// How a command ended.
struct ChildResult {
  int start_error = 0;  ///< errno when it could not be started
  int pid = 0;
  int exit_code = 0;  ///< its own; 128 + N when signal N ended it; 127 when it could not be started
  int signal = 0;     ///< that ended it, or 0
};

/// Runs `command` (found through PATH), waits for it, and meanwhile hands on the SIGINT, SIGTERM,
/// SIGHUP and SIGQUIT that other processes send us; what a terminal sends reaches the command
/// anyhow. One at a time. With StdoutTo::Stderr our own stdout stays clean for results.
enum class StdoutTo { Stdout, Stderr };
[[nodiscard]] ChildResult run_child(const std::vector<std::string>& command,
                                    Environment environment, StdoutTo stdout_to = StdoutTo::Stdout);

/// Runs a short command with nothing on stdin and returns what it wrote to stdout and stderr.
[[nodiscard]] ChildResult run_captured(const std::vector<std::string>& command,
                                       Environment environment, std::string& output);

/// "exit code 3", "signal 9 (Killed)", "could not be started: No such file or directory".
[[nodiscard]] std::string describe(const ChildResult& result);

}  // namespace fib::cli
