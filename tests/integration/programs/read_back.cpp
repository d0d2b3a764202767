// SPDX-License-Identifier: Apache-2.0
// An engine that reads its graphs back: nodes, their parameters, attributes and whether they are
// enabled are what it wrote, before and after every kind of update, and the graphs that it
// instantiates do what they say.
#include <algorithm>
#include <vector>

#include "support/check.h"
#include "support/graph.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

CUstream stream = nullptr;

int run(CUgraphExec exec, const Guarded<int>& a) {
  CU(cuMemsetD32Async(a.address(), 0, 1, stream));
  CU(cuGraphLaunch(exec, stream));
  CU(cuStreamSynchronize(stream));
  return a.first();
}

/// The node holds add(pointer, 1, value).
void expect_add(CUgraphNode node, CUfunction add, const Guarded<int>& a, int value) {
  CUDA_KERNEL_NODE_PARAMS params{};
  CU(cuGraphKernelNodeGetParams(node, &params));
  FIB_CHECK(params.func == add);
  FIB_CHECK(params.gridDimX == 1 && params.blockDimX == 1 && params.sharedMemBytes == 0);
  FIB_CHECK(*static_cast<int**>(params.kernelParams[0]) == a.data());
  FIB_CHECK(*static_cast<int*>(params.kernelParams[1]) == 1);
  FIB_CHECK(*static_cast<int*>(params.kernelParams[2]) == value);
}

void expect_nodes(CUgraph graph, const std::vector<CUgraphNode>& expected) {
  std::size_t count = 0;
  CU(cuGraphGetNodes(graph, nullptr, &count));
  FIB_CHECK(count == expected.size());
  std::vector<CUgraphNode> nodes(count);
  CU(cuGraphGetNodes(graph, nodes.data(), &count));
  FIB_CHECK(nodes == expected);
}

void expect_enabled(CUgraphExec exec, CUgraphNode node, unsigned wanted) {
  unsigned enabled = 7;
  CU(cuGraphNodeGetEnabled(exec, node, &enabled));
  FIB_CHECK(enabled == wanted);
}

/// add(a, 1), twice(a), add(a, 10), and what goes into these nodes later.
struct Engine {
  const Guarded<int>& a;
  CUfunction add, twice;
  KernelArgs one{add, 1, a.data(), 1, 1}, doubled{twice, 1, a.data(), 1};
  KernelArgs ten{add, 1, a.data(), 1, 10}, hundred{add, 1, a.data(), 1, 100};
  CUgraph graph = nullptr;
  std::vector<CUgraphNode> nodes;

  Engine(const Guarded<int>& memory, const Module& module)
      : a(memory), add(module.function(kAdd)), twice(module.function(kTwice)) {
    CU(cuGraphCreate(&graph, 0));
    nodes.push_back(one.node(graph, {}));
    nodes.push_back(doubled.node(graph, {nodes[0]}));
    nodes.push_back(ten.node(graph, {nodes[1]}));
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  CUgraphExec instantiate() const {
    CUgraphExec exec = nullptr;
    CU(cuGraphInstantiateWithFlags(&exec, graph, 0));
    return exec;
  }
  void set(CUgraphExec exec, CUgraphNode node, const KernelArgs& args) const {
    const CUDA_KERNEL_NODE_PARAMS params = args.params();
    CU(cuGraphExecKernelNodeSetParams(exec, node, &params));
  }
};

/// The graph changes, the executable one does not, until it is instantiated anew.
CUgraphExec change_the_graph(const Engine& engine, CUgraphExec exec) {
  const CUDA_KERNEL_NODE_PARAMS params = engine.hundred.params();
  CU(cuGraphKernelNodeSetParams(engine.nodes[2], &params));
  expect_add(engine.nodes[2], engine.add, engine.a, 100);
  FIB_CHECK(run(exec, engine.a) == 12);
  const CUgraphExec later = engine.instantiate();
  FIB_CHECK(run(later, engine.a) == 102);
  return later;
}

/// An executable graph changes, the graph does not.
void change_one(const Engine& engine, CUgraphExec exec, CUgraphExec later) {
  engine.set(later, engine.nodes[0], engine.ten);
  expect_add(engine.nodes[0], engine.add, engine.a, 1);
  FIB_CHECK(run(later, engine.a) == 120 && run(exec, engine.a) == 12);
}

void switch_a_node(const Engine& engine, CUgraphExec exec, CUgraphExec later) {
  const CUgraphNode first = engine.nodes[0];
  expect_enabled(exec, first, 1);
  CU(cuGraphNodeSetEnabled(exec, first, 0));
  expect_enabled(exec, first, 0);
  expect_enabled(later, first, 1);
  FIB_CHECK(run(exec, engine.a) == 10 && run(later, engine.a) == 120);
  engine.set(exec, first, engine.ten);  // set while it is disabled; it stays so
  expect_enabled(exec, first, 0);
  FIB_CHECK(run(exec, engine.a) == 10);
  CU(cuGraphNodeSetEnabled(exec, first, 1));
  FIB_CHECK(run(exec, engine.a) == 30);
}

/// By the whole graph, then node by node again.
void update(const Engine& engine, CUgraphExec exec) {
  CUgraphExecUpdateResultInfo info{};
  CU(cuGraphExecUpdate(exec, engine.graph, &info));
  FIB_CHECK(info.result == CU_GRAPH_EXEC_UPDATE_SUCCESS && run(exec, engine.a) == 102);
  engine.set(exec, engine.nodes[2], engine.ten);
  FIB_CHECK(run(exec, engine.a) == 12);
  expect_nodes(engine.graph, engine.nodes);
  expect_add(engine.nodes[2], engine.add, engine.a, 100);
}

/// A graph that can't update it: the node that the driver names is the engine's own.
void update_with_another(const Engine& engine, CUgraphExec exec) {
  CUgraph other = nullptr;
  CU(cuGraphCreate(&other, 0));
  std::vector<CUgraphNode> known = engine.nodes;
  known.insert(known.end(), {nullptr, engine.one.node(other, {})});
  CUgraphExecUpdateResultInfo info{};
  CU_IS(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cuGraphExecUpdate(exec, other, &info));
  FIB_CHECK(info.result == CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  FIB_CHECK(std::find(known.begin(), known.end(), info.errorNode) != known.end());
  FIB_CHECK(run(exec, engine.a) == 12);
  CU(cuGraphDestroy(other));
}

}  // namespace

int main() {
  start();
  {
    const Module module("it_basic");
    const Guarded<int> a(1);
    const Engine engine(a, module);
    CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    const CUgraphExec exec = engine.instantiate();
    FIB_CHECK(run(exec, a) == 12);
    expect_nodes(engine.graph, engine.nodes);
    expect_add(engine.nodes[0], engine.add, a, 1);
    expect_add(engine.nodes[2], engine.add, a, 10);
    const CUgraphExec later = change_the_graph(engine, exec);
    change_one(engine, exec, later);
    switch_a_node(engine, exec, later);
    update(engine, exec);
    update_with_another(engine, exec);
    CU(cuGraphExecDestroy(exec));
    CU(cuGraphDestroy(engine.graph));
    FIB_CHECK(run(later, a) == 120);
    CU(cuGraphExecDestroy(later));
    CU(cuStreamDestroy(stream));
  }
  return finish();
}
