// SPDX-License-Identifier: Apache-2.0
//
// Graphs that are instantiated: which nodes get candidates, and what the engine sees of it.
#include <cstring>

#include "tests/unit/dispatch/graphs_test.h"

namespace fib::dispatch::testing {
namespace {

using match::Reason;

class GraphInstantiateTest : public GraphsTest {
 protected:
  static void set_attribute(CUgraphNode node, CUlaunchAttributeID id,
                            const CUlaunchAttributeValue& value) {
    ASSERT_EQ(cuGraphKernelNodeSetAttribute(node, id, &value), CUDA_SUCCESS);
  }
  static CUlaunchAttributeValue cluster_of(unsigned x) {
    CUlaunchAttributeValue value{};
    value.clusterDim = {x, 1, 1};
    return value;
  }
  /// A candidate that runs in clusters, or cooperates.
  void install_with(bool cluster, bool cooperative) {
    match::TableSpec spec = graph_spec("add_100");
    match::KernelLaunchSpec& kernel = spec.candidates[0].launch.kernels[0];
    if (cluster) kernel.cluster = {"2"};
    kernel.attributes.cooperative = cooperative;
    ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  }
};

TEST_F(GraphInstantiateTest, NodesGetCandidates) {
  add_engine(graph_);
  EXPECT_EQ(run(instantiate(graph_)), 1);
  install_for_graphs("add_100");
  EXPECT_EQ(run(instantiate(graph_)), 100);
  EXPECT_EQ(counted(Reason::Pinned), 1u);
  EXPECT_EQ(in_graphs("add_100"), 1u);
  EXPECT_EQ(kernel("engine_add").candidates[0].in_graphs.load(), 1u);
}

TEST_F(GraphInstantiateTest, OnlyThoseThatMatch) {
  install_for_graphs("add_100");
  const CUgraphNode one = add_engine(graph_);
  add(graph_, AddNode(engine_other_, y_, z_, kN).params, {one});
  EXPECT_EQ(run(instantiate(graph_), z_), 102);
  EXPECT_EQ(counted(Reason::NoRule, "engine_other"), 1u);
  const CUgraph miss = new_graph();
  add_engine(miss, kMiss);
  EXPECT_EQ(run(instantiate(miss)), 1);
  EXPECT_EQ(counted(Reason::ConditionFalse), 1u);
  EXPECT_EQ(graphs_->size(), 1u) << "graphs without candidates are not kept";
}

TEST_F(GraphInstantiateTest, CapturedLaunchesGetCandidates) {
  install_for_graphs("add_100");
  ASSERT_EQ(cuStreamBeginCapture_v2(stream_, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  dispatcher_->captures().begun(stream_);
  EngineLaunch one(engine_add_, x_, y_, kN, stream_), two(engine_add_, y_, z_, kN, stream_);
  EXPECT_EQ(launch(one.call), CUDA_SUCCESS);
  EXPECT_EQ(launch(two.call), CUDA_SUCCESS);
  CUgraph captured = nullptr;
  ASSERT_EQ(cuStreamEndCapture(stream_, &captured), CUDA_SUCCESS);
  dispatcher_->captures().maybe_ended(stream_);
  const CUgraphExec exec = instantiate(captured);
  ASSERT_EQ(cuGraphDestroy(captured), CUDA_SUCCESS);
  EXPECT_EQ(run(exec, z_), 200);
  EXPECT_EQ(originals_, 2);
}

TEST_F(GraphInstantiateTest, ChildGraphsAtAnyDepth) {
  install_for_graphs("add_100");
  const CUgraph middle = new_graph();
  const CUgraph outer = new_graph();
  add_engine(graph_);
  CUgraphNode child = nullptr;
  ASSERT_EQ(cuGraphAddChildGraphNode(&child, middle, nullptr, 0, graph_), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddChildGraphNode(&child, outer, nullptr, 0, middle), CUDA_SUCCESS);
  add(outer, AddNode(engine_add_, y_, z_, kN).params, {child});
  EXPECT_EQ(run(instantiate(outer), z_), 200);
}

TEST_F(GraphInstantiateTest, TheEngineReadsBackWhatItWrote) {
  install_for_graphs("add_100");
  const CUgraphNode node = add_engine(graph_);
  EXPECT_EQ(run(instantiate(graph_)), 100);
  CUDA_KERNEL_NODE_PARAMS seen{};
  ASSERT_EQ(cuGraphKernelNodeGetParams_v2(node, &seen), CUDA_SUCCESS);
  EXPECT_EQ(seen.func, engine_add_);
  EXPECT_EQ(seen.blockDimX, 128u);
  EXPECT_EQ(*static_cast<int*>(seen.kernelParams[2]), kN);
  std::size_t count = 0;
  ASSERT_EQ(cuGraphGetNodes(graph_, nullptr, &count), CUDA_SUCCESS);
  EXPECT_EQ(count, 1u);
}

TEST_F(GraphInstantiateTest, ParametersInOneBuffer) {
  install_for_graphs("add_100");
  struct {
    CUdeviceptr x, y;
    int n;
  } packed{x_, y_, kN};
  std::size_t bytes = 20;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes,
                   CU_LAUNCH_PARAM_END};
  AddNode node(engine_add_, x_, y_, kN);
  node.params.kernelParams = nullptr;
  node.params.extra = extra;
  add(graph_, node.params);
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec), 100);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphInstantiateTest, KernelsInPlaceOfFunctions) {
  install_for_graphs("add_100");
  CUlibrary library = nullptr;
  CUkernel handle = nullptr;
  ASSERT_EQ(cuLibraryLoadFromFile(&library, FIB_SIM_DIR "/dispatch_kernels.simcubin", nullptr,
                                  nullptr, 0, nullptr, nullptr, 0),
            CUDA_SUCCESS);
  ASSERT_EQ(cuLibraryGetKernel(&handle, library, "engine_add"), CUDA_SUCCESS);
  AddNode node(nullptr, x_, y_, kN);
  node.params.kern = handle;
  add(graph_, node.params);
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec), 100);
  ASSERT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
  dispatcher_->switch_off();
  graphs_->launching(exec, stream_);
  ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphInstantiateTest, SeveralKernelsAreNotForNodes) {
  install_for_graphs("staged");
  add_engine(graph_);
  EXPECT_EQ(run(instantiate(graph_)), 1);
  EXPECT_EQ(counted(Reason::GraphShape), 1u);
}

