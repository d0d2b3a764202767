// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace fib::sim {

/// FIBSIM_COUNT_FILE: counts a kernel that has run, eagerly or in a graph. The file (PATH.PID) has
/// one line "COUNT NAME" per kernel name, of fixed width, kept up to date in shared memory, so that
/// it is complete even after SIGKILL. Thread-safe; does nothing without the variable.
void count_execution(const std::string& kernel);

/// With FIBSIM_COUNT_COPIES as well: copies to the host, as "BYTES bytes to the host".
void count_to_host(std::size_t bytes);

}  // namespace fib::sim
