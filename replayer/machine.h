// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/driver_api.h"
#include "replayer/code.h"
#include "replayer/contents.h"
#include "replayer/contexts.h"
#include "replayer/graph_builder.h"
#include "replayer/host_buffers.h"
#include "replayer/memory.h"
#include "replayer/page_access.h"
#include "replayer/page_table.h"
#include "replayer/progress.h"
#include "replayer/streams.h"

namespace fib::replayer {

/// A launch to write as a capture of its own.
struct ExtractRequest {
  std::uint64_t launch = 0;  ///< its number in the window
  std::string to;            ///< directory to make for it
};

struct ReplayOptions {
  enum class Verify { None, Window, Launch };
  Verify verify = Verify::Window;
  unsigned times = 2;   ///< runs of the window
  bool force = false;   ///< go on where results may differ
  bool locate = false;  ///< wait after every launch, to find the one that never ends or fails
  bool gpu_times = true;
  std::vector<ExtractRequest> extracts;  ///< if there are any, nothing else is done
  bool extract_widely = false;           ///< with all memory that they can reach
  std::map<int, int> device_map;
};

/// Everything that one replaying process has of the recorded one. Built in the order of the
/// members; open() does what needs the driver.
class Machine {
 public:
  Machine(const driver::DriverApi& driver, const trace::Capture& capture, const Plan& window,
          const ReplayOptions& how, Progress& watched);

  /// Takes the addresses and initialises the driver, makes contexts, memory and code. `init` opens
  /// the driver: it runs after host addresses were taken. Throws AddressTaken, Refusal,
  /// DriverError.
  void open(const std::function<void()>& init);
  /// Everything as at the begin of the window.
  void restore();
  /// Waits for the GPU, and lets go of what only copies on their way needed.
  [[nodiscard]] CUresult synchronize();

  const driver::DriverApi& api;
  const Plan& plan;
  const ReplayOptions& options;
  Progress& progress;
  Deviations deviations;
  Usage usage;
  DeviceMap device_map;
  Contents contents;
  Contexts contexts;
  Code code;
  Memory memory;
  PageAccess pages;
  PageTable table;
  Streams streams;
  Events events;
  HostBuffers buffers;
  GraphBuilder graphs;

 private:
  [[nodiscard]] MemoryLayout layout() const;
  void require_images() const;

  const trace::Capture& capture_;
};

}  // namespace fib::replayer
