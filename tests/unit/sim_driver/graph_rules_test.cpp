// SPDX-License-Identifier: Apache-2.0
//
// What the driver refuses of graphs: clones, lifetimes of nodes, attributes, changes of executable
// graphs.
#include <cstring>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class GraphRulesTest : public SimTest {
 protected:
  void SetUp() override {
    SimTest::SetUp();
    ASSERT_OK(cuGraphCreate(&graph, 0));
    stream = non_blocking_stream();
    data = floats(4, 1);
  }

  CUDA_KERNEL_NODE_PARAMS fill(float number) {
    value = number;
    CUDA_KERNEL_NODE_PARAMS params{};
    params.func = function(kFill);
    params.gridDimX = params.gridDimY = params.gridDimZ = 1;
    params.blockDimX = 4;
    params.blockDimY = params.blockDimZ = 1;
    params.kernelParams = pointers;
    return params;
  }
  CUgraphNode add(CUgraph to, const CUDA_KERNEL_NODE_PARAMS& params) {
    CUgraphNode node = nullptr;
    EXPECT_OK(cuGraphAddKernelNode_v2(&node, to, nullptr, 0, &params));
    return node;
  }
  CUgraph new_graph() {
    CUgraph made = nullptr;
    EXPECT_OK(cuGraphCreate(&made, 0));
    return made;
  }
  CUgraphExec instantiate(CUgraph from) {
    CUgraphExec exec = nullptr;
    EXPECT_OK(cuGraphInstantiateWithFlags(&exec, from, 0));
    return exec;
  }
  float run(CUgraphExec exec) {
    EXPECT_OK(cuGraphLaunch(exec, stream));
    EXPECT_OK(cuStreamSynchronize(stream));
    return read_floats(data, 4)[3];
  }
  static CUresult set_flag(CUgraphNode node, CUlaunchAttributeID which, int on) {
    CUkernelNodeAttrValue flag{};
    flag.cooperative = on;
    return cuGraphKernelNodeSetAttribute(node, which, &flag);
  }
  static CUresult set_cluster(CUgraphNode node, unsigned x) {
    CUkernelNodeAttrValue cluster{};
    cluster.clusterDim = {x, x != 0 ? 1u : 0u, x != 0 ? 1u : 0u};
    return cuGraphKernelNodeSetAttribute(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, &cluster);
  }

  CUgraph graph = nullptr;
  CUstream stream = nullptr;
  CUdeviceptr data = 0;
  float value = 0;
  int n = 4;
  void* pointers[3] = {&data, &value, &n};
};

TEST_F(GraphRulesTest, GraphsWithMemoryCanNotBeCloned) {
  CUDA_MEM_ALLOC_NODE_PARAMS memory{};
  memory.bytesize = 64;
  CUgraphNode taken = nullptr, freed = nullptr, child = nullptr;
  ASSERT_OK(cuGraphAddMemAllocNode(&taken, graph, nullptr, 0, &memory));
  ASSERT_NE(0u, memory.dptr);
  ASSERT_OK(cuGraphAddMemFreeNode(&freed, graph, &taken, 1, memory.dptr));
  CUgraph clone = nullptr;
  EXPECT_EQ(CUDA_ERROR_NOT_SUPPORTED, cuGraphClone(&clone, graph));
  const CUgraph outer = new_graph();
  EXPECT_EQ(CUDA_ERROR_NOT_SUPPORTED, cuGraphAddChildGraphNode(&child, outer, nullptr, 0, graph));
  EXPECT_OK(cuGraphLaunch(instantiate(graph), stream));
}

TEST_F(GraphRulesTest, NodesDieWithTheirGraph) {
  const CUgraphNode node = add(graph, fill(1));
  const CUgraphExec exec = instantiate(graph);
  CUgraph clone = nullptr;
  CUgraphNode twin = nullptr;
  ASSERT_OK(cuGraphClone(&clone, graph));
  ASSERT_OK(cuGraphDestroy(graph));
  const CUgraphNode other = add(new_graph(), fill(2));
  const CUDA_KERNEL_NODE_PARAMS params = fill(3);
  EXPECT_EQ(node, other) << "the handle comes back, and means another node";
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphExecKernelNodeSetParams_v2(exec, other, &params));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphNodeFindInClone(&twin, other, clone));
  EXPECT_EQ(1.0f, run(exec));
}

TEST_F(GraphRulesTest, NodesOfAnotherGraphMeanNothing) {
  add(graph, fill(1));
  CUgraph clone = nullptr;
  ASSERT_OK(cuGraphClone(&clone, graph));
  CUgraphNode twin = nullptr;
  size_t count = 1;
  ASSERT_OK(cuGraphGetNodes(clone, &twin, &count));
  const CUDA_KERNEL_NODE_PARAMS params = fill(3);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            cuGraphExecKernelNodeSetParams_v2(instantiate(graph), twin, &params));
  EXPECT_OK(cuGraphExecKernelNodeSetParams_v2(instantiate(clone), twin, &params));
}

