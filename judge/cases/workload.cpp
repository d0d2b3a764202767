// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/workload.h"

#include <algorithm>
#include <utility>

#include "judge/cases/identity.h"
#include "registry/bindings/fields.h"

namespace fib::judge {
namespace {

using registry::Json;

constexpr double kNsPerMs = 1e6;

Json ours(const Case& subject, const CaseInputs& inputs) {
  Json json = {{"weight", subject.count},  {"capture", subject.capture},
               {"case", subject.id},       {"binding", subject.binding},
               {"kernel", subject.kernel}, {"process", subject.process},
               {"window", subject.window}, {"launch", subject.launch}};
  if (subject.replayed_ns >= 0) json["replayed_ms"] = subject.replayed_ns / kNsPerMs;
  if (!subject.role.empty()) json["role"] = subject.role;
  if (inputs.code()) json["code"] = registry::hash_to_text(*inputs.code());
  return json;
}

const CapturedTensor* find(const CaseInputs& inputs, const std::string& name) {
  const auto found = std::ranges::find(inputs.tensors(), name,
                                       [](const CapturedTensor& it) { return it.layout.name; });
  return found != inputs.tensors().end() ? &*found : nullptr;
}

}  // namespace

registry::Workload workload_with_blob(const Case& subject, const registry::Definition& definition,
                                      const CaseInputs& inputs, const std::string& blob) {
  registry::Workload workload;
  workload.uuid = workload_uuid(subject);
  for (const auto& [name, axis] : definition.axes)
    if (const auto found = subject.axes.find(name); found != subject.axes.end())
      workload.axes.add(name, found->second);
  for (const auto& [name, tensor] : definition.inputs) {
    registry::InputSpec input;
    if (tensor.is_scalar()) {
      const auto scalar = inputs.scalars().find(name);
      if (scalar == inputs.scalars().end()) continue;
      input.source = scalar->second;
    } else if (!blob.empty() && find(inputs, name) != nullptr) {
      input.source = registry::SafetensorsInput{blob, name};
    }
    workload.inputs.add(name, std::move(input));
  }
  workload.members.set_unknown("fibshim", ours(subject, inputs));
  return workload;
}

registry::Workload workload_of(const Case& subject, const registry::Definition& definition,
                               const CaseInputs& inputs) {
  return workload_with_blob(subject, definition, inputs, "");
}

std::string what_lacks(const registry::Workload& workload, const registry::Definition& definition) {
  for (const auto& [name, axis] : definition.axes)
    if (axis.kind == registry::Axis::Kind::Var && !workload.axes.contains(name))
      return "axis \"" + name + "\", which its launch does not show";
  for (const auto& [name, tensor] : definition.inputs)
    if (!workload.inputs.contains(name))
      return "input \"" + name + "\", which its launch does not show";
  return {};
}

registry::Trace workload_record(const std::string& definition, registry::Workload workload) {
  registry::Trace record;
  record.definition = definition;
  record.workload = std::move(workload);
  return record;
}

}  // namespace fib::judge
