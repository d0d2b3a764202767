// SPDX-License-Identifier: Apache-2.0
// Kernels and graphs.
#include "replayer/operations/executor.h"

namespace fib::replayer {
namespace {

Outcome cannot(std::string problem) { return {false, std::move(problem)}; }

}  // namespace

CUresult Executor::launch_form(const LaunchPlan& plan, const LoadedKernel& kernel,
                               KernelParams& params, CUstream stream) {
  const trace::LaunchRecord& r = plan.fixed;
  const bool extra = (plan.flags & trace::kLaunchExtra) != 0;
  void** const pointers = extra ? nullptr : params.params();
  void** const buffer = extra ? params.extra() : nullptr;
  if (plan.api->base == "cuLaunchKernel")
    return m_.api.cuLaunchKernel(kernel.function, r.grid[0], r.grid[1], r.grid[2], r.block[0],
                                 r.block[1], r.block[2], r.shared_bytes, stream, pointers, buffer);
  if (plan.api->base.starts_with("cuLaunchCooperativeKernel"))
    return m_.api.cuLaunchCooperativeKernel(kernel.function, r.grid[0], r.grid[1], r.grid[2],
                                            r.block[0], r.block[1], r.block[2], r.shared_bytes,
                                            stream, params.params());
  std::vector<CUlaunchAttribute> attributes =
      launch_attributes(plan.attributes, m_.events, m_.deviations);
  CUlaunchConfig config{};
  config.gridDimX = r.grid[0];
  config.gridDimY = r.grid[1];
  config.gridDimZ = r.grid[2];
  config.blockDimX = r.block[0];
  config.blockDimY = r.block[1];
  config.blockDimZ = r.block[2];
  config.sharedMemBytes = r.shared_bytes;
  config.hStream = stream;
  config.attrs = attributes.data();
  config.numAttrs = static_cast<unsigned>(attributes.size());
  return m_.api.cuLaunchKernelEx(&config, kernel.function, pointers, buffer);
}

Outcome Executor::launch(const Operation& operation, const LaunchPlan& plan) {
  if (plan.fixed.result != 0) return cannot("it failed in the recording, too");
  if ((plan.flags & trace::kLaunchParamsUnknown) != 0)
    return cannot("its parameters were not recorded");
  const CUstream stream = m_.streams.enter(plan.fixed.stream, operation.thread, plan.fixed.context);
  CUcontext context = nullptr;
  if (m_.api.cuCtxGetCurrent(&context) != CUDA_SUCCESS) context = nullptr;
  const LoadedKernel& kernel = m_.code.kernel(plan.fixed.kernel, context);
  if (!kernel.problem.empty()) return cannot(kernel.problem);
  std::vector<std::byte> bytes = plan.params;
  m_.memory.rebase_words(bytes);
  KernelParams params(*kernel.plan, std::move(bytes));
  const CUresult rc = launch_form(plan, kernel, params, stream);
  if (rc == CUDA_SUCCESS) return {true, {}};
  const std::string text = "its launch fails: " + result_name(m_.api, rc);
  if (m_.contexts.synchronize() != CUDA_SUCCESS) throw ReplayFailed(text);
  return cannot(text);
}

Outcome Executor::launch_graph(const Operation& operation, const GraphLaunchPlan& plan) {
  if (plan.fixed.result != 0) return cannot("it failed in the recording, too");
  if (!plan.graph) return cannot("its graph was instantiated out of sight");
  const CUstream stream = m_.streams.enter(plan.fixed.stream, operation.thread, plan.fixed.context);
  CUcontext context = nullptr;
  if (m_.api.cuCtxGetCurrent(&context) != CUDA_SUCCESS) context = nullptr;
  // Its old state may still run, and one graph never runs twice at a time.
  const bool fresh = !m_.graphs.is_built(*plan.graph);
  if (fresh) synchronize();
  std::string problem;
  m_.contexts.enter(context);
  const CUgraphExec exec = m_.graphs.exec(*plan.graph, context, problem);
  if (exec == nullptr) return cannot(problem);
  // What mirrors ordinary host memory may be new.
  if (fresh) apply_payloads(operation);
  m_.contexts.enter(context);
  const CUresult rc = m_.api.cuGraphLaunch(exec, stream);
  if (rc == CUDA_SUCCESS) return {true, {}};
  const std::string text = "the launch of its graph fails: " + result_name(m_.api, rc);
  if (m_.contexts.synchronize() != CUDA_SUCCESS) throw ReplayFailed(text);
  return cannot(text);
}

Outcome Executor::launch_kernel_node(const GraphNodePlan& node, CUcontext context,
                                     CUstream stream) {
  LaunchPlan plan;
  static const ApiEntry kEx{"cuLaunchKernelEx", "", "cuLaunchKernelEx", false, {}};
  plan.api = &kEx;
  plan.fixed.kernel = node.kernel.kernel;
  for (int i = 0; i < 3; ++i) {
    plan.fixed.grid[i] = node.kernel.grid[i];
    plan.fixed.block[i] = node.kernel.block[i];
  }
  plan.fixed.shared_bytes = node.kernel.shared_bytes;
  plan.attributes = node.attributes;
  const LoadedKernel& kernel = m_.code.kernel(node.kernel.kernel, context);
  if (!kernel.problem.empty()) return cannot(kernel.problem);
  std::vector<std::byte> bytes = node.params;
  m_.memory.rebase_words(bytes);
  KernelParams params(*kernel.plan, std::move(bytes));
  const CUresult rc = launch_form(plan, kernel, params, stream);
  if (rc == CUDA_SUCCESS) return {true, {}};
  const std::string text = "its launch fails: " + result_name(m_.api, rc);
  if (m_.contexts.synchronize() != CUDA_SUCCESS) throw ReplayFailed(text);
  return cannot(text);
}

Outcome Executor::issue_node(std::size_t index, std::uint32_t number) {
  const Operation& operation = m_.plan.operations[index];
  const auto& plan = std::get<GraphLaunchPlan>(operation.what);
  const GraphNodePlan& node = plan.graph->nodes[number];
  if (!node.enabled) return {};
  const CUstream stream = m_.streams.enter(plan.fixed.stream, operation.thread, plan.fixed.context);
  CUcontext context = nullptr;
  CUresult rc = m_.api.cuCtxGetCurrent(&context);
  m_.progress.beat();
  switch (node.fixed.type) {
    case CU_GRAPH_NODE_TYPE_KERNEL: return launch_kernel_node(node, context, stream);
    case CU_GRAPH_NODE_TYPE_MEMCPY: {
      const CUDA_MEMCPY3D copy = m_.graphs.memcpy_params(node);
      apply_payloads(operation);  // what mirrors ordinary host memory may be new
      m_.contexts.enter(context);
      rc = m_.api.cuMemcpy3DAsync_v2(&copy, stream);
      break;
    }
    case CU_GRAPH_NODE_TYPE_MEMSET: {
      const CUDA_MEMSET_NODE_PARAMS set = m_.graphs.memset_params(node);
      const std::size_t pitch = set.height > 1 ? set.pitch : set.width * set.elementSize;
      if (set.elementSize == 1)
        rc = m_.api.cuMemsetD2D8Async(set.dst, pitch, static_cast<unsigned char>(set.value),
                                      set.width, set.height, stream);
      else if (set.elementSize == 2)
        rc = m_.api.cuMemsetD2D16Async(set.dst, pitch, static_cast<unsigned short>(set.value),
                                       set.width, set.height, stream);
      else
        rc = m_.api.cuMemsetD2D32Async(set.dst, pitch, set.value, set.width, set.height, stream);
      break;
    }
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      rc = m_.api.cuStreamWaitEvent(stream, m_.events.find(GraphBuilder::event_of(node)), 0);
      break;
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      rc = m_.api.cuEventRecord(m_.events.find(GraphBuilder::event_of(node)), stream);
      break;
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP: {
      std::vector<CUstreamBatchMemOpParams> ops = m_.graphs.memops_of(node);
      if (!ops.empty())
        rc = m_.api.cuStreamBatchMemOp_v2(stream, static_cast<unsigned>(ops.size()), ops.data(), 0);
      break;
    }
    default: break;
  }
  if (rc == CUDA_SUCCESS) return {true, {}};
  const std::string text = "a node of its graph fails: " + result_name(m_.api, rc);
  if (m_.contexts.synchronize() != CUDA_SUCCESS) throw ReplayFailed(text);
  m_.deviations.add(text);
  return cannot(text);
}

}  // namespace fib::replayer
