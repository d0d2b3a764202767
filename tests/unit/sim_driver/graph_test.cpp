// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstring>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class GraphTest : public SimTest {
 protected:
  void SetUp() override {
    SimTest::SetUp();
    ASSERT_OK(cuGraphCreate(&graph, 0));
    stream = non_blocking_stream();
    data = floats(4, 1);
  }

  /// A kernel node that fills, or scales, `data`.
  CUgraphNode kernel_node(const char* name, float value,
                          const std::vector<CUgraphNode>& after = {}) {
    CUgraphNode node = nullptr;
    Arguments arguments(data, value);
    const CUDA_KERNEL_NODE_PARAMS params = arguments.node(function(name));
    EXPECT_OK(cuGraphAddKernelNode_v2(&node, graph, after.data(), after.size(), &params));
    return node;
  }

  struct Arguments {
    Arguments(CUdeviceptr to, float v) : address(to), value(v) {}
    CUdeviceptr address;
    float value;
    int n = 4;
    void* pointers[3];
    CUDA_KERNEL_NODE_PARAMS node(CUfunction f) {
      pointers[0] = &address;
      pointers[1] = &value;
      pointers[2] = &n;
      CUDA_KERNEL_NODE_PARAMS params{};
      params.func = f;
      params.gridDimX = params.gridDimY = params.gridDimZ = 1;
      params.blockDimX = 4;
      params.blockDimY = params.blockDimZ = 1;
      params.kernelParams = pointers;
      return params;
    }
  };

  CUgraphExec instantiate() {
    CUgraphExec exec = nullptr;
    EXPECT_OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
    return exec;
  }
  float run(CUgraphExec exec) {
    EXPECT_OK(cuGraphLaunch(exec, stream));
    EXPECT_OK(cuStreamSynchronize(stream));
    return read_floats(data, 4)[3];
  }

  CUgraph graph = nullptr;
  CUstream stream = nullptr;
  CUdeviceptr data = 0;
};

TEST_F(GraphTest, RunsNodesInTopologicalOrder) {
  const CUgraphNode fill = kernel_node(kFill, 3);
  const CUgraphNode twice = kernel_node(kScale, 2, {fill});
  kernel_node(kScale, 5, {twice});
  const CUgraphExec exec = instantiate();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(30.0f, run(exec));
  ASSERT_OK(cuGraphExecDestroy(exec));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(exec, stream));
}

TEST_F(GraphTest, IndependentNodesRunInAnyOrder) {
  kernel_node(kFill, 1);
  kernel_node(kFill, 2);
  const CUgraphExec exec = instantiate();
  bool first = false, second = false;
  for (int i = 0; i < 200 && !(first && second); ++i) (run(exec) == 1.0f ? first : second) = true;
  EXPECT_TRUE(first && second) << "a missing dependency must show";
}

std::atomic<int> g_host_calls{0};
void CUDA_CB count_call(void*) { ++g_host_calls; }

TEST_F(GraphTest, HasEveryKindOfNode) {
  CUgraphNode set = nullptr, copy = nullptr, host = nullptr, empty = nullptr, record = nullptr,
              wait = nullptr, child = nullptr;
  const CUdeviceptr other = floats(4, 0);
  CUDA_MEMSET_NODE_PARAMS memset_params{};
  memset_params.dst = other;
  memset_params.elementSize = 4;
  memset_params.value = 0x40A00000;  // 5.0f
  memset_params.width = 4;
  memset_params.height = 1;
  ASSERT_OK(cuGraphAddMemsetNode(&set, graph, nullptr, 0, &memset_params, context));
  CUDA_MEMCPY3D copy_params{};
  copy_params.srcMemoryType = copy_params.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy_params.srcDevice = other;
  copy_params.dstDevice = data;
  copy_params.WidthInBytes = 16;
  copy_params.Height = copy_params.Depth = 1;
  ASSERT_OK(cuGraphAddMemcpyNode(&copy, graph, &set, 1, &copy_params, context));
  const CUDA_HOST_NODE_PARAMS host_params{count_call, nullptr};
  ASSERT_OK(cuGraphAddHostNode(&host, graph, &copy, 1, &host_params));
  ASSERT_OK(cuGraphAddEmptyNode(&empty, graph, &host, 1));
  CUevent event = nullptr;
  ASSERT_OK(cuEventCreate(&event, 0));
  ASSERT_OK(cuGraphAddEventRecordNode(&record, graph, &empty, 1, event));
  ASSERT_OK(cuGraphAddEventWaitNode(&wait, graph, &record, 1, event));
  CUgraph inner = nullptr;
  ASSERT_OK(cuGraphCreate(&inner, 0));
  std::swap(inner, graph);
  kernel_node(kScale, 2);
  std::swap(inner, graph);
  ASSERT_OK(cuGraphAddChildGraphNode(&child, graph, &wait, 1, inner));
  ASSERT_OK(cuGraphDestroy(inner));

  g_host_calls = 0;
  EXPECT_EQ(10.0f, run(instantiate()));
  EXPECT_EQ(1, g_host_calls);
  float ms = 0;
  EXPECT_OK(cuEventElapsedTime(&ms, event, event));

  const std::pair<CUgraphNode, CUgraphNodeType> expected[] = {
      {set, CU_GRAPH_NODE_TYPE_MEMSET},      {copy, CU_GRAPH_NODE_TYPE_MEMCPY},
      {host, CU_GRAPH_NODE_TYPE_HOST},       {empty, CU_GRAPH_NODE_TYPE_EMPTY},
      {wait, CU_GRAPH_NODE_TYPE_WAIT_EVENT}, {record, CU_GRAPH_NODE_TYPE_EVENT_RECORD},
      {child, CU_GRAPH_NODE_TYPE_GRAPH}};
  for (const auto& [node, type] : expected) {
    CUgraphNodeType actual{};
    ASSERT_OK(cuGraphNodeGetType(node, &actual));
    EXPECT_EQ(type, actual);
  }
  CUgraph embedded = nullptr;
  ASSERT_OK(cuGraphChildGraphNodeGetGraph(child, &embedded));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphDestroy(embedded));
}

