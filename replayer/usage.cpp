// SPDX-License-Identifier: Apache-2.0
#include "replayer/usage.h"

namespace fib::replayer {
namespace {

void use_graph(const Plan& plan, const GraphState& graph, Usage& usage) {
  (void)plan;
  if (!usage.launch_graphs.insert(graph.serial).second) return;
  for (const GraphNodePlan& node : graph.nodes)
    if (node.is_kernel()) usage.kernels.insert(node.kernel.kernel);
}

void use(const Plan& plan, const Operation& operation, Usage& usage) {
  if (operation.captured) return;
  if (const auto* launch = std::get_if<LaunchPlan>(&operation.what)) {
    usage.contexts.insert(launch->fixed.context);
    if (!operation.is_effect()) usage.kernels.insert(launch->fixed.kernel);
  } else if (const auto* graph = std::get_if<GraphLaunchPlan>(&operation.what)) {
    usage.contexts.insert(graph->fixed.context);
    if (graph->graph && !operation.is_effect()) use_graph(plan, *graph->graph, usage);
  } else if (const auto* call = std::get_if<CallPlan>(&operation.what)) {
    usage.contexts.insert(call->fixed.context);
  }
}

/// Globals of a load that changed within the window without a kernel of that load: by copies.
void use_changed_symbols(const Plan& plan, Usage& usage) {
  for (const PageContent& page : plan.changed) {
    const RegionPlan& region = plan.region_of(page.page);
    if (region.is_symbol()) usage.loads.insert(region.fixed.load);
  }
}

}  // namespace

Usage usage_of(const Plan& plan) {
  Usage usage;
  for (const Operation& operation : plan.operations) use(plan, operation, usage);
  for (const RegionPlan& region : plan.regions)
    if (!region.is_symbol() && !region.on_host() && region.fixed.device >= 0)
      usage.devices.insert(region.fixed.device);
  for (const trace::StreamRecord& stream : plan.streams) usage.contexts.insert(stream.context);
  for (const std::uint32_t kernel : usage.kernels) {
    const auto found = plan.kernels.find(kernel);
    if (found != plan.kernels.end()) usage.loads.insert(found->second.fixed.load);
  }
  use_changed_symbols(plan, usage);
  usage.loads.erase(0);
  usage.contexts.erase(0);
  for (const ContextPlan& context : plan.contexts)
    if (usage.contexts.contains(context.handle)) usage.devices.insert(context.device);
  if (usage.devices.empty()) usage.devices.insert(0);
  return usage;
}

}  // namespace fib::replayer
