// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/copy.h"
#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/launch.h"
#include "tests/sim_driver/mem_ops.h"

namespace fib::sim {
namespace {

int device_of(Call& c, CUcontext handle) {
  const ContextPtr context = handle ? c.driver.contexts.find(handle) : c.context();
  require(context != nullptr, CUDA_ERROR_INVALID_CONTEXT);
  return context->device;
}

/// Makes a context current for a while; null: leaves the one that is.
class CurrentContext {
 public:
  CurrentContext(Call& c, CUcontext context) : thread_(this_thread()), depth_(thread_.depth) {
    if (!context) return;
    require(c.driver.contexts.find(context) != nullptr, CUDA_ERROR_INVALID_CONTEXT);
    require(depth_ < ThreadState::kStackSize);
    thread_.stack[thread_.depth++] = context;
  }
  ~CurrentContext() { thread_.depth = depth_; }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;

 private:
  ThreadState& thread_;
  int depth_;
};

// All versions of the structure name these fields alike.
template <class Params>
KernelLaunch launch_of(Call& c, const Params& p, CUfunction as_given, CUcontext context) {
  const CurrentContext current(c, context);
  KernelLaunch launch;
  launch.as_given = as_given;
  launch.function = function_to_launch(c, as_given);
  launch.grid = {p.gridDimX, p.gridDimY, p.gridDimZ};
  launch.block = {p.blockDimX, p.blockDimY, p.blockDimZ};
  launch.shared_bytes = p.sharedMemBytes;
  launch.params = pack_params(*launch.function->kernel, p.kernelParams, p.extra);
  launch.through_extra = p.extra != nullptr;
  check_launch(launch);
  return launch;
}

/// A kernel runs in the context that is given with it, a function in its own.
template <class Params>
KernelLaunch current_launch_of(Call& c, const Params& p) {
  if (!p.func) return launch_of(c, p, reinterpret_cast<CUfunction>(p.kern), p.ctx);
  const FunctionPtr function = c.driver.functions.find(p.func);
  return launch_of(c, p, p.func, function ? function->context : nullptr);
}

CUDA_MEMSET_NODE_PARAMS without_context(const CUDA_MEMSET_NODE_PARAMS_v2& p) {
  CUDA_MEMSET_NODE_PARAMS plain{};
  plain.dst = p.dst;
  plain.pitch = p.pitch;
  plain.value = p.value;
  plain.elementSize = p.elementSize;
  plain.width = p.width;
  plain.height = p.height;
  return plain;
}

}  // namespace

KernelLaunch launch_from(Call& c, const CUDA_KERNEL_NODE_PARAMS& p) {
  return current_launch_of(c, p);
}

KernelLaunch launch_from(Call& c, const CUDA_KERNEL_NODE_PARAMS_v1& p) {
  return launch_of(c, p, p.func, nullptr);
}

Copy copy_from(Call& c, const CUDA_MEMCPY3D& params, CUcontext context) {
  check_copy(c, params, device_of(c, context));
  return {params, nullptr};
}

Memset memset_from(Call& c, const CUDA_MEMSET_NODE_PARAMS& params, CUcontext context) {
  check_memset(c, params, device_of(c, context));
  return {params};
}

ChildGraph child_from(Call& c, CUgraph graph) {
  const GraphPtr original = find_graph(c.driver, graph);
  require_cloneable(*original);
  GraphPtr copy = clone_graph(c.driver, *original);
  copy->embedded = true;
  return {std::move(copy)};
}

MemOps mem_ops_from(Call& c, const CUDA_BATCH_MEM_OP_NODE_PARAMS& params) {
  require(params.flags == 0);
  return mem_ops_from(c, params.paramArray, params.count, device_of(c, params.ctx));
}

Work work_from(Call& c, const CUgraphNodeParams& p) {
  switch (p.type) {
    case CU_GRAPH_NODE_TYPE_KERNEL: return current_launch_of(c, p.kernel);
    case CU_GRAPH_NODE_TYPE_MEMCPY: return copy_from(c, p.memcpy.copyParams, p.memcpy.copyCtx);
    case CU_GRAPH_NODE_TYPE_MEMSET: return memset_from(c, without_context(p.memset), p.memset.ctx);
    case CU_GRAPH_NODE_TYPE_HOST:
      require(p.host.fn != nullptr);
      return HostCall{p.host.fn, p.host.userData};
    case CU_GRAPH_NODE_TYPE_GRAPH: return child_from(c, p.graph.graph);
    case CU_GRAPH_NODE_TYPE_EMPTY: return Empty{};
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return EventRecord{find_event(c.driver, p.eventRecord.event)};
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT: return EventWait{find_event(c.driver, p.eventWait.event)};
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
      return mem_ops_from(c, p.memOp.paramArray, p.memOp.count, device_of(c, p.memOp.ctx));
    default: fail(CUDA_ERROR_NOT_SUPPORTED);
  }
}

void replace_work(Work& work, Work replacement) {
  require(work.index() == replacement.index());
  if (auto* launch = std::get_if<KernelLaunch>(&replacement)) {
    launch->attributes = std::get<KernelLaunch>(work).attributes;
    check_launch(*launch);
  }
  work = std::move(replacement);
}

}  // namespace fib::sim
