// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "judge/workload/materialise.h"

namespace fib::judge::testing {

/// One line that a refusal says; empty if nothing was refused.
template <typename Function>
[[nodiscard]] std::string refusal(Function&& function) {
  try {
    (void)function();
  } catch (const std::runtime_error& problem) {
    return problem.what();
  }
  return {};
}

/// x [rows, 4] bfloat16, ids [rows] int32, eps float32 -> y [rows, 4] bfloat16, with this
/// reference.
[[nodiscard]] inline registry::Definition toy(std::string reference = "unused") {
  using registry::Axis;
  using registry::TensorSpec;
  const auto tensor = [](std::vector<std::string> shape, registry::DType dtype) {
    TensorSpec spec;
    spec.shape = std::move(shape);
    spec.dtype = dtype;
    return spec;
  };
  registry::Definition definition;
  definition.name = "toy";
  definition.op_type = "toy";
  definition.reference = std::move(reference);
  Axis width;
  width.kind = Axis::Kind::Const;
  width.value = 4;
  definition.axes.add("rows", Axis{});
  definition.axes.add("width", width);
  definition.inputs.add("x", tensor({"rows", "width"}, registry::DType::BFloat16));
  definition.inputs.add("ids", tensor({"rows"}, registry::DType::Int32));
  definition.inputs.add("eps", TensorSpec{});
  definition.outputs.add("y", tensor({"rows", "width"}, registry::DType::BFloat16));
  return definition;
}

[[nodiscard]] inline registry::Workload toy_workload() {
  registry::Workload workload;
  workload.uuid = "w1";
  workload.axes.add("rows", 3);
  workload.inputs.add("eps", {registry::ScalarInput{0.5}, {}});
  return workload;
}

}  // namespace fib::judge::testing
