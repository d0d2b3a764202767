// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "replayer/code.h"
#include "replayer/host_buffers.h"
#include "replayer/kernel_params.h"
#include "replayer/streams.h"

namespace fib::replayer {

/// Builds executable graphs again from what was recorded of them.
class GraphBuilder {
 public:
  GraphBuilder(const driver::DriverApi& api, Contexts& contexts, Code& code, const Memory& memory,
               Events& events, HostBuffers& buffers, Deviations& deviations)
      : api_(api),
        contexts_(contexts),
        code_(code),
        memory_(memory),
        events_(events),
        buffers_(buffers),
        deviations_(deviations) {}

  /// The graph in this state, for launches in this context; null, with the reason, if it can't be
  /// built. Of each executable graph one state is kept: the GPU must be idle when it changes.
  CUgraphExec exec(const GraphState& state, CUcontext context, std::string& problem);
  /// Whether exec() would build something.
  [[nodiscard]] bool is_built(const GraphState& state) const;
  void reset();

  // For whoever runs the nodes one by one: parameters of nodes, with addresses of this process.
  [[nodiscard]] CUDA_MEMCPY3D memcpy_params(const GraphNodePlan& node);
  [[nodiscard]] CUDA_MEMSET_NODE_PARAMS memset_params(const GraphNodePlan& node);
  [[nodiscard]] static std::uint64_t event_of(const GraphNodePlan& node);
  [[nodiscard]] std::vector<CUstreamBatchMemOpParams> memops_of(const GraphNodePlan& node);

 private:
  struct Built {
    std::uint64_t serial = 0;
    CUgraphExec exec = nullptr;
    std::string problem;
  };
  struct Job;  ///< one build
  void build(const GraphState& state, CUcontext context, Built& built);
  CUresult add_level(Job& job, CUgraph graph, std::uint32_t parent);
  CUresult add_node(Job& job, CUgraph graph, std::uint32_t index, CUgraphNode& node);
  CUresult add_kernel(Job& job, CUgraph graph, const GraphNodePlan& plan, CUgraphNode& node);
  CUresult set_attribute(CUgraphNode node, const CUlaunchAttribute& attribute);
  CUresult add_child(Job& job, CUgraph graph, std::uint32_t index, CUgraphNode& node);
  CUresult add_memops(Job& job, CUgraph graph, const GraphNodePlan& plan, CUgraphNode& node);
  CUresult add_edges(Job& job, CUgraph graph, std::uint32_t parent);

  const driver::DriverApi& api_;
  Contexts& contexts_;
  Code& code_;
  const Memory& memory_;
  Events& events_;
  HostBuffers& buffers_;
  Deviations& deviations_;
  std::map<std::uint32_t, Built> built_;  ///< by executable graph
};

/// Why a graph can't be built or run node by node; "" if it can.
[[nodiscard]] std::string graph_obstacle(const GraphState& state);

}  // namespace fib::replayer
