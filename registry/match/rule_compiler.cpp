// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <utility>

#include "registry/match/compiler.h"

namespace fib::match {
namespace {

/// One binding on its way. Names become visible in the order in which a lookup computes them: axes,
/// then inputs and outputs, then everything.
class RuleCompiler {
 public:
  RuleCompiler(const RuleSpec& spec, const CompiledDefinition& definition, std::uint32_t id,
               Compilation& compilation, NamePattern pattern)
      : spec_(spec),
        definition_(definition),
        compilation_(compilation),
        problems_(compilation.problems) {
    rule_.name = spec.name;
    rule_.origin = spec.origin;
    rule_.definition = id;
    rule_.priority = spec.priority;
    rule_.pattern = std::move(pattern);
    rule_.demangled = spec.demangled;
    rule_.layout = spec.layout;
    rule_.image = spec.image;
    rule_.code = spec.code;
  }

  CompiledRule compile() {
    Expressions of_launch(compilation_, definition_, {});
    rule_.conditions = of_launch.compile_all("/match/conditions", spec_.conditions);
    compile_axes(of_launch);
    Expressions with_axes(compilation_, definition_, {rule_.bound_axes, 0, false});
    compile_tensors(with_axes);
    Expressions with_all(compilation_, definition_, {rule_.bound_axes, rule_.bound_tensors, false});
    rule_.checks = with_all.compile_all("/checks", spec_.checks);
    return std::move(rule_);
  }

 private:
  [[nodiscard]] bool is_constant(std::size_t slot) const {
    return (definition_.constant_axes & bit(slot)) != 0;
  }

  void compile_axes(Expressions& expressions) {
    std::set<std::size_t> seen;
    for (const AxisBinding& binding : spec_.axes) {
      const std::string pointer = below("/axes", binding.axis);
      const auto slot = definition_.axis(binding.axis);
      if (!slot) {
        problems_.add(pointer, "'" + definition_.spec.name + "' has no such axis", "remove it");
        continue;
      }
      seen.insert(*slot);
      compile_axis(binding, *slot, pointer, expressions);
    }
    for (std::size_t i = 0; i < definition_.spec.axes.size(); ++i) {
      if (!seen.contains(i)) missing_axis(i);
    }
  }

  void missing_axis(std::size_t slot) {
    problems_.add(below("/axes", definition_.spec.axes[slot].name), "the axis is not bound",
                  is_constant(slot)
                      ? "write an expression, or its value if the match implies it"
                      : "write an expression, or null if the launch does not show it");
  }

  void compile_axis(const AxisBinding& binding, std::size_t slot, const std::string& pointer,
                    Expressions& expressions) {
    if (binding.expression.empty()) return state_axis(binding, slot, pointer);
    CompiledAxis axis;
    axis.code = expressions.compile(pointer, binding.expression);
    axis.slot = static_cast<std::uint8_t>(slot);
    axis.is_constant = is_constant(slot);
    axis.expected = definition_.axes[slot];
    rule_.axes.push_back(axis);
    if (axis.is_constant) return;
    rule_.bound_axes |= bit(slot);
    rule_.key_axes.push_back(axis.slot);
  }

  void state_axis(const AxisBinding& binding, std::size_t slot, const std::string& pointer) {
    if (is_constant(slot)) {
      if (!binding.stated) return missing_axis(slot);
      if (*binding.stated == definition_.axes[slot]) return;
      return problems_.add(pointer, "the Definition says " + std::to_string(definition_.axes[slot]),
                           "bind another Definition, or correct the value");
    }
    if (binding.stated) {  // a kernel that takes one value only of what may vary
      compile_stated(*binding.stated, slot, pointer);
    }
  }

  void compile_stated(std::int64_t value, std::size_t slot, const std::string& pointer) {
    Expressions none(compilation_, definition_, {});
    AxisBinding binding;
    binding.expression = std::to_string(value);
    compile_axis(binding, slot, pointer, none);
  }

  void compile_tensors(Expressions& expressions) {
    const std::size_t before = problems_.count();
    compile_group(spec_.inputs, "/inputs", false, expressions);
    compile_group(spec_.outputs, "/outputs", true, expressions);
    if (problems_.count() != before) return;
    for (std::size_t i = 0; i < definition_.tensors.size(); ++i) {
      if ((mentioned_ & bit(i)) == 0) missing_tensor(i);
    }
  }

  void missing_tensor(std::size_t slot) {
    const std::size_t inputs = definition_.spec.inputs.size();
    const bool output = slot >= inputs;
    const auto& name =
        output ? definition_.spec.outputs[slot - inputs].name : definition_.spec.inputs[slot].name;
    problems_.add(below(output ? "/outputs" : "/inputs", name), "is not bound",
                  output ? "write where the launch has its address"
                         : "write where the launch has it, or null if it does not show it");
  }

