// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "tests/sim_driver/module.h"
#include "tests/sim_driver/param_block.h"
#include "tests/sim_driver/stream.h"

namespace fib::sim {

struct Event;
struct Graph;

/// A kernel launch, complete: nothing of the caller's memory is needed any more.
struct KernelLaunch {
  CUfunction as_given = nullptr;  // a CUfunction or a CUkernel cast to one
  FunctionPtr function;
  FibsimDim grid{1, 1, 1}, block{1, 1, 1};
  unsigned shared_bytes = 0;
  std::vector<CUlaunchAttribute> attributes;
  ParamBlock params;
  bool through_extra = false;  // parameters came as one buffer

  bool given_as_kernel() const { return as_given != function->handle; }
};

struct Copy {
  CUDA_MEMCPY3D what{};                 // linear memory only
  std::shared_ptr<const Bytes> staged;  // pageable source, copied at the call
};

struct Memset {
  CUDA_MEMSET_NODE_PARAMS what{};
};

struct HostCall {
  CUhostFn function = nullptr;
  void* data = nullptr;
};

struct EventRecord {
  std::shared_ptr<Event> event;
};

struct EventWait {
  std::shared_ptr<Event> event;
};

struct ChildGraph {
  std::shared_ptr<Graph> graph;
};

/// Stream memory operations: waits for words, writes of words.
struct MemOps {
  std::vector<CUstreamBatchMemOpParams> list;
};

/// Memory of a graph: taken when the node is made, given back with the last graph that has it.
struct MemAlloc {
  CUDA_MEM_ALLOC_NODE_PARAMS what{};
  std::shared_ptr<const void> memory;
};

struct MemFree {
  CUdeviceptr address = 0;
};

struct Empty {};

/// Everything that a stream or a graph can do.
using Work = std::variant<Empty, KernelLaunch, Copy, Memset, HostCall, EventRecord, EventWait,
                          ChildGraph, MemOps, MemAlloc, MemFree>;

/// Does the work now, in this thread. Child graphs are expanded at instantiation and never get
/// here.
void run(const Work& work);

/// Queues the work on the stream, or adds it to the graph that the stream is capturing. Returns
/// null when it was captured.
CompletionPtr issue(Call& c, const StreamPtr& stream, Work work);

}  // namespace fib::sim
