// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "cli/facts.h"
#include "cli/json_writer.h"
#include "cli/log_names.h"
#include "trace/reader.h"

namespace fib::cli {

/// Turns a log into events of the Chrome trace format, which ui.perfetto.dev opens: one complete
/// event for each driver call, on the host's time line. Streams; keeps only thread ids and kernel
/// names.
class PerfettoEvents : public trace::Visitor {
 public:
  using Event = std::function<void(const std::string& json)>;
  /// `offset_ns` is where the log's clock starts on the time line of the whole capture; `pid` is
  /// the number to show, unique within the capture.
  PerfettoEvents(LogNames& names, std::uint64_t pid, double offset_ns, Event event)
      : names_(names), pid_(pid), offset_ns_(offset_ns), event_(std::move(event)) {}

  /// Names of the process and, once the log was read, of its threads.
  void name_process(const std::string& title);
  void name_threads();
  /// Counters of live memory.
  void memory(const MemoryFacts& memory);

  void on_deviation(const trace::DeviationNote& note) override;
  void on_launch(std::uint32_t thread, const trace::Launch& launch) override;
  void on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) override;
  void on_call(std::uint32_t thread, const trace::Call& call) override;

 private:
  void begin(const char* phase, std::uint64_t ticks);
  void span(std::uint32_t thread, std::uint64_t ticks, std::uint64_t duration);
  void finish();
  void arguments(const trace::Call& call, const LogNames::Api& api);
  [[nodiscard]] const std::string& short_kernel(std::uint32_t kernel);

  LogNames& names_;
  std::uint64_t pid_;
  double offset_ns_;
  Event event_;
  JsonWriter json_;
  std::set<std::uint32_t> threads_;
  std::unordered_map<std::uint32_t, std::string> short_names_;
};

}  // namespace fib::cli