  void compile_group(const std::vector<TensorBinding>& bindings, const std::string& group,
                     bool outputs, Expressions& expressions) {
    for (const TensorBinding& binding : bindings) {
      const std::string pointer = below(group, binding.tensor);
      const auto slot = definition_.tensor(binding.tensor);
      if (!slot || definition_.tensors[*slot].is_output != outputs) {
        problems_.add(
            pointer,
            "'" + definition_.spec.name + "' has no such " + (outputs ? "output" : "input"),
            "remove it");
        continue;
      }
      mentioned_ |= bit(*slot);
      if (!binding.expression.empty()) compile_tensor(binding, *slot, pointer, expressions);
      if (binding.expression.empty() && outputs) missing_tensor(*slot);
    }
  }

  void compile_tensor(const TensorBinding& binding, std::size_t slot, const std::string& pointer,
                      Expressions& expressions) {
    const TensorShape& shape = definition_.tensors[slot];
    check_dtype(binding, slot, pointer);
    CompiledTensor tensor;
    tensor.slot = static_cast<std::uint8_t>(slot);
    tensor.disjoint = binding.disjoint;
    const char* const member = shape.is_scalar ? "value" : "pointer";
    tensor.value = expressions.compile(below(pointer, member), binding.expression);
    tensor.bytes = expressions.compile(below(pointer, "bytes"), binding.bytes);
    compile_strides(binding, shape, pointer, expressions, tensor);
    const bool extent_known = shape_is_bound(shape) || tensor.bytes || tensor.disjoint;
    if (!shape.is_scalar && !extent_known) {
      problems_.add(pointer, "its extent is unknown, since an axis of its shape is null",
                    "write \"bytes\", or \"disjoint\": true if no output can ever overlap it");
    }
    rule_.tensors.push_back(tensor);
    rule_.bound_tensors |= bit(slot);
  }

  void check_dtype(const TensorBinding& binding, std::size_t slot, const std::string& pointer) {
    const std::size_t inputs = definition_.spec.inputs.size();
    const TensorSpec& spec =
        slot < inputs ? definition_.spec.inputs[slot] : definition_.spec.outputs[slot - inputs];
    if (binding.dtype.empty() || binding.dtype == spec.dtype) return;
    problems_.add(below(pointer, "dtype"),
                  "the kernel takes " + binding.dtype + ", the Definition says " + spec.dtype,
                  "bind another Definition, or correct the type");
  }

  void compile_strides(const TensorBinding& binding, const TensorShape& shape,
                       const std::string& pointer, Expressions& expressions,
                       CompiledTensor& tensor) {
    if (binding.strides.empty()) return;
    const std::string strides = below(pointer, "strides");
    if (binding.strides.size() != shape.rank || !shape_is_bound(shape)) {
      return problems_.add(strides,
                           std::to_string(binding.strides.size()) + " strides for " +
                               std::to_string(shape.rank) +
                               " dimensions that the launch "
                               "must all show",
                           "write one per dimension, or none");
    }
    tensor.has_strides = true;
    for (std::size_t i = 0; i < binding.strides.size(); ++i) {
      tensor.strides[i] = expressions.compile(below(strides, i), binding.strides[i]);
    }
  }

  [[nodiscard]] bool shape_is_bound(const TensorShape& shape) const {
    for (std::size_t i = 0; i < shape.varying; ++i) {
      if ((rule_.bound_axes & bit(shape.varying_axes[i])) == 0) return false;
    }
    return true;
  }

  const RuleSpec& spec_;
  const CompiledDefinition& definition_;
  Compilation& compilation_;
  Problems& problems_;
  CompiledRule rule_;
  SlotMask mentioned_ = 0;
};

}  // namespace

std::optional<CompiledRule> compile_rule(const RuleSpec& spec, Compilation& compilation) {
  Problems& problems = compilation.problems;
  problems.set_origin(spec.origin);
  const std::size_t before = problems.count();
  std::uint32_t id = 0;
  const CompiledDefinition* const definition = find_definition(compilation, spec.definition, id);
  if (definition == nullptr) return std::nullopt;
  std::string error;
  NamePattern pattern(spec.kind, spec.pattern, error);
  if (!error.empty()) {
    problems.add("/match/kernel/regex", "no usable regular expression: " + error,
                 "write a POSIX extended one, or \"glob\"");
  }
  CompiledRule rule =
      RuleCompiler(spec, *definition, id, compilation, std::move(pattern)).compile();
  if (problems.count() != before) return std::nullopt;
  return rule;
}

}  // namespace fib::match
