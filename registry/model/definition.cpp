// SPDX-License-Identifier: Apache-2.0
#include "registry/model/definition.h"

#include "registry/model/constraint.h"
#include "registry/model/python_signature.h"

namespace fib::registry {
namespace {

constexpr const char* kDefinitionRule = "definition.schema";

constexpr std::size_t kMostDimensions = 64;

using AxisKind = Axis::Kind;

// As upstream's union of models does, without "type": what has a value is a constant.
AxisKind kind_of_axis(ObjectReader& reader) {
  const Json* const type = reader.member("type");
  if (type == nullptr) return reader.member("value") != nullptr ? AxisKind::Const : AxisKind::Var;
  if (*type == "const") return AxisKind::Const;
  if (*type == "var") return AxisKind::Var;
  if (*type == "expr") return AxisKind::Expr;
  reader.error("type", "the axis is of type " + to_text(*type).substr(0, 60),
               "write \"const\" or \"var\"");
  return AxisKind::Var;
}

Axis read_axis(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the axis", kDefinitionRule, findings);
  Axis axis;
  if (!reader.is_object()) return axis;
  axis.kind = kind_of_axis(reader);
  if (axis.kind == AxisKind::Const) axis.value = reader.count("value");
  if (axis.kind == AxisKind::Expr) axis.expression = reader.text("expression");
  axis.description = reader.optional_text("description");
  axis.members = reader.members();
  return axis;
}

Json axis_to_json(const Axis& axis) {
  static constexpr const char* kTypes[] = {"const", "var", "expr"};
  ObjectWriter writer(axis.members);
  writer.put_if(!axis.members.was_read(), "type", kTypes[static_cast<int>(axis.kind)]);
  if (axis.kind == AxisKind::Const) writer.put("value", axis.value);
  if (axis.kind == AxisKind::Expr) writer.put("expression", axis.expression);
  writer.put_text("description", axis.description);
  return writer.finish();
}

TensorSpec read_tensor(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the tensor", kDefinitionRule, findings);
  TensorSpec tensor;
  if (!reader.is_object()) return tensor;
  const Json* const shape = reader.required("shape", "names of axes in an array, or null");
  if (shape != nullptr && !shape->is_null()) tensor.shape = reader.texts("shape");
  if (tensor.shape && tensor.shape->size() > kMostDimensions) {
    reader.error("shape", "has " + std::to_string(tensor.shape->size()) + " dimensions",
                 "write at most " + std::to_string(kMostDimensions));
  }
  tensor.dtype = static_cast<DType>(reader.choice("dtype", kDTypeNames).value_or(0));
  tensor.description = reader.optional_text("description");
  tensor.members = reader.members();
  return tensor;
}

Json tensor_to_json(const TensorSpec& tensor) {
  ObjectWriter writer(tensor.members);
  writer.put("shape", tensor.shape ? Json(*tensor.shape) : Json(nullptr));
  writer.put("dtype", to_string(tensor.dtype));
  writer.put_text("description", tensor.description);
  return writer.finish();
}

template <typename Value, typename Read>
Named<Value> read_named(ObjectReader& reader, std::string_view key, Read read) {
  Named<Value> named;
  const Json* const value = reader.names(key);
  if (value == nullptr) return named;
  for (const auto& [name, element] : value->items()) {
    if (name.empty()) reader.error(key, "a name in it is empty", "give it a name");
    named.add(name, read(element, child(reader.pointer_to(key), name), reader.findings()));
  }
  return named;
}

template <typename Value, typename Write>
Json named_to_json(const Named<Value>& named, Write write) {
  Json object = Json::object();
  for (const auto& [name, value] : named) append_member(object, name, write(value));
  return object;
}

void check_shapes(const Definition& definition, const Named<TensorSpec>& tensors,
                  const std::string& pointer, Findings& findings) {
  for (const auto& [name, tensor] : tensors) {
    if (tensor.is_scalar()) continue;
    for (std::size_t i = 0; i < tensor.shape->size(); ++i) {
      const std::string& axis = (*tensor.shape)[i];
      if (definition.axes.contains(axis)) continue;
      findings.error(kDefinitionRule, child(child(child(pointer, name), "shape"), i),
                     "the shape of \"" + name + "\" names \"" + axis + "\", which is no axis",
                     "add it to \"axes\", or correct the name");
    }
  }
}

void check_names(const Definition& definition, Findings& findings) {
  for (const auto& [name, tensor] : definition.outputs) {
    if (!definition.inputs.contains(name)) continue;
    findings.error(kDefinitionRule, child("/outputs", name),
                   "\"" + name + "\" is an input and an output", "rename one of them");
  }
}

void check_expressions(const Definition& definition, Findings& findings) {
  for (std::size_t i = 0; i < definition.constraints.size(); ++i) {
    const std::string problem = why_no_expression(definition.constraints[i]);
    if (problem.empty()) continue;
    findings.error(kDefinitionRule, child("/constraints", i), "is no Python expression: " + problem,
                   "correct or remove it");
  }
}

void check_reference(const Definition& definition, Findings& findings) {
  const PythonSource source = scan_python(definition.reference);
  if (!source.error.empty()) {
    findings.error(kDefinitionRule, "/reference", "is no Python source: " + source.error,
                   "correct it");
  } else if (source.find("run") == nullptr) {
    findings.error(kDefinitionRule, "/reference", "has no top-level function run",
                   "define it: def run(...), not async, not within a class or an if");
  }
}

void read_fields(ObjectReader& reader, Definition& definition) {
  definition.name = reader.text("name");
  definition.op_type = reader.text("op_type");
  definition.axes = read_named<Axis>(reader, "axes", read_axis);
  definition.inputs = read_named<TensorSpec>(reader, "inputs", read_tensor);
  definition.outputs = read_named<TensorSpec>(reader, "outputs", read_tensor);
  definition.reference = reader.text("reference");
  definition.tags = reader.texts("tags");
  definition.description = reader.optional_text("description");
  definition.constraints = reader.texts("constraints");
  definition.members = reader.members();
}

}  // namespace

std::vector<std::string> Definition::tag_values(std::string_view key) const {
  std::vector<std::string> values;
  for (const std::string& tag : tags) {
    if (tag.size() > key.size() && tag.starts_with(key) && tag[key.size()] == ':') {
      values.push_back(tag.substr(key.size() + 1));
    }
  }
  return values;
}

std::optional<Definition> read_definition(const Json& value, Findings& findings) {
  Findings own;
  ObjectReader reader(value, "", "the Definition", kDefinitionRule, own);
  Definition definition;
  if (reader.is_object()) read_fields(reader, definition);
  if (!own.has_errors()) {
    check_shapes(definition, definition.inputs, "/inputs", own);
    check_shapes(definition, definition.outputs, "/outputs", own);
    check_names(definition, own);
    check_expressions(definition, own);
    check_reference(definition, own);
  }
  const bool good = !own.has_errors();
  findings.take(std::move(own), "", 0);
  return good ? std::optional<Definition>(std::move(definition)) : std::nullopt;
}

Json to_json(const Definition& definition) {
  ObjectWriter writer(definition.members);
  writer.put("name", definition.name);
  writer.put("op_type", definition.op_type);
  writer.put_text("description", definition.description);
  writer.put_if(!definition.tags.empty(), "tags", definition.tags);
  writer.put("axes", named_to_json(definition.axes, axis_to_json));
  writer.put_if(!definition.constraints.empty(), "constraints", definition.constraints);
  writer.put("inputs", named_to_json(definition.inputs, tensor_to_json));
  writer.put("outputs", named_to_json(definition.outputs, tensor_to_json));
  writer.put("reference", definition.reference);
  return writer.finish();
}

}  // namespace fib::registry
