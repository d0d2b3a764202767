// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/bound_launch.h"

#include <algorithm>
#include <cstring>

namespace fib::judge {
namespace {

void add_attributes(const std::vector<std::byte>& raw, launches::LaunchForm& form) {
  for (std::size_t at = 0; at + trace::kLaunchAttributeBytes <= raw.size();
       at += trace::kLaunchAttributeBytes) {
    trace::LaunchAttribute attribute{};
    std::memcpy(&attribute.id, raw.data() + at, sizeof attribute.id);
    attribute.value = trace::Bytes(raw).subspan(at + 8, trace::kLaunchAttributeBytes - 8);
    form.add(attribute);
  }
}

template <class Fixed>
launches::LaunchForm form_of(const Fixed& fixed, const std::vector<std::byte>& params,
                             const std::vector<std::byte>& attributes) {
  launches::LaunchForm form;
  form.kernel = fixed.kernel;
  std::copy_n(fixed.grid, 3, form.geometry.begin());
  std::copy_n(fixed.block, 3, form.geometry.begin() + 3);
  form.geometry[static_cast<std::size_t>(match::Geometry::Shared)] = fixed.shared_bytes;
  form.params = params;
  add_attributes(attributes, form);
  return form;
}

}  // namespace

launches::LaunchForm form_of(const replayer::Plan& plan, const replayer::LaunchResult& launch) {
  const replayer::Operation& operation = plan.operations[launch.operation];
  if (const auto* eager = std::get_if<replayer::LaunchPlan>(&operation.what)) {
    launches::LaunchForm form = form_of(eager->fixed, eager->params, eager->attributes);
    form.context = eager->fixed.context;
    form.params_known = (eager->flags & trace::kLaunchParamsUnknown) == 0;
    return form;
  }
  const auto& graph = std::get<replayer::GraphLaunchPlan>(operation.what);
  const replayer::GraphNodePlan& node = graph.graph->nodes[launch.node];
  launches::LaunchForm form = form_of(node.kernel, node.params, node.attributes);
  form.context = graph.fixed.context;
  form.params_known = (node.fixed.flags & trace::kNodeParamsUnknown) == 0;
  return form;
}

BoundLaunch bind_launch(const match::MatchTable& table, launches::RuleFinder& rules,
                        const launches::ProcessLaunches& process,
                        const launches::LaunchForm& form) {
  BoundLaunch result;
  const auto kernel = process.kernels.find(form.kernel);
  if (kernel == process.kernels.end()) return result;
  result.rule =
      table.bind(rules.of(process, form, kernel->second), form.view(kernel->second), result.bound);
  return result;
}

}  // namespace fib::judge