TEST_F(GraphTest, AddNodeTakesTheUnion) {
  Arguments arguments(data, 8);
  const CUDA_KERNEL_NODE_PARAMS kernel = arguments.node(function(kFill));
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_KERNEL;
  std::memcpy(&params.kernel, &kernel, sizeof kernel);
  CUgraphNode fill = nullptr, set = nullptr;
  ASSERT_OK(cuGraphAddNode(&fill, graph, nullptr, 0, &params));
  params = {};
  params.type = CU_GRAPH_NODE_TYPE_MEMSET;
  params.memset.dst = data;
  params.memset.elementSize = 4;
  params.memset.width = 2;
  params.memset.height = 1;
  CUgraphEdgeData edge{};
  edge.from_port = CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC;
  edge.type = CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC;
  ASSERT_OK(cuGraphAddNode_v2(&set, graph, &fill, &edge, 1, &params));
  EXPECT_EQ(8.0f, run(instantiate()));
  EXPECT_EQ(0.0f, read_floats(data, 4)[0]);
  size_t count = 1;
  CUgraphNode from = nullptr, to = nullptr;
  CUgraphEdgeData seen{};
  EXPECT_EQ(CUDA_ERROR_LOSSY_QUERY, cuGraphGetEdges(graph, &from, &to, &count));
  ASSERT_OK(cuGraphGetEdges_v2(graph, &from, &to, &seen, &count));
  EXPECT_EQ(fill, from);
  EXPECT_EQ(set, to);
  EXPECT_EQ(edge.from_port, seen.from_port);
  params.type = CU_GRAPH_NODE_TYPE_CONDITIONAL;
  EXPECT_EQ(CUDA_ERROR_NOT_SUPPORTED, cuGraphAddNode(&set, graph, nullptr, 0, &params));
}

TEST_F(GraphTest, AnswersTopologyQueries) {
  const CUgraphNode a = kernel_node(kFill, 1), b = kernel_node(kScale, 1, {a}),
                    c = kernel_node(kScale, 1);
  size_t count = 0;
  ASSERT_OK(cuGraphGetNodes(graph, nullptr, &count));
  EXPECT_EQ(3u, count);
  std::vector<CUgraphNode> nodes(5);
  count = 5;
  ASSERT_OK(cuGraphGetNodes(graph, nodes.data(), &count));
  EXPECT_EQ(3u, count);
  EXPECT_EQ((std::vector<CUgraphNode>{a, b, c, nullptr, nullptr}), nodes);
  count = 5;
  ASSERT_OK(cuGraphGetRootNodes(graph, nodes.data(), &count));
  EXPECT_EQ(2u, count);
  ASSERT_OK(cuGraphAddDependencies(graph, &b, &c, 1));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphAddDependencies(graph, &b, &c, 1)) << "twice";
  count = 5;
  ASSERT_OK(cuGraphNodeGetDependencies(c, nodes.data(), &count));
  EXPECT_EQ(1u, count);
  EXPECT_EQ(b, nodes[0]);
  count = 5;
  ASSERT_OK(cuGraphNodeGetDependentNodes(b, nodes.data(), &count));
  EXPECT_EQ(c, nodes[0]);
  ASSERT_OK(cuGraphRemoveDependencies(graph, &b, &c, 1));
  ASSERT_OK(cuGraphAddDependencies(graph, &b, &a, 1));
  CUgraphExec exec = nullptr;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphInstantiateWithFlags(&exec, graph, 0)) << "a cycle";
  ASSERT_OK(cuGraphDestroyNode(b));
  EXPECT_OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
  ASSERT_OK(cuGraphGetEdges(graph, nullptr, nullptr, &count));
  EXPECT_EQ(0u, count);
}

