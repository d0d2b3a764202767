// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "launches/tick_clock.h"
#include "trace/api_args.h"
#include "trace/reader.h"

namespace fib::cli {

using launches::TickClock;

/// What a log's records refer to by number. Definitions may come after their use, so verbs that
/// print records as they are read go through the log once for this and once to print.
class LogNames : public trace::Visitor {
 public:
  struct Api {
    std::string name, args;
    std::vector<trace::ArgSpec> specs;  ///< views into `args`
  };

  void on_process(const trace::Process& process) override;
  void on_clock(const trace::Clock& clock) override { clock_.add(clock); }
  void on_api(const trace::Api& api) override;
  void on_kernel(const trace::Kernel& kernel) override;
  void on_thread(const trace::Thread& thread) override;
  void on_load(const trace::Load& load) override { clock_.cover(load.header.time); }
  void on_launch(std::uint32_t, const trace::Launch& launch) override {
    clock_.cover(launch.header.time);
  }
  void on_graph_launch(std::uint32_t, const trace::GraphLaunch& launch) override {
    clock_.cover(launch.header.time);
  }
  void on_call(std::uint32_t, const trace::Call& call) override { clock_.cover(call.header.time); }

  /// "api#7" where the log does not define it.
  [[nodiscard]] const Api& api(std::uint16_t api);
  /// Mangled; "kernel#7" where the log does not define it.
  [[nodiscard]] const std::string& kernel(std::uint32_t kernel);
  [[nodiscard]] const TickClock& clock() const { return clock_; }
  [[nodiscard]] std::uint32_t pid() const { return pid_; }
  /// Thread id of the operating system; the log's own index where it does not tell.
  [[nodiscard]] std::uint32_t tid(std::uint32_t thread) const;
  [[nodiscard]] std::string command() const { return command_; }
  [[nodiscard]] const std::unordered_map<std::uint32_t, std::string>& threads() const {
    return thread_names_;
  }

 private:
  TickClock clock_;
  std::uint32_t pid_ = 0;
  std::string command_;
  std::unordered_map<std::uint16_t, Api> apis_;
  std::unordered_map<std::uint32_t, std::string> kernels_, thread_names_;
  std::unordered_map<std::uint32_t, std::uint32_t> tids_;
};

}  // namespace fib::cli
