// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What an engine runs, as a capture tells. Plain data: whoever reads the capture fills it.
namespace fib::judge {

/// A launch geometry and how often it ran.
struct EngineShape {
  std::string grid, block;  ///< "32 x 1 x 1"
  std::uint64_t executed = 0;
};

struct EngineKernel {
  std::string name;  ///< as people read it
  std::uint64_t executed = 0, in_graphs = 0;
  std::optional<double> gpu_ms;     ///< that it took, in the stretch that `gpu_source` names
  std::uint64_t measured = 0;       ///< executions behind gpu_ms
  std::vector<EngineShape> shapes;  ///< most executed first; of many only some
  std::size_t shape_count = 0;
  /// Definitions whose bindings match launches of it, with how many.
  std::vector<std::pair<std::string, std::uint64_t>> definitions;
};

struct EngineGraphs {
  std::uint64_t graphs = 0, nodes = 0, kernel_nodes = 0, launches = 0, updates = 0;
  std::uint64_t conditional = 0;  ///< graphs with conditional nodes
};

/// Gaps between kernels in a window: measured kernel times in a modelled order.
struct EngineBubbles {
  double span_ms = 0, busy_ms = 0, gap_ms = 0, host_gap_ms = 0;
  std::uint64_t gaps = 0, host_gaps = 0;
  std::optional<double> speedup_bound;  ///< if all gaps went away
  struct Gap {
    double start_ms = 0, ms = 0;
    std::string after, before;  ///< kernels
    bool host_late = false;
  };
  std::vector<Gap> longest;
  std::uint64_t steps = 0, step_kernels = 0;
  double step_ms = 0;
  bool paused = false;  ///< the recorder waited after every launch, so that gaps are its own
};

struct EngineFacts {
  std::vector<std::string> processes;  ///< "name: command"
  std::vector<std::string> gpus;
  std::uint64_t executed = 0;  ///< kernels, of eager launches and graphs
  std::uint64_t deviations = 0, dropped = 0;
  std::vector<EngineKernel> kernels;  ///< most executed first
  EngineGraphs graphs;
  std::string gpu_source;  ///< "CUPTI, in a replay of window 2"; empty: no GPU time is known
  std::optional<EngineBubbles> bubbles;
};

}  // namespace fib::judge
