// SPDX-License-Identifier: Apache-2.0
#include "registry/match/compiler.h"

#include <algorithm>

namespace fib::match {
namespace {

void set_shape(const DefinitionSpec& definition, const CompiledDefinition& compiled,
               const TensorSpec& spec, TensorShape& shape, Problems& problems,
               const std::string& pointer) {
  if (spec.shape.size() > kMaxRank) {
    return problems.add(pointer, std::to_string(spec.shape.size()) + " dimensions",
                        "at most " + std::to_string(kMaxRank) + " can be matched");
  }
  shape.constant_bits = spec.bits;
  for (std::size_t i = 0; i < spec.shape.size(); ++i) {
    const auto slot = compiled.axis(spec.shape[i]);
    if (!slot) {
      return problems.add(below(pointer, i), "no axis is named '" + spec.shape[i] + "'",
                          "add it to the axes of '" + definition.name + "'");
    }
    shape.axes[shape.rank++] = static_cast<std::uint8_t>(*slot);
    if ((compiled.constant_axes & bit(*slot)) == 0) {
      shape.varying_axes[shape.varying++] = static_cast<std::uint8_t>(*slot);
    } else if (__builtin_mul_overflow(shape.constant_bits, compiled.axes[*slot],
                                      &shape.constant_bits)) {
      return problems.add(pointer, "the product of the constant dimensions exceeds 64 bits",
                          "correct the constant axes");
    }
  }
}

void add_tensor(const TensorSpec& spec, bool is_output, CompiledDefinition& compiled,
                Problems& problems) {
  TensorShape shape;
  shape.bits = spec.bits;
  shape.is_scalar = spec.is_scalar;
  shape.is_output = is_output;
  const std::string pointer = below(below(is_output ? "/outputs" : "/inputs", spec.name), "shape");
  if (!spec.is_scalar) set_shape(compiled.spec, compiled, spec, shape, problems, pointer);
  if (spec.is_scalar && is_output) {
    problems.add(pointer, "an output that is a scalar", "a launch has no such result");
  }
  compiled.tensors.push_back(shape);
}

void add_axis(const AxisSpec& axis, std::size_t slot, CompiledDefinition& compiled,
              Problems& problems) {
  if (!axis.value) return;
  if (*axis.value <= 0) {
    problems.add(below(below("/axes", axis.name), "value"),
                 "a constant axis of " + std::to_string(*axis.value), "write at least 1");
  }
  compiled.axes[slot] = *axis.value;
  compiled.constant_axes |= bit(slot);
}

std::string escaped(const std::string& key) {
  std::string text;
  for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

}  // namespace

std::string below(const std::string& pointer, const std::string& key) {
  return pointer + '/' + escaped(key);
}
std::string below(const std::string& pointer, std::size_t index) {
  return pointer + '/' + std::to_string(index);
}

std::optional<std::size_t> CompiledDefinition::axis(const std::string& name) const {
  for (std::size_t i = 0; i < spec.axes.size(); ++i) {
    if (spec.axes[i].name == name) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> CompiledDefinition::tensor(const std::string& name) const {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::size_t inputs = spec.inputs.size();
    if ((i < inputs ? spec.inputs[i] : spec.outputs[i - inputs]).name == name) return i;
  }
  return std::nullopt;
}

std::optional<CompiledDefinition> compile_definition(const DefinitionSpec& spec,
                                                     Problems& problems) {
  const std::size_t before = problems.count();
  const std::size_t tensors = spec.inputs.size() + spec.outputs.size();
  if (spec.axes.size() > kMaxAxes || tensors > kMaxTensors) {
    problems.add("",
                 "the Definition has " + std::to_string(spec.axes.size()) + " axes and " +
                     std::to_string(tensors) + " inputs and outputs",
                 "at most " + std::to_string(kMaxAxes) + " and " + std::to_string(kMaxTensors) +
                     " can be matched");
    return std::nullopt;
  }
  CompiledDefinition compiled;
  compiled.spec = spec;
  for (std::size_t i = 0; i < spec.axes.size(); ++i) add_axis(spec.axes[i], i, compiled, problems);
  for (const TensorSpec& input : spec.inputs) add_tensor(input, false, compiled, problems);
  for (const TensorSpec& output : spec.outputs) add_tensor(output, true, compiled, problems);
  if (problems.count() != before) return std::nullopt;
  return compiled;
}

const CompiledDefinition* find_definition(Compilation& compilation, const std::string& name,
                                          std::uint32_t& id) {
  const auto found = compilation.definition_ids.find(name);
  if (found != compilation.definition_ids.end()) {
    id = found->second;
    return &compilation.definitions[id];
  }
  compilation.problems.add("/definition", "no usable Definition is named '" + name + "'",
                           "add it to the registry, or correct the name");
  return nullptr;
}

Expressions::Expressions(Compilation& compilation, const CompiledDefinition& definition,
                         const Visible& names)
    : compilation_(compilation) {
  const DefinitionSpec& spec = definition.spec;
  for (std::size_t i = 0; i < spec.axes.size(); ++i) {
    if ((definition.constant_axes & bit(i)) != 0) {
      scope_.add(spec.axes[i].name, Scope::Kind::Constant, definition.axes[i]);
    } else if ((names.axes & bit(i)) != 0) {
      scope_.add(spec.axes[i].name, Scope::Kind::Axis, static_cast<std::int64_t>(i));
    }
  }
  for (std::size_t i = 0; i < definition.tensors.size(); ++i) {
    if ((names.tensors & bit(i)) == 0) continue;
    const std::size_t inputs = spec.inputs.size();
    const TensorSpec& tensor = i < inputs ? spec.inputs[i] : spec.outputs[i - inputs];
    scope_.add(tensor.name, Scope::Kind::Value, static_cast<std::int64_t>(i));
  }
  if (names.workspace) scope_.add("workspace", Scope::Kind::Workspace, 0);
}

CodeRef Expressions::compile(const std::string& pointer, const std::string& source) {
  if (source.empty()) return {};
  const Compiled compiled = match::compile(source, scope_);
  if (!compiled.ok()) {
    compilation_.problems.add(pointer, compiled.error.message, "", compiled.error.column);
    return {};
  }
  for (const Instruction& code : compiled.program) {
    if (code.op == Op::Axis) used_axes_ |= bit(code.index);
    if (code.op == Op::Value) used_tensors_ |= bit(code.index);
  }
  return compilation_.code.add(compiled.program);
}

std::vector<CodeRef> Expressions::compile_all(const std::string& pointer,
                                              const std::vector<std::string>& sources) {
  std::vector<CodeRef> all;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (const CodeRef code = compile(below(pointer, i), sources[i])) {
      all.push_back(code);
    } else if (sources[i].empty()) {
      compilation_.problems.add(below(pointer, i), "an empty expression", "remove or write it");
    }
  }
  return all;
}

}  // namespace fib::match