TEST_F(GraphRulesTest, NodesOfChildGraphsCanBeSet) {
  add(graph, fill(1));
  const CUgraph outer = new_graph();
  CUgraphNode child = nullptr, inner = nullptr, twin = nullptr, twin_child = nullptr;
  CUgraph embedded = nullptr, clone = nullptr, twin_embedded = nullptr;
  ASSERT_OK(cuGraphAddChildGraphNode(&child, outer, nullptr, 0, graph));
  ASSERT_OK(cuGraphChildGraphNodeGetGraph(child, &embedded));
  size_t count = 1;
  ASSERT_OK(cuGraphGetNodes(embedded, &inner, &count));
  const CUgraphExec exec = instantiate(outer);
  const CUDA_KERNEL_NODE_PARAMS params = fill(5);
  ASSERT_OK(cuGraphExecKernelNodeSetParams_v2(exec, inner, &params));
  EXPECT_EQ(5.0f, run(exec));
  ASSERT_OK(cuGraphClone(&clone, outer));
  ASSERT_OK(cuGraphNodeFindInClone(&twin_child, child, clone));
  ASSERT_OK(cuGraphChildGraphNodeGetGraph(twin_child, &twin_embedded));
  EXPECT_OK(cuGraphNodeFindInClone(&twin, inner, twin_embedded));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphNodeFindInClone(&twin, inner, clone));
}

TEST_F(GraphRulesTest, OnlyNodeAttributesCanBeSet) {
  const CUgraphNode node = add(graph, fill(1));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            set_flag(node, CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION, 1));
  CUkernelNodeAttrValue out{};
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            cuGraphKernelNodeGetAttribute(node, CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT, &out));
  ASSERT_OK(set_cluster(node, 2));
  CUgraphExec exec = nullptr;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphInstantiateWithFlags(&exec, graph, 0))
      << "a grid of one block has no clusters of two";
  ASSERT_OK(set_cluster(node, 0));
  EXPECT_EQ(1.0f, run(instantiate(graph)));
}

TEST_F(GraphRulesTest, UpdatesMayChangeTheClusterButNotCooperation) {
  const CUDA_KERNEL_NODE_PARAMS params = [&] {
    CUDA_KERNEL_NODE_PARAMS two = fill(1);
    two.gridDimX = 2;
    return two;
  }();
  const CUgraphNode node = add(graph, params);
  const CUgraphExec exec = instantiate(graph);
  ASSERT_OK(set_cluster(node, 2));
  CUgraphExecUpdateResultInfo info{};
  EXPECT_OK(cuGraphExecUpdate_v2(exec, graph, &info));
  ASSERT_OK(set_flag(node, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, 1));
  EXPECT_EQ(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cuGraphExecUpdate_v2(exec, graph, &info));
  EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_ERROR_ATTRIBUTES_CHANGED, info.result);
  EXPECT_EQ(node, info.errorNode);
}

TEST_F(GraphRulesTest, TopologyErrorsNameTheDependency) {
  const auto chain = [&](CUgraph to, bool swapped) {
    const CUgraphNode a = add(to, fill(1)), b = add(to, fill(2)), c = add(to, fill(3));
    EXPECT_OK(cuGraphAddDependencies(to, swapped ? &b : &a, &c, 1));
    return swapped ? b : a;
  };
  chain(graph, false);
  const CUgraph other = new_graph();
  const CUgraphNode wrong = chain(other, true);
  CUgraphExecUpdateResultInfo info{};
  EXPECT_EQ(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE,
            cuGraphExecUpdate_v2(instantiate(graph), other, &info));
  EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED, info.result);
  EXPECT_EQ(wrong, info.errorFromNode);
}

TEST_F(GraphRulesTest, KernelsRunInTheContextThatIsGiven) {
  const std::vector<char> elf = read_all(kernels_path());
  CUlibrary library = nullptr;
  CUkernel kernel = nullptr;
  ASSERT_OK(cuLibraryLoadData(&library, elf.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  ASSERT_OK(cuLibraryGetKernel(&kernel, library, kFill));
  CUDA_KERNEL_NODE_PARAMS params = fill(9);
  params.func = nullptr;
  params.kern = kernel;
  params.ctx = context;
  CUcontext other = nullptr;
  ASSERT_OK(cuCtxCreate_v2(&other, 0, 0));
  const CUgraphNode node = add(graph, params);
  CUDA_KERNEL_NODE_PARAMS seen{};
  ASSERT_OK(cuGraphKernelNodeGetParams_v2(node, &seen));
  EXPECT_EQ(context, seen.ctx);
  const CUgraphExec exec = instantiate(graph);
  params.ctx = nullptr;  // the current one
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGraphExecKernelNodeSetParams_v2(exec, node, &params))
      << "a node stays in its context";
  ASSERT_OK(cuCtxDestroy_v2(other));
  ASSERT_OK(cuCtxSetCurrent(context));
}

TEST_F(GraphRulesTest, CapturedDependentLaunchesAreEdges) {
  CUgraphNode from = nullptr, to = nullptr;
  CUgraphEdgeData edge{};
  size_t count = 1;
  CUlaunchAttribute attribute{};
  attribute.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
  attribute.value.programmaticStreamSerializationAllowed = 1;
  CUlaunchConfig config{};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = 4;
  config.blockDimY = config.blockDimZ = 1;
  config.hStream = stream;
  config.attrs = &attribute;
  config.numAttrs = 1;
  value = 1;
  ASSERT_OK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  ASSERT_OK(cuLaunchKernelEx(&config, function(kFill), pointers, nullptr));
  ASSERT_OK(cuLaunchKernelEx(&config, function(kFill), pointers, nullptr));
  ASSERT_OK(cuStreamEndCapture(stream, &graph));
  ASSERT_OK(cuGraphGetEdges_v2(graph, &from, &to, &edge, &count));
  EXPECT_EQ(CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC, edge.type);
  EXPECT_EQ(1.0f, run(instantiate(graph)));
}

}  // namespace
}  // namespace fib::sim::test
