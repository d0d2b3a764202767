// SPDX-License-Identifier: Apache-2.0
#include "replayer/launch_table.h"

#include "replayer/error.h"

namespace fib::replayer {
namespace {

constexpr std::size_t kMostLaunches = std::size_t{1} << 26;

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Unverified: return "unverified";
    case Verdict::Exact: return "exact";
    case Verdict::Nondeterministic: return "nondeterministic";
    case Verdict::Mismatch: return "mismatch";
    case Verdict::Effect: return "effect";
    case Verdict::NotReplayable: return "not replayable";
  }
  return "?";
}

LaunchTable::LaunchTable(const Plan& plan) : plan_(plan) {
  for (std::size_t i = 0; i < plan.operations.size(); ++i) {
    first_.push_back(launches_.size());
    if (!plan.operations[i].captured) add(i, plan.operations[i]);
  }
  first_.push_back(launches_.size());
}

void LaunchTable::add(std::size_t index, const Operation& operation) {
  LaunchResult result;
  result.operation = index;
  if (const auto* launch = std::get_if<LaunchPlan>(&operation.what)) {
    if (launch->fixed.result != 0) return;
    result.number = launches_.size() + 1;
    result.kernel = launch->fixed.kernel;
    launches_.push_back(result);
  } else if (const auto* graph = std::get_if<GraphLaunchPlan>(&operation.what)) {
    if (graph->fixed.result != 0 || !graph->graph) return;
    if (launches_.size() > kMostLaunches)
      throw Refusal("the window has too many kernel executions: replay a shorter one");
    result.exec = graph->fixed.exec;
    for (const std::uint32_t node : graph->graph->order) {
      const GraphNodePlan& plan = graph->graph->nodes[node];
      if (!plan.is_kernel() || !plan.enabled) continue;
      result.number = launches_.size() + 1;
      result.kernel = plan.kernel.kernel;
      result.node = node;
      launches_.push_back(result);
    }
  }
}

std::span<LaunchResult> LaunchTable::of(std::size_t operation) {
  return std::span(launches_).subspan(first_[operation], first_[operation + 1] - first_[operation]);
}

LaunchResult* LaunchTable::of(std::size_t operation, std::uint32_t node) {
  for (LaunchResult& launch : of(operation))
    if (launch.node == node) return &launch;
  return nullptr;
}

std::string LaunchTable::kernel_name(const LaunchResult& launch) const {
  const auto found = plan_.kernels.find(launch.kernel);
  return found != plan_.kernels.end() ? found->second.name : "(unknown kernel)";
}

}  // namespace fib::replayer
