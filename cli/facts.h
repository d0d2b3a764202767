// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/window_ledger.h"
#include "launches/facts.h"
#include "launches/tick_clock.h"
#include "trace/reader.h"

/// What the tool knows about a process once its log has been read. Plain data: the census fills it,
/// verbs print it.
namespace fib::cli {

using launches::GraphFacts;
using launches::kMemoryKinds;
using launches::LaunchShape;
using launches::LaunchShapeHash;
using launches::MemoryKind;
using launches::TickClock;

/// One kernel definition of the log.
struct KernelFacts {
  std::uint32_t id = 0;  ///< KernelRecord::kernel; 0: nodes and launches without a kernel
  std::uint32_t load = 0;
  std::uint64_t handle = 0;
  std::string name;       ///< mangled; empty when the log does not define this kernel
  std::string image;      ///< hash in hex; empty when its bytes are not in the capture
  bool filtered = false;  ///< FIBSHIM_FILTER left its launches out of the log
  bool uncountable =
      false;  ///< ran in a conditional body; `graph` can't hold all of its executions

  std::uint64_t eager = 0;     ///< launches that ran
  std::uint64_t captured = 0;  ///< launches that became graph nodes
  std::uint64_t failed = 0;    ///< launches that the driver refused
  std::uint64_t graph = 0;     ///< executions by graph launches
  std::uint64_t host_ticks = 0;
  std::map<LaunchShape, std::uint64_t> shapes;  ///< executions by shape

  [[nodiscard]] std::uint64_t executed() const { return eager + graph; }
};

struct MemoryPoint {
  std::uint64_t ticks;
  MemoryKind kind;
  std::uint64_t live_bytes;  ///< of this kind, from `ticks` on
};
struct MemoryFacts {
  std::array<std::uint64_t, kMemoryKinds> live{}, peak{}, allocations{};
  std::uint64_t device_live = 0, device_peak = 0;  ///< all kinds but host memory, together
  std::uint64_t unmatched_frees = 0;  ///< of addresses that no allocation in the log returned
  std::vector<MemoryPoint> timeline;  ///< by time
};

struct DeviceFacts {
  int ordinal = 0, cc_major = 0, cc_minor = 0, sm_count = 0;
  std::uint64_t memory_bytes = 0;
  std::string name;
  std::string uuid;  ///< "GPU-..."; only of a GPU that is here
};

struct ThreadFacts {
  std::uint32_t tid = 0;
  std::string name;
};

struct ProcessFacts {
  std::string directory;  ///< name of the process's directory in the capture
  trace::ReadResult read;
  trace::ProcessRecord process{};
  std::vector<std::pair<std::string, std::string>> strings;
  TickClock clock;

  std::vector<DeviceFacts> devices;
  std::uint64_t contexts = 0, loads = 0, images = 0, image_bytes = 0, streams = 0;
  std::map<std::uint32_t, ThreadFacts> threads;  ///< by RecordsPrefix::thread
  std::map<std::string, std::uint64_t> api_calls;

  std::map<std::uint32_t, KernelFacts> kernels;  ///< by id
  std::uint64_t launches = 0;                    ///< Launch records, whatever became of them
  std::uint64_t graph_launches = 0;              ///< GraphLaunch records that ran
  std::uint64_t failed_graph_launches = 0;
  std::uint64_t host_ticks = 0;  ///< in launch calls of both sorts
  std::uint64_t first_ticks = 0, last_ticks = 0;
  std::uint64_t param_bytes = 0;

  std::vector<GraphFacts> graphs;
  std::vector<WindowFacts> windows;
  std::uint64_t unseen_graph_launches = 0;  ///< launches of graphs that the log does not define
  std::uint64_t unmatched_graph_updates = 0;

  MemoryFacts memory;
  std::map<std::pair<std::uint32_t, std::string>, std::uint64_t> deviations;
  std::uint64_t dropped_records = 0, dropped_launches = 0;

  [[nodiscard]] std::uint64_t executed() const;
  [[nodiscard]] std::uint64_t deviation_count() const;
  /// The value of `key` among the process's strings, or an empty string.
  [[nodiscard]] std::string text(const std::string& key) const;
  /// The kernel's mangled name, or "kernel#<id>" when the log does not define it, which is
  /// "(unknown kernel)" for 0.
  [[nodiscard]] std::string kernel_name(std::uint32_t id) const;
};

/// "host function" for Deviation::HostFunction; "deviation 99" for what this build does not know.
[[nodiscard]] std::string deviation_name(std::uint32_t code);
/// "kernel" for CU_GRAPH_NODE_TYPE_KERNEL, and so on.
[[nodiscard]] std::string node_type_name(std::uint16_t type);

}  // namespace fib::cli
