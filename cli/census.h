// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/facts.h"
#include "cli/memory_ledger.h"
#include "cli/progress.h"
#include "launches/call_roles.h"
#include "launches/graph_ledger.h"
#include "trace/reader.h"

namespace fib::cli {

using launches::CallForm;
using launches::CallRole;
using launches::GraphLedger;

/// Turns one process's log into facts. Launches are only counted, so a log may hold any number of
/// them; what must be put in order of time first (graphs, memory) is kept until finish().
class Census : public trace::Visitor {
 public:
  /// `progress` may be null; otherwise it must outlive the census.
  explicit Census(Progress* progress = nullptr) : progress_(progress) {}

  void on_process(const trace::Process& process) override;
  void on_clock(const trace::Clock& clock) override { facts_.clock.add(clock); }
  void on_api(const trace::Api& api) override;
  void on_device(const trace::Device& device) override;
  void on_context(const trace::Context& context) override;
  void on_load(const trace::Load& load) override;
  void on_image(const trace::Image& image) override;
  void on_kernel(const trace::Kernel& kernel) override;
  void on_graph(const trace::Graph& graph) override { graphs_.define(graph); }
  void on_graph_update(const trace::GraphUpdate& update) override { graphs_.update(update); }
  void on_thread(const trace::Thread& thread) override;
  void on_deviation(const trace::DeviationNote& note) override;
  void on_drops(const trace::Drops& drops) override;
  void on_launch(std::uint32_t thread, const trace::Launch& launch) override;
  void on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) override;
  void on_call(std::uint32_t thread, const trace::Call& call) override;
  void on_window(const trace::Window& window) override { windows_.mark(window); }
  void on_region(const trace::Region& region) override { windows_.region(region); }
  void on_point(std::uint32_t, const trace::Point& point) override { windows_.point(point); }
  void on_end(const trace::EndPayload& end) override;

  /// Everything that the log said, but for the launches in each window (see count_launches). Call
  /// once, after the log was read.
  [[nodiscard]] ProcessFacts finish();

 private:
  struct ApiEntry {
    std::string name;  ///< empty until defined
    CallForm form;
    std::uint64_t calls = 0;
  };
  /// Launches of one kernel; kept apart from KernelFacts, whose ordered map of shapes is slow to
  /// fill.
  struct KernelTally {
    std::uint64_t eager = 0, captured = 0, failed = 0, host_ticks = 0;
    std::unordered_map<LaunchShape, std::uint64_t, LaunchShapeHash> shapes;
  };

  void saw(std::uint64_t ticks, std::uint64_t duration, std::uint16_t api, std::uint32_t thread);
  ApiEntry& api_entry(std::uint16_t api);
  void interpret(const CallForm& form, const trace::Call& call);
  void interpret_memory(const CallForm& form, const trace::Call& call);
  void note(std::uint32_t code, const std::string& text);

  void finish_calls();
  void finish_kernels();
  void finish_graphs();

  Progress* progress_;
  ProcessFacts facts_;
  GraphLedger graphs_;
  MemoryLedger memory_;
  WindowLedger windows_;
  std::vector<ApiEntry> apis_;
  std::vector<trace::Call> early_calls_;  ///< of entry points not defined yet; without blobs
  std::unordered_map<std::uint32_t, KernelTally> tallies_;
  std::unordered_map<std::uint32_t, std::string> images_;  ///< by load: hash of the main part
  std::set<std::string> image_hashes_;
  std::set<std::uint64_t> contexts_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> streams_;
  std::pair<std::uint64_t, std::uint64_t> last_stream_{~0ull, ~0ull};
  std::unordered_map<std::uint32_t, trace::DropsRecord> drops_;  ///< cumulative, by thread
  trace::EndPayload end_{};
};

}  // namespace fib::cli
