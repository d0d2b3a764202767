// SPDX-License-Identifier: Apache-2.0
#include "registry/model/shapes.h"

namespace fib::registry {
namespace {

constexpr int kLongestChain = 8;

std::optional<std::int64_t> whole(const std::optional<Number>& value) {
  if (!value) return std::nullopt;
  const std::int64_t* const integer = std::get_if<std::int64_t>(&*value);
  return integer != nullptr ? std::optional(*integer) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> AxisScope::axis(std::string_view name) const {
  const Axis* const axis = definition_.axes.find(name);
  if (axis == nullptr) return std::nullopt;
  if (axis->kind == Axis::Kind::Const) return axis->value;
  if (axis->kind == Axis::Kind::Var) {
    const std::int64_t* const bound = workload_ ? workload_->axes.find(name) : nullptr;
    return bound != nullptr ? std::optional(*bound) : std::nullopt;
  }
  if (depth_ >= kLongestChain) return std::nullopt;  // axes that name each other in a circle
  ++depth_;
  const Evaluated result = evaluate(axis->expression, *this);
  --depth_;
  return whole(result.value);
}

std::optional<Number> AxisScope::value(std::string_view name) const {
  if (const auto known = axis(name)) return Number(*known);
  const InputSpec* const input = workload_ ? workload_->inputs.find(name) : nullptr;
  const ScalarInput* const scalar = input != nullptr ? input->scalar() : nullptr;
  if (scalar == nullptr) return std::nullopt;
  if (const auto* real = std::get_if<double>(&scalar->value)) return Number(*real);
  if (const auto* truth = std::get_if<bool>(&scalar->value)) return Number(std::int64_t{*truth});
  return Number(std::get<std::int64_t>(scalar->value));
}

std::optional<std::int64_t> AxisScope::extent(std::string_view name, std::int64_t dimension) const {
  const TensorSpec* tensor = definition_.inputs.find(name);
  if (tensor == nullptr) tensor = definition_.outputs.find(name);
  if (tensor == nullptr || tensor->is_scalar()) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(tensor->shape->size());
  if (dimension < 0) dimension += rank;
  if (dimension < 0 || dimension >= rank) return std::nullopt;
  return axis((*tensor->shape)[static_cast<std::size_t>(dimension)]);
}

std::optional<std::vector<std::int64_t>> AxisScope::shape(const TensorSpec& tensor) const {
  if (tensor.is_scalar()) return std::nullopt;
  std::vector<std::int64_t> extents;
  for (const std::string& name : *tensor.shape) {
    const auto extent = axis(name);
    if (!extent) return std::nullopt;
    extents.push_back(*extent);
  }
  return extents;
}

}  // namespace fib::registry
