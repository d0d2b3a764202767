// SPDX-License-Identifier: Apache-2.0
#include "replayer/operation_order.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "driver/cuda_abi.h"
#include "replayer/capture_tracker.h"

namespace fib::replayer {
namespace {

constexpr std::uint64_t kMostGraphMemory = std::uint64_t{1} << 38;

/// After the call that made the region live, which is over when the record is written.
void add_births(Plan& plan) {
  for (std::uint32_t i = 0; i < plan.regions.size(); ++i) {
    if (plan.regions[i].born == 0) continue;
    Operation operation;
    operation.key = operation.begin = plan.regions[i].born;
    operation.thread = trace::kDefinitionsThread;
    operation.what = BirthPlan{i};
    plan.operations.push_back(std::move(operation));
  }
}

void find_graphs(Plan& plan) {
  for (Operation& operation : plan.operations)
    if (auto* launch = std::get_if<GraphLaunchPlan>(&operation.what))
      launch->graph = plan.graphs.at(launch->fixed.exec, operation.begin);
}

/// Memory that graphs allocate for themselves is there all the time, without content of its own.
void add_graph_memory(Plan& plan) {
  std::set<std::uint64_t> known;
  for (const Operation& operation : plan.operations) {
    const auto* launch = std::get_if<GraphLaunchPlan>(&operation.what);
    if (launch == nullptr || !launch->graph) continue;
    for (const GraphNodePlan& node : launch->graph->nodes) {
      CUDA_MEM_ALLOC_NODE_PARAMS params{};
      if (node.fixed.type != CU_GRAPH_NODE_TYPE_MEM_ALLOC || node.params.size() < sizeof params)
        continue;
      std::memcpy(&params, node.params.data(), sizeof params);
      if (params.bytesize == 0 || params.bytesize > kMostGraphMemory ||
          !known.insert(params.dptr).second)
        continue;
      RegionPlan region;
      region.fixed.kind = static_cast<std::uint16_t>(trace::RegionKind::Pool);
      region.fixed.address = params.dptr;
      region.fixed.bytes = params.bytesize;
      region.fixed.device = params.poolProps.location.id;
      region.first_page = plan.pages;
      region.pages = static_cast<std::uint32_t>((params.bytesize - 1) / trace::kPageBytes + 1);
      plan.pages += region.pages;
      plan.regions.push_back(region);
    }
  }
  plan.state.resize(plan.pages);
}

}  // namespace

void order_operations(Plan& plan) {
  add_births(plan);
  std::stable_sort(plan.operations.begin(), plan.operations.end(),
                   [](const Operation& a, const Operation& b) { return a.key < b.key; });
  CaptureTracker tracker;
  for (Operation& operation : plan.operations)
    if (const auto* call = std::get_if<CallPlan>(&operation.what))
      operation.captured = tracker.captures(*call, operation.thread);
  find_graphs(plan);
  add_graph_memory(plan);
}

}  // namespace fib::replayer
