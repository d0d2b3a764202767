// SPDX-License-Identifier: Apache-2.0
#include "registry/model/workload.h"

namespace fib::registry {
namespace {

constexpr const char* kWorkloadRule = "workload.schema";

enum class InputKind { Random, Scalar, Safetensors };

// Without "type" upstream takes the model that most of the members belong to.
InputKind kind_of(ObjectReader& reader) {
  const Json* const type = reader.member("type");
  if (type == nullptr) {
    if (reader.member("path") != nullptr) return InputKind::Safetensors;
    return reader.member("value") != nullptr ? InputKind::Scalar : InputKind::Random;
  }
  if (*type == "random") return InputKind::Random;
  if (*type == "scalar") return InputKind::Scalar;
  if (*type == "safetensors") return InputKind::Safetensors;
  reader.error("type", "the input is of type " + to_text(*type).substr(0, 60),
               "write \"random\", \"scalar\" or \"safetensors\"");
  return InputKind::Random;
}

ScalarInput read_scalar(ObjectReader& reader) {
  constexpr const char* kExpected = "a number, true or false";
  const Json* const value = reader.required("value", kExpected);
  ScalarInput scalar;
  if (value == nullptr) return scalar;
  if (value->is_boolean()) {
    scalar.value = value->get<bool>();
  } else if (const auto integer = integer_of(*value); integer && !value->is_number_float()) {
    scalar.value = *integer;
  } else if (const auto number = number_of(*value); number && !value->is_number_integer()) {
    scalar.value = *number;
  } else {
    reader.error("value", "the scalar is " + type_of(*value),
                 std::string("write ") + kExpected + ", integers within 64 bits");
  }
  return scalar;
}

InputSpec read_input(const Json& value, std::string pointer, Findings& findings) {
  ObjectReader reader(value, std::move(pointer), "the input", kWorkloadRule, findings);
  InputSpec input;
  if (!reader.is_object()) return input;
  const InputKind kind = kind_of(reader);
  if (kind == InputKind::Scalar) input.source = read_scalar(reader);
  if (kind == InputKind::Safetensors) {
    SafetensorsInput tensor;
    tensor.path = reader.text("path");
    tensor.tensor_key = reader.text("tensor_key");
    input.source = std::move(tensor);
  }
  input.members = reader.members();
  return input;
}

Json scalar_to_json(const ScalarInput& scalar) {
  if (const bool* truth = std::get_if<bool>(&scalar.value)) return *truth;
  if (const std::int64_t* integer = std::get_if<std::int64_t>(&scalar.value)) return *integer;
  return number_to_json(std::get<double>(scalar.value));
}

Json input_to_json(const InputSpec& input) {
  static constexpr const char* kTypes[] = {"random", "scalar", "safetensors"};
  ObjectWriter writer(input.members);
  writer.put_if(!input.members.was_read(), "type", kTypes[input.source.index()]);
  if (const ScalarInput* scalar = input.scalar()) writer.put("value", scalar_to_json(*scalar));
  if (const SafetensorsInput* tensor = input.tensor()) {
    writer.put("path", tensor->path);
    writer.put("tensor_key", tensor->tensor_key);
  }
  return writer.finish();
}

Named<std::int64_t> read_axes(ObjectReader& reader) {
  Named<std::int64_t> axes;
  const Json* const value = reader.names("axes");
  if (value == nullptr) return axes;
  for (const auto& [name, element] : value->items()) {
    const auto number = integer_of(element);
    if (!number || *number < 0) {
      reader.findings().error(kWorkloadRule, child(reader.pointer_to("axes"), name),
                              "the axis is " + type_of(element),
                              "write an integer from 0 to 2^63 - 1");
    }
    axes.add(name, number.value_or(0));
  }
  return axes;
}

Named<InputSpec> read_inputs(ObjectReader& reader) {
  Named<InputSpec> inputs;
  const Json* const value = reader.names("inputs");
  if (value == nullptr) return inputs;
  const std::string pointer = reader.pointer_to("inputs");
  for (const auto& [name, element] : value->items()) {
    inputs.add(name, read_input(element, child(pointer, name), reader.findings()));
  }
  return inputs;
}

}  // namespace

double ScalarInput::as_double() const {
  return std::visit([](auto number) { return static_cast<double>(number); }, value);
}

Workload read_workload(const Json& value, const std::string& pointer, Findings& findings) {
  ObjectReader reader(value, pointer, "the workload", kWorkloadRule, findings);
  Workload workload;
  if (!reader.is_object()) return workload;
  workload.axes = read_axes(reader);
  workload.inputs = read_inputs(reader);
  workload.uuid = reader.text("uuid");
  workload.members = reader.members();
  return workload;
}

Json to_json(const Workload& workload) {
  ObjectWriter writer(workload.members);
  Json axes = Json::object(), inputs = Json::object();
  for (const auto& [name, value] : workload.axes) append_member(axes, name, value);
  for (const auto& [name, input] : workload.inputs) {
    append_member(inputs, name, input_to_json(input));
  }
  writer.put("axes", std::move(axes));
  writer.put("inputs", std::move(inputs));
  writer.put("uuid", workload.uuid);
  return writer.finish();
}

}  // namespace fib::registry
