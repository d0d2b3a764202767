// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "trace/control.h"

namespace fib::cli {

/// The control page of another process (trace/control.h), mapped. What is in it that process says,
/// or somebody else: nothing is trusted.
class ControlClient {
 public:
  /// Throws CliError unless `pid` is a process that is being recorded, and ours to ask.
  explicit ControlClient(int pid);
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  struct Status {
    trace::ControlState state;
    std::uint32_t windows;
    std::uint64_t launches, stored_bytes, pause_ns;
    std::string text;
  };
  [[nodiscard]] Status status() const;

  struct Answer {
    trace::ControlResult result = trace::ControlResult::None;  ///< None: none came in time
    std::string text;
  };
  /// Throws CliError when another request is under way.
  [[nodiscard]] Answer request(trace::ControlCommand command, const std::string& argument,
                               std::chrono::milliseconds limit);

 private:
  trace::ControlPage* page_ = nullptr;
};

}  // namespace fib::cli
