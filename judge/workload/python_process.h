// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fib::judge {

/// How a command ended.
struct PythonEnd {
  bool started = false, timed_out = false;
  int exit_code = -1;  ///< 128 + N if signal N ended it
  std::string output;  ///< the end of what it wrote to stdout and stderr
};

/// Python: $FIB_PYTHON if it is set, else "python3", found through PATH.
[[nodiscard]] std::string python_command();

/// Runs a command with nothing on stdin, without GPUs and without preloaded libraries, in a process
/// group of its own, and ends whatever is left of the group afterwards. No file that it writes may
/// exceed `file_limit` bytes.
[[nodiscard]] PythonEnd run_python(const std::vector<std::string>& command, double timeout_seconds,
                                   unsigned long file_limit);

}  // namespace fib::judge
