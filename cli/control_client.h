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
  /// Throws CliError unless `pid` is a process under the shim, and ours to ask.
  explicit ControlClient(int pid);
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  struct Status {
    trace::ControlState state;
    std::uint32_t windows;
    std::uint64_t launches, stored_bytes, pause_ns;
    std::string text;
    trace::ControlMode mode;
    bool is_off;
    std::uint32_t generation, candidates, ready;
    std::string report;  ///< lines
  };
  [[nodiscard]] Status status() const;

  struct Answer {
    trace::ControlResult result = trace::ControlResult::None;  ///< None: none came in time
    std::string text;
  };
  /// Throws CliError when another request is under way, but for Off, which overtakes it, or when
  /// the process is in a mode that does not know the command.
  [[nodiscard]] Answer request(trace::ControlCommand command, const std::string& argument,
                               std::chrono::milliseconds limit);

 private:
  void check_mode(trace::ControlCommand command) const;
  /// The request's number, once it is made.
  std::uint32_t send(trace::ControlCommand command, const std::string& argument);
  [[nodiscard]] std::string report() const;

  trace::ControlPage* page_ = nullptr;
  int pid_ = 0;
};

}  // namespace fib::cli
