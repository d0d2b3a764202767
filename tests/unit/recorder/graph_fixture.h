// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "recorder_test.h"

namespace fib::recorder::test {

/// Graphs for the fake driver. Handles of nodes, graphs and kernels are small numbers.
class GraphTest : public RecorderTest {
 protected:
  Graphs& graphs() { return recorder().graphs; }

  static CUgraphNode node(std::uintptr_t number) { return handle<CUgraphNode>(number); }
  static CUgraph graph(std::uintptr_t number) { return handle<CUgraph>(number); }
  static CUgraphExec exec(std::uintptr_t number) { return handle<CUgraphExec>(number); }

  /// A kernel with one 8-byte parameter.
  static CUfunction add_kernel(std::uintptr_t number, const char* name) {
    FakeDriver::Function& f = fake().functions[handle<void*>(number)];
    f.name = name;
    f.params = {{0, 8}};
    return handle<CUfunction>(number);
  }
  static FakeDriver::Node& add_node(std::uintptr_t number, CUgraphNodeType type) {
    FakeDriver::Node& n = fake().nodes[node(number)];
    n.type = type;
    return n;
  }
  /// A node that runs the kernel with `*param`.
  FakeDriver::Node& add_kernel_node(std::uintptr_t number, CUfunction kernel, std::uint64_t param) {
    FakeDriver::Node& n = add_node(number, CU_GRAPH_NODE_TYPE_KERNEL);
    n.kernel = kernel_params(kernel, param);
    return n;
  }
  /// What it points to lives as long as the test.
  CUDA_KERNEL_NODE_PARAMS kernel_params(CUfunction kernel, std::uint64_t param) {
    values_.push_back(std::make_unique<std::uint64_t>(param));
    pointers_.push_back(std::make_unique<void*>(values_.back().get()));
    CUDA_KERNEL_NODE_PARAMS params{};
    params.func = kernel;
    params.gridDimX = 7;
    params.gridDimY = params.gridDimZ = 1;
    params.blockDimX = 64;
    params.blockDimY = params.blockDimZ = 1;
    params.sharedMemBytes = 512;
    params.kernelParams = pointers_.back().get();
    return params;
  }
  static void add_child_node(std::uintptr_t number, std::uintptr_t child) {
    add_node(number, CU_GRAPH_NODE_TYPE_GRAPH).child = graph(child);
  }
  static void add_graph(std::uintptr_t number, std::vector<std::uintptr_t> nodes,
                        std::vector<FakeDriver::Edge> edges = {}) {
    FakeDriver::Graph& g = fake().graphs[graph(number)];
    g = {};
    for (const std::uintptr_t n : nodes) g.nodes.push_back(node(n));
    g.edges = std::move(edges);
  }
  static std::vector<std::uint64_t> handles(const LogContents::Graph& g) {
    std::vector<std::uint64_t> result;
    for (const LogContents::Node& n : g.nodes) result.push_back(n.fixed.handle);
    return result;
  }
  static std::vector<std::uint32_t> parents(const LogContents::Graph& g) {
    std::vector<std::uint32_t> result;
    for (const LogContents::Node& n : g.nodes) result.push_back(n.fixed.parent);
    return result;
  }
  /// The value that a kernel node passes.
  static std::uint64_t param(const LogContents::Node& n) {
    std::uint64_t value = 0;
    EXPECT_EQ(n.params.size(), sizeof value);
    if (n.params.size() == sizeof value) std::memcpy(&value, n.params.data(), sizeof value);
    return value;
  }
  template <class T>
  static T params_as(const LogContents::Node& n) {
    T value{};
    EXPECT_GE(n.params.size(), sizeof value);
    if (n.params.size() >= sizeof value) std::memcpy(&value, n.params.data(), sizeof value);
    return value;
  }

 private:
  std::vector<std::unique_ptr<std::uint64_t>> values_;
  std::vector<std::unique_ptr<void*>> pointers_;
};

}  // namespace fib::recorder::test
