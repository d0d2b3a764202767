// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/tensors.h"

#include <algorithm>
#include <optional>

#include "judge/scalar_bits.h"

namespace fib::judge {
namespace {

using match::CompiledTensor;

double scalar_of(std::int64_t value, registry::DType dtype) {
  const bool whole = registry::is_integer(dtype) || dtype == registry::DType::Bool;
  return whole ? static_cast<double>(value) : real_of_bits(value);
}

class Reader {
 public:
  Reader(const dispatch::PreparedLaunch& prepared,
         const std::function<std::uint64_t(std::uint64_t)>& bytes_from)
      : p_(prepared),
        table_(prepared.generation->table()),
        rule_(table_.rule(prepared.decision.rule)),
        compiled_(table_.definition(rule_.definition)),
        bytes_from_(bytes_from) {}

  LaunchFacts read() {
    read_axes();
    for (const CompiledTensor& tensor : rule_.tensors) add(tensor);
    return std::move(facts_);
  }

 private:
  void read_axes() {
    for (std::size_t i = 0; i < compiled_.spec.axes.size(); ++i) {
      const match::AxisSpec& axis = compiled_.spec.axes[i];
      if (axis.value)
        facts_.axes[axis.name] = *axis.value;
      else if ((rule_.bound_axes & match::bit(i)) != 0)
        facts_.axes[axis.name] = p_.bound.axes[i];
    }
  }

  void add(const CompiledTensor& bound) {
    const std::size_t inputs = compiled_.spec.inputs.size();
    const bool is_output = bound.slot >= inputs;
    const match::TensorSpec& spec =
        is_output ? compiled_.spec.outputs[bound.slot - inputs] : compiled_.spec.inputs[bound.slot];
    const auto dtype = registry::dtype_of(spec.dtype);
    const std::int64_t value = p_.bound.values[bound.slot];
    if (compiled_.tensors[bound.slot].is_scalar) {
      if (dtype) facts_.scalars[spec.name] = scalar_of(value, *dtype);
      return;
    }
    LaunchTensor tensor;
    tensor.layout.name = spec.name;
    tensor.is_output = is_output;
    tensor.address = static_cast<std::uint64_t>(value);
    if (dtype) tensor.layout.dtype = *dtype;
    if (dtype && measure(tensor, bound, spec))
      facts_.tensors.push_back(std::move(tensor));
    else
      facts_.unknown.push_back(spec.name);
  }

  /// Shape, strides and extent; false if they are not known.
  bool measure(LaunchTensor& tensor, const CompiledTensor& bound, const match::TensorSpec& spec) {
    std::vector<std::size_t> missing;
    for (const std::string& axis : spec.shape) {
      const auto found = facts_.axes.find(axis);
      if (found == facts_.axes.end()) missing.push_back(tensor.layout.shape.size());
      tensor.layout.shape.push_back(found != facts_.axes.end() ? found->second : 1);
    }
    const std::uint64_t told = table_.tensor_bytes(p_.decision.rule, bound, p_.view, p_.bound);
    if (missing.size() > 1 || (missing.size() == 1 && missing[0] != 0)) return false;
    TensorLayout& layout = tensor.layout;
    layout.strides = TensorLayout::contiguous(layout.shape);
    if (bound.has_strides && !(missing.empty() && read_strides(bound, layout))) return false;
    if (!missing.empty()) {
      const std::uint64_t row = layout.extent_bytes();
      const std::uint64_t room = told != 0 ? told : bytes_from_(tensor.address);
      if (row == 0 || room < row) return false;
      layout.shape[0] = static_cast<std::int64_t>(room / row);
    }
    tensor.bytes = layout.extent_bytes();
    return tensor.bytes != 0 && tensor.bytes != UINT64_MAX &&
           (told == 0 || !missing.empty() || told == tensor.bytes);
  }

  /// False if the launch does not show them.
  bool read_strides(const CompiledTensor& bound, TensorLayout& layout) {
    const auto strides = table_.tensor_strides(p_.decision.rule, bound, p_.view, p_.bound);
    if (strides) std::copy_n(strides->begin(), layout.strides.size(), layout.strides.begin());
    return strides.has_value();
  }

  const dispatch::PreparedLaunch& p_;
  const match::MatchTable& table_;
  const match::CompiledRule& rule_;
  const match::CompiledDefinition& compiled_;
  const std::function<std::uint64_t(std::uint64_t)>& bytes_from_;
  LaunchFacts facts_;
};

}  // namespace

bool LaunchTensor::is_dense() const {
  return bytes == (layout.elements() * registry::bits_of(layout.dtype) + 7) / 8;
}

std::uint64_t LaunchFacts::bytes_touched() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const LaunchTensor& tensor : tensors) ranges.emplace_back(tensor.address, tensor.end());
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t sum = 0, end = 0;
  for (const auto& [first, last] : ranges) {
    if (last <= end) continue;
    sum += last - std::max(first, end);
    end = last;
  }
  return sum;
}

LaunchFacts facts_of(const dispatch::PreparedLaunch& prepared,
                     const std::function<std::uint64_t(std::uint64_t)>& bytes_from) {
  return Reader(prepared, bytes_from).read();
}

}  // namespace fib::judge