TEST_F(GraphTest, ReturnsKernelParameters) {
  const CUgraphNode node = kernel_node(kFill, 6);
  CUDA_KERNEL_NODE_PARAMS params{};
  CUDA_KERNEL_NODE_PARAMS_v1 old_params{};
  ASSERT_OK(cuGraphKernelNodeGetParams_v2(node, &params));
  EXPECT_EQ(function(kFill), params.func);
  EXPECT_EQ(nullptr, params.kern);
  EXPECT_EQ(nullptr, params.extra);
  EXPECT_EQ(data, *static_cast<CUdeviceptr*>(params.kernelParams[0]));
  EXPECT_EQ(6.0f, *static_cast<float*>(params.kernelParams[1]));
  ASSERT_OK(cuGraphKernelNodeGetParams(node, &old_params));
  EXPECT_EQ(4u, old_params.blockDimX);
  Arguments changed(data, 7);
  params = changed.node(function(kFill));
  ASSERT_OK(cuGraphKernelNodeSetParams_v2(node, &params));
  EXPECT_EQ(7.0f, run(instantiate()));
  CUDA_MEMSET_NODE_PARAMS wrong{};
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphMemsetNodeGetParams(node, &wrong));
}

TEST_F(GraphTest, KernelHandlesStayKernels) {
  const std::vector<char> elf = read_all(kernels_path());
  CUlibrary library = nullptr;
  CUkernel kernel = nullptr;
  ASSERT_OK(cuLibraryLoadData(&library, elf.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  ASSERT_OK(cuLibraryGetKernel(&kernel, library, kFill));
  Arguments arguments(data, 9);
  CUDA_KERNEL_NODE_PARAMS params = arguments.node(nullptr);
  params.kern = kernel;
  CUgraphNode node = nullptr;
  ASSERT_OK(cuGraphAddKernelNode_v2(&node, graph, nullptr, 0, &params));
  params = {};
  ASSERT_OK(cuGraphKernelNodeGetParams_v2(node, &params));
  EXPECT_EQ(kernel, params.kern);
  EXPECT_EQ(nullptr, params.func);
  EXPECT_EQ(9.0f, run(instantiate()));
}

TEST_F(GraphTest, KeepsAttributes) {
  const CUgraphNode a = kernel_node(kFill, 1), b = kernel_node(kScale, 1);
  CUkernelNodeAttrValue value{};
  value.cooperative = 1;
  ASSERT_OK(cuGraphKernelNodeSetAttribute(a, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &value));
  ASSERT_OK(cuGraphKernelNodeCopyAttributes(b, a));
  value = {};
  ASSERT_OK(cuGraphKernelNodeGetAttribute(b, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &value));
  EXPECT_EQ(1, value.cooperative);
}

TEST_F(GraphTest, ClonesAreIndependent) {
  const CUgraphNode a = kernel_node(kFill, 2);
  kernel_node(kScale, 2, {a});
  CUgraph clone = nullptr;
  CUgraphNode twin = nullptr;
  ASSERT_OK(cuGraphClone(&clone, graph));
  ASSERT_OK(cuGraphNodeFindInClone(&twin, a, clone));
  EXPECT_NE(a, twin);
  Arguments changed(data, 50);
  const CUDA_KERNEL_NODE_PARAMS params = changed.node(function(kFill));
  ASSERT_OK(cuGraphKernelNodeSetParams_v2(twin, &params));
  EXPECT_EQ(4.0f, run(instantiate()));
  ASSERT_OK(cuGraphDestroy(graph));
  graph = clone;
  EXPECT_EQ(100.0f, run(instantiate()));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphNodeFindInClone(&twin, twin, clone));
}

TEST_F(GraphTest, EveryInstantiationWorks) {
  kernel_node(kFill, 3);
  CUgraphExec exec = nullptr;
  CUgraphNode error_node = graph ? reinterpret_cast<CUgraphNode>(&exec) : nullptr;
  char log[8] = "x";
  ASSERT_OK(cuGraphInstantiate(&exec, graph, &error_node, log, sizeof log));
  EXPECT_EQ(nullptr, error_node);
  EXPECT_EQ(3.0f, run(exec));
  ASSERT_OK(cuGraphInstantiate_v2(&exec, graph, nullptr, nullptr, 0));
  EXPECT_EQ(3.0f, run(exec));
  CUDA_GRAPH_INSTANTIATE_PARAMS params{};
  ASSERT_OK(cuGraphInstantiateWithParams(&exec, graph, &params));
  EXPECT_EQ(CUDA_GRAPH_INSTANTIATE_SUCCESS, params.result_out);
  ASSERT_OK(cuGraphUpload(exec, stream));
  EXPECT_EQ(3.0f, run(exec));
}

TEST_F(GraphTest, ExecParametersChangeForLaterLaunchesOnly) {
  const CUgraphNode node = kernel_node(kFill, 1);
  const CUgraphExec exec = instantiate();
  ASSERT_OK(launch(function(kSpin), stream, 1, 20000));
  ASSERT_OK(cuGraphLaunch(exec, stream));
  Arguments changed(data, 2);
  const CUDA_KERNEL_NODE_PARAMS params = changed.node(function(kFill));
  ASSERT_OK(cuGraphExecKernelNodeSetParams_v2(exec, node, &params));
  ASSERT_OK(cuStreamSynchronize(stream));
  EXPECT_EQ(1.0f, read_floats(data, 4)[0]);
  EXPECT_EQ(2.0f, run(exec));
  CUgraphNodeParams wrong{};
  wrong.type = CU_GRAPH_NODE_TYPE_EMPTY;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphExecNodeSetParams(exec, node, &wrong));
}