TEST_F(GraphInstantiateTest, WhatTheDriverRefusesAsANodeIsDemoted) {
  install_for_graphs("add_narrow");
  add_engine(graph_);
  EXPECT_EQ(run(instantiate(graph_)), 1);
  EXPECT_EQ(state("add_narrow"), trace::CandidateState::Demoted);
  EXPECT_EQ(counted(Reason::LaunchFailed), 1u);
}

TEST_F(GraphInstantiateTest, ProgrammaticEdgesNeedACandidateThatCarriesThem) {
  const CUgraphNode from = add_engine(graph_);
  const AddNode second(engine_add_, y_, z_, kN);
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_KERNEL;
  std::memcpy(&params.kernel, &second.params, sizeof second.params);
  CUgraphEdgeData edge{};
  edge.from_port = CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC;
  edge.type = CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC;
  CUgraphNode to = nullptr;
  ASSERT_EQ(cuGraphAddNode_v2(&to, graph_, &from, &edge, 1, &params), CUDA_SUCCESS);
  install_for_graphs("add_100");
  EXPECT_EQ(run(instantiate(graph_), z_), 2);
  EXPECT_EQ(counted(Reason::LaunchAttribute), 2u);
  match::TableSpec spec = graph_spec("add_100");
  spec.candidates[0].launch.kernels[0].attributes.dependent_launch = match::DependentLaunch::Carry;
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  EXPECT_EQ(run(instantiate(graph_), z_), 200);
}

