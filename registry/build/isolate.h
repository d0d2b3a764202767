// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace fib::build {

/// What a task returned, or how its process ended instead.
struct TaskEnd {
  std::string text;
  std::string failure;  ///< one clause: "crashed (signal 11, Segmentation fault)"; empty if none
};

/// Runs task(0) ... task(count - 1) in child processes, at most `jobs` at a time: a compiler that
/// crashes, or takes longer than `limit` for one task, costs that task and no other. Call it from
/// a process of one thread. Throws std::system_error if no process can be started.
[[nodiscard]] std::vector<TaskEnd> run_isolated(
    std::size_t count, unsigned jobs, std::chrono::seconds limit,
    const std::function<std::string(std::size_t)>& task);

}  // namespace fib::build