TEST_F(GraphTest, NodesCanBeDisabled) {
  const CUgraphNode fill = kernel_node(kFill, 1);
  const CUgraphNode scale = kernel_node(kScale, 10, {fill});
  const CUgraphExec exec = instantiate();
  unsigned enabled = 0;
  ASSERT_OK(cuGraphNodeSetEnabled(exec, scale, 0));
  EXPECT_EQ(1.0f, run(exec));
  ASSERT_OK(cuGraphNodeGetEnabled(exec, scale, &enabled));
  EXPECT_EQ(0u, enabled);
  ASSERT_OK(cuGraphNodeSetEnabled(exec, scale, 1));
  EXPECT_EQ(10.0f, run(exec));
}

TEST_F(GraphTest, UpdatesKeepTheTopology) {
  const CUgraphNode fill = kernel_node(kFill, 1);
  kernel_node(kScale, 2, {fill});
  const CUgraphExec exec = instantiate();
  ASSERT_OK(cuGraphDestroy(graph));
  ASSERT_OK(cuGraphCreate(&graph, 0));
  const CUgraphNode other = kernel_node(kFill, 10);
  kernel_node(kScale, 3, {other});
  CUgraphExecUpdateResultInfo info{};
  ASSERT_OK(cuGraphExecUpdate_v2(exec, graph, &info));
  EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_SUCCESS, info.result);
  EXPECT_EQ(30.0f, run(exec));

  CUgraphNode extra = kernel_node(kScale, 3);
  EXPECT_EQ(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cuGraphExecUpdate_v2(exec, graph, &info));
  EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED, info.result);
  EXPECT_EQ(extra, info.errorNode);
  EXPECT_EQ(30.0f, run(exec));

  ASSERT_OK(cuGraphDestroy(graph));
  ASSERT_OK(cuGraphCreate(&graph, 0));
  const CUgraphNode again = kernel_node(kFill, 10);
  CUgraphNode empty = nullptr, error_node = nullptr;
  CUgraphExecUpdateResult result{};
  ASSERT_OK(cuGraphAddEmptyNode(&empty, graph, &again, 1));
  EXPECT_EQ(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE,
            cuGraphExecUpdate(exec, graph, &error_node, &result));
  EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED, result);
  EXPECT_EQ(empty, error_node);
}

TEST_F(GraphTest, ChildGraphsCanBeReplaced) {
  CUgraph inner = nullptr, next = nullptr;
  CUgraphNode child = nullptr;
  ASSERT_OK(cuGraphCreate(&inner, 0));
  std::swap(inner, graph);
  kernel_node(kFill, 1);
  std::swap(inner, graph);
  ASSERT_OK(cuGraphAddChildGraphNode(&child, graph, nullptr, 0, inner));
  const CUgraphExec exec = instantiate();
  EXPECT_EQ(1.0f, run(exec));
  ASSERT_OK(cuGraphCreate(&next, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphExecChildGraphNodeSetParams(exec, child, next));
  std::swap(next, graph);
  kernel_node(kFill, 4);
  std::swap(next, graph);
  ASSERT_OK(cuGraphExecChildGraphNodeSetParams(exec, child, next));
  EXPECT_EQ(4.0f, run(exec));
}

}  // namespace
}  // namespace fib::sim::test
