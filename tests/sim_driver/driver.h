// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/sim_driver/api.h"
#include "tests/sim_driver/capture.h"
#include "tests/sim_driver/context.h"
#include "tests/sim_driver/device.h"
#include "tests/sim_driver/event.h"
#include "tests/sim_driver/graph.h"
#include "tests/sim_driver/handles.h"
#include "tests/sim_driver/memory_map.h"
#include "tests/sim_driver/module.h"
#include "tests/sim_driver/pool.h"
#include "tests/sim_driver/vmm.h"

namespace fib::sim {

enum class Phase { cold, ready, forked };
Phase phase();
void set_phase(Phase next);

/// FIBSIM_LAUNCH=null is on: launches return at once. Set by cuInit.
extern std::atomic<bool> g_null_launch;

/// All state of the driver. Leaked, so that calls from atexit handlers and late worker threads
/// still find it. Everything is guarded by `mutex`, unless it says otherwise.
struct Driver {
  static Driver& get();

  std::mutex mutex;
  std::vector<Device> devices;
  HandleTable<Context, CUcontext> contexts;
  HandleTable<Module, CUmodule> modules;
  HandleTable<Function, CUfunction> functions;
  HandleTable<Library, CUlibrary> libraries;
  HandleTable<Kernel, CUkernel> kernels;
  HandleTable<Stream, CUstream> streams;
  HandleTable<Event, CUevent> events;
  HandleTable<Graph, CUgraph> graphs;
  HandleTable<GraphNode, CUgraphNode> nodes;
  HandleTable<GraphExec, CUgraphExec> execs;
  HandleTable<MemoryPool, CUmemoryPool> pools;
  MemoryMap memory;
  Vmm vmm;
  std::vector<std::shared_ptr<Capture>> captures;  // active and invalidated, not ended

  StreamPtr stream(CUstream handle, const Call& c);
  Device& device(CUdevice ordinal);
};

}  // namespace fib::sim