TEST_F(GraphInstantiateTest, AttributesOfTheNodeStay) {
  install_for_graphs("add_100");
  CUlaunchAttributeValue priority{};
  priority.priority = -1;
  const CUgraphNode node = add_engine(graph_);
  set_attribute(node, CU_LAUNCH_ATTRIBUTE_PRIORITY, priority);
  EXPECT_EQ(run(instantiate(graph_)), 100);
  set_attribute(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, cluster_of(2));
  EXPECT_EQ(run(instantiate(graph_)), 1) << "the candidate knows no clusters";
  EXPECT_EQ(counted(Reason::LaunchAttribute), 1u);
}

TEST_F(GraphInstantiateTest, CandidatesBringClusters) {
  install_with(true, false);
  add_engine(graph_);
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec), 100);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), 1);
  dispatcher_->switch_on();
  EXPECT_EQ(run(exec), 100);
}

TEST_F(GraphInstantiateTest, WhatTheDriverWouldNotTakeBackIsNotAdded) {
  install_with(false, true);  // the driver does not change cooperation
  add_engine(graph_);
  EXPECT_EQ(run(instantiate(graph_)), 1);
  EXPECT_EQ(counted(Reason::GraphShape), 1u);
  EXPECT_EQ(run(instantiate(graph_)), 1);
  EXPECT_EQ(counted(Reason::LaunchAttribute), 1u) << "not tried again";
  EXPECT_EQ(graphs_->size(), 0u);
}

TEST_F(GraphInstantiateTest, TheSameCooperationIsFine) {
  install_with(true, true);
  const CUgraphNode node = add_engine(graph_);
  CUlaunchAttributeValue cooperative{};
  cooperative.cooperative = 1;
  set_attribute(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, cluster_of(2));
  set_attribute(node, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, cooperative);
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec), 100);
  ASSERT_EQ(set_size(exec, node, kMiss), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphInstantiateTest, GraphsThatCanNotBeClonedAreLeftAlone) {
  install_for_graphs("add_100");
  CUDA_MEM_ALLOC_NODE_PARAMS memory{};
  memory.bytesize = 64;
  CUgraphNode taken = nullptr;
  add_engine(graph_);
  ASSERT_EQ(cuGraphAddMemAllocNode(&taken, graph_, nullptr, 0, &memory), CUDA_SUCCESS);
  EXPECT_EQ(run(instantiate(graph_)), 1);
  EXPECT_EQ(counted(Reason::GraphShape), 1u);
}

TEST_F(GraphInstantiateTest, GraphsThatKernelsLaunchOrChangeAreLeftAlone) {
  install_for_graphs("add_100");
  const CUgraphNode node = add_engine(graph_);
  EXPECT_EQ(run(instantiate(graph_, CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH)), 1);
  CUlaunchAttributeValue updatable{};
  updatable.deviceUpdatableKernelNode.deviceUpdatable = 1;
  set_attribute(node, CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE, updatable);
  EXPECT_EQ(run(instantiate(graph_)), 1);
}

TEST_F(GraphInstantiateTest, NodesOfAnotherContextRunInIt) {
  install_for_graphs("add_100");
  CUcontext other = nullptr;
  ASSERT_EQ(cuCtxCreate_v2(&other, 0, 0), CUDA_SUCCESS);
  dispatcher_->context_appeared(other);
  ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
  add_engine(graph_);
  ASSERT_EQ(cuCtxSetCurrent(other), CUDA_SUCCESS);
  const CUgraphExec exec = instantiate(graph_);
  ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
  ASSERT_EQ(cuCtxDestroy_v2(other), CUDA_SUCCESS);
}

TEST_F(GraphInstantiateTest, ShadowReplacesNothing) {
  Options options;
  options.shadow_only = true;
  Dispatcher shadow(options, api_);
  shadow.primary_appeared(0, context_);
  ASSERT_TRUE(shadow.install(add_deployment("add_100")));
  graphs_ = std::make_unique<Graphs>(shadow);
  add_engine(graph_);
  EXPECT_EQ(run(instantiate(graph_)), 1);
  graphs_.reset();
}

}  // namespace
}  // namespace fib::dispatch::testing
