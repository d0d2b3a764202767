// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "dispatch/graphs/graphs.h"
#include "tests/unit/dispatch/sim_dispatch_test.h"

namespace fib::dispatch::testing {

/// Parameters of a kernel node that adds something to `x`; not to be copied.
struct AddNode {
  AddNode(CUfunction function, CUdeviceptr x_, CUdeviceptr y_, int n_) : x(x_), y(y_), n(n_) {
    params.func = function;
    params.gridDimX = static_cast<unsigned>(n_ + 127) / 128;
    params.gridDimY = params.gridDimZ = 1;
    params.blockDimX = 128;
    params.blockDimY = params.blockDimZ = 1;
    params.kernelParams = pointers.data();
  }
  AddNode(const AddNode&) = delete;
  AddNode& operator=(const AddNode&) = delete;

  CUdeviceptr x, y;
  int n;
  std::array<void*, 3> pointers{&x, &y, &n};
  CUDA_KERNEL_NODE_PARAMS params{};
};

/// Graph calls as the hooks make them.
class GraphsTest : public SimDispatchTest {
 protected:
  /// For this size the engine's kernel is not redirected.
  static constexpr int kMiss = 200;

  void SetUp() override {
    SimDispatchTest::SetUp();
    graphs_ = std::make_unique<Graphs>(*dispatcher_);
    z_ = allocate();
    ASSERT_EQ(cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    ASSERT_EQ(cuGraphCreate(&graph_, 0), CUDA_SUCCESS);
  }
  void TearDown() override {
    graphs_.reset();
    SimDispatchTest::TearDown();
  }

  static match::TableSpec graph_spec(const std::string& pinned) {
    match::TableSpec spec = add_spec(pinned);
    spec.rules[0].conditions = {"param(2, 0, i32) != 200"};
    return spec;
  }
  void install_for_graphs(const std::string& pinned, const std::string& fingerprint = "first") {
    ASSERT_TRUE(dispatcher_->install(deployment_of(graph_spec(pinned), fingerprint)));
  }

  static CUgraphNode add(CUgraph graph, const CUDA_KERNEL_NODE_PARAMS& params,
                         const std::vector<CUgraphNode>& after = {}) {
    CUgraphNode node = nullptr;
    EXPECT_EQ(cuGraphAddKernelNode_v2(&node, graph, after.data(), after.size(), &params),
              CUDA_SUCCESS);
    return node;
  }
  /// y = x + 1, or what a candidate makes of it.
  CUgraphNode add_engine(CUgraph graph, int n = kN) {
    return add(graph, AddNode(engine_add_, x_, y_, n).params);
  }
  static CUgraph new_graph() {
    CUgraph graph = nullptr;
    EXPECT_EQ(cuGraphCreate(&graph, 0), CUDA_SUCCESS);
    return graph;
  }

  CUgraphExec instantiate(CUgraph graph, std::uint64_t flags = 0) {
    CUgraphExec exec = nullptr;
    const auto call = [&](CUgraph other) noexcept {
      return cuGraphInstantiateWithFlags(&exec, other, flags);
    };
    EXPECT_EQ(graphs_->instantiate({&exec, graph, flags, call}), CUDA_SUCCESS);
    return exec;
  }
  CUresult update(CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo& info) {
    const auto call = [&](CUgraph other) noexcept {
      return cuGraphExecUpdate_v2(exec, other, &info);
    };
    return graphs_->update({exec, graph, call, nullptr, nullptr, &info});
  }
  CUresult update(CUgraphExec exec, CUgraph graph) {
    CUgraphExecUpdateResultInfo info{};
    return update(exec, graph, info);
  }
  CUresult set(CUgraphExec exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS& params) {
    return graphs_->set_kernel(exec, node, params, [&](CUgraphNode other) noexcept {
      return cuGraphExecKernelNodeSetParams_v2(exec, other, &params);
    });
  }
  CUresult set_size(CUgraphExec exec, CUgraphNode node, int n) {
    return set(exec, node, AddNode(engine_add_, x_, y_, n).params);
  }
  CUresult set_enabled(CUgraphExec exec, CUgraphNode node, bool enabled) {
    return graphs_->set_other(exec, node, [&](CUgraphNode other) noexcept {
      return cuGraphNodeSetEnabled(exec, other, enabled ? 1 : 0);
    });
  }
  CUresult destroy(CUgraphExec exec) {
    return graphs_->destroy(exec, [&]() noexcept { return cuGraphExecDestroy(exec); });
  }
  CUresult launch_graph(CUgraphExec exec) {
    graphs_->launching(exec, stream_);
    return cuGraphLaunch(exec, stream_);
  }
  float first(CUdeviceptr address) {
    float value = 0;
    EXPECT_EQ(cuStreamSynchronize(stream_), CUDA_SUCCESS);
    EXPECT_EQ(cuMemcpyDtoH_v2(&value, address, sizeof value), CUDA_SUCCESS);
    return value;
  }
  /// The first element of `address` after a launch; -1 if nothing wrote it.
  float run(CUgraphExec exec, CUdeviceptr address) {
    constexpr float kUntouched = -1;
    EXPECT_EQ(cuMemcpyHtoD_v2(address, &kUntouched, sizeof kUntouched), CUDA_SUCCESS);
    EXPECT_EQ(launch_graph(exec), CUDA_SUCCESS);
    return first(address);
  }
  float run(CUgraphExec exec) { return run(exec, y_); }

  std::uint64_t in_graphs(const char* name) { return candidate(name).in_graphs.load(); }

  std::unique_ptr<Graphs> graphs_;
  CUdeviceptr z_ = 0;
  CUstream stream_ = nullptr;
  CUgraph graph_ = nullptr;
};

}  // namespace fib::dispatch::testing
