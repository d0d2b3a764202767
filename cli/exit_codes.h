// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace fib::cli {

/// What `fib` exits with. Verbs that run a command pass that command's own code on instead, 128 + N
/// when signal N ended it.
enum ExitCode : int {
  kExitOk = 0,
  kExitFinding = 1,      ///< a difference, a failed check; a replay that mismatches, failed or hung
  kExitUsage = 2,        ///< wrong arguments, or something that must be set up first
  kExitUnreadable = 3,   ///< a capture that can't be read at all
  kExitOutput = 4,       ///< results can't be written
  kExitNoHits = 5,       ///< run --require-hits: nothing was redirected
  kExitCantStart = 127,  ///< the command can't be started
};

/// Ends a verb: one line that names what is wrong and what to do, and the code to exit with.
class CliError : public std::runtime_error {
 public:
  CliError(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

}  // namespace fib::cli
