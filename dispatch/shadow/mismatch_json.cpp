// SPDX-License-Identifier: Apache-2.0
#include "dispatch/shadow/mismatch_json.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "dispatch/shadow/shadow_plan.h"
#include "registry/model/dtype.h"
#include "registry/model/object.h"
#include "registry/store/layout.h"

namespace fib::dispatch {
namespace {

using registry::Json;

/// The type's code in blobs; the two that Definitions do not have are compared all the same.
std::string code_of(const std::string& dtype) {
  if (dtype == "float64") return "F64";
  if (dtype == "uint8") return "U8";
  const auto type = registry::dtype_of(dtype);
  return type ? std::string(registry::safetensors_code(*type)) : "U8";
}

/// Shape in the blob: a list of elements if the launch does not show the dimensions.
std::vector<std::uint64_t> blob_shape(const MismatchTensor& tensor) {
  if (tensor.shape) return *tensor.shape;
  const unsigned bits = registry::bits_of_code(code_of(tensor.dtype)).value_or(8);
  return {tensor.bytes * 8 / bits};
}

/// For floats a binding gives the bits: of a double, or of a float whatever the type is called.
registry::ScalarInput scalar_of(const MismatchTensor& tensor) {
  if (tensor.dtype == "bool") return {tensor.scalar != 0};
  if (tensor.dtype == "float64") return {std::bit_cast<double>(tensor.scalar)};
  if (!tensor.dtype.starts_with("float") && !tensor.dtype.starts_with("bfloat"))
    return {tensor.scalar};
  return {double{std::bit_cast<float>(static_cast<std::uint32_t>(tensor.scalar))}};
}

/// One element as a number.
Json element_of(const MismatchTensor& tensor, const std::vector<std::byte>& bytes,
                std::uint64_t index) {
  const auto type = compare_type(tensor.dtype);
  if (!type || index >= tensor.elements || bytes.size() != tensor.bytes) return nullptr;
  CompareWord bits = 0;
  std::memcpy(&bits, bytes.data() + index * compare_size(*type), compare_size(*type));
  if (compare_detail::is_float(*type))
    return registry::number_to_json(compare_detail::to_double(*type, bits));
  return compare_detail::to_integer(*type, bits);
}

Json coordinates_of(const MismatchTensor& tensor, std::uint64_t index) {
  if (!tensor.shape) return nullptr;
  std::vector<std::uint64_t> at(tensor.shape->size());
  for (std::size_t i = at.size(); i-- > 0;) {
    at[i] = index % (*tensor.shape)[i];
    index /= (*tensor.shape)[i];
  }
  return at;
}

Json output_json(const MismatchTensor& tensor) {
  const CompareResult& result = tensor.result;
  Json json = {{"elements", tensor.elements},
               {"mismatches", result.mismatches},
               {"not_finite", result.special},
               {"max_absolute_error", registry::number_to_json(result.max_absolute)},
               {"max_relative_error", registry::number_to_json(result.max_relative)},
               {"max_atol", tensor.max_absolute},
               {"max_rtol", tensor.max_relative},
               {"changed_bytes_outside", result.canary}};
  if (result.mismatches != 0) {
    json["first_bad"] = result.first_bad;
    json["first_bad_at"] = coordinates_of(tensor, result.first_bad);
    json["incumbent_value"] = element_of(tensor, tensor.content, result.first_bad);
    json["candidate_value"] = element_of(tensor, tensor.candidate, result.first_bad);
  }
  return json;
}

Json tensor_json(const MismatchTensor& tensor) {
  Json json = {{"dtype", tensor.dtype}};
  if (!tensor.is_bound) return json["left_out"] = "the launch does not show it", json;
  if (tensor.is_scalar) {
    const registry::ScalarInput scalar = scalar_of(tensor);
    if (const auto* integer = std::get_if<std::int64_t>(&scalar.value))
      return json["value"] = *integer, json;
    return json["value"] = registry::number_to_json(scalar.as_double()), json;
  }
  json["shape"] = tensor.shape ? Json(*tensor.shape) : Json(nullptr);
  json["bytes"] = tensor.bytes;
  if (tensor.in_place) json["in_place"] = true;
  if (tensor.content.empty())
    json["left_out"] = tensor.bytes == 0 ? "its extent is not known"
                                         : "larger than the scratch memory for records";
  if (tensor.is_output) json.update(output_json(tensor));
  return json;
}

std::string hex(const std::byte* bytes, std::size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[std::to_integer<unsigned>(bytes[i]) >> 4];
    text += kDigits[std::to_integer<unsigned>(bytes[i]) & 15];
  }
  return text;
}

Json launch_json(const Mismatch& mismatch) {
  const auto three = [&](std::size_t from) {
    const auto* const first = mismatch.geometry.data() + from;
    return Json::array({first[0], first[1], first[2]});
  };
  Json parameters = Json::array();
  std::size_t at = 0;
  for (const match::ParamSlot& slot : mismatch.layout) {
    parameters.push_back({{"offset", slot.offset},
                          {"size", slot.size},
                          {"bytes", hex(mismatch.parameters.data() + at, slot.size)}});
    at += slot.size;
  }
  return {{"grid", three(0)},
          {"block", three(3)},
          {"cluster", three(6)},
          {"shared_memory", mismatch.geometry[9]},
          {"parameters", std::move(parameters)}};
}

void add_tensor(const MismatchTensor& tensor, std::string name, const std::vector<std::byte>& bytes,
                std::vector<registry::TensorData>& blob) {
  if (!bytes.empty())
    blob.push_back({std::move(name), code_of(tensor.dtype), blob_shape(tensor), bytes});
}

}  // namespace

std::string op_type_of(const Mismatch& mismatch) {
  constexpr std::string_view kFolder = "bindings/";
  std::string_view path = mismatch.rule_origin;
  if (!path.starts_with(kFolder)) return "unknown";
  path.remove_prefix(kFolder.size());
  const std::string_view name = path.substr(0, path.find('/'));
  return name != path && registry::is_path_component(name) ? std::string(name) : "unknown";
}

bool has_workload(const Mismatch& mismatch) {
  return std::all_of(mismatch.axes.begin(), mismatch.axes.end(),
                     [](const Mismatch::Axis& axis) { return axis.is_constant || axis.value > 0; });
}

registry::Trace workload_of(const Mismatch& mismatch, const std::string& uuid,
                            const std::string& blob) {
  registry::Trace trace;
  trace.definition = mismatch.definition;
  trace.workload.uuid = uuid;
  for (const Mismatch::Axis& axis : mismatch.axes) {
    if (!axis.is_constant) trace.workload.axes.add(axis.name, axis.value);
  }
  for (const MismatchTensor& tensor : mismatch.tensors) {
    if (tensor.is_output) continue;
    registry::InputSpec input;
    if (tensor.is_scalar && tensor.is_bound)
      input.source = scalar_of(tensor);
    else if (!tensor.content.empty())
      input.source = registry::SafetensorsInput{blob, tensor.name};
    trace.workload.inputs.add(tensor.name, std::move(input));
  }
  return trace;
}

std::vector<registry::TensorData> blob_of(const Mismatch& mismatch) {
  std::vector<registry::TensorData> blob;
  for (const MismatchTensor& tensor : mismatch.tensors) {
    add_tensor(tensor, tensor.is_output ? "incumbent." + tensor.name : tensor.name, tensor.content,
               blob);
    add_tensor(tensor, "candidate." + tensor.name, tensor.candidate, blob);
  }
  return blob;
}

Json describe_mismatch(const Mismatch& mismatch, const std::string& uuid, const std::string& blob) {
  Json axes = Json::object(), inputs = Json::object(), outputs = Json::object();
  for (const Mismatch::Axis& axis : mismatch.axes)
    axes[axis.name] = axis.value > 0 ? Json(axis.value) : Json(nullptr);
  for (const MismatchTensor& tensor : mismatch.tensors)
    (tensor.is_output ? outputs : inputs)[tensor.name] = tensor_json(tensor);
  return {{"kernel", mismatch.kernel},
          {"candidate", mismatch.candidate},
          {"fingerprint", mismatch.fingerprint},
          {"definition", mismatch.definition},
          {"binding", mismatch.rule_origin.empty() ? mismatch.rule : mismatch.rule_origin},
          {"registry", mismatch.registry},
          {"generation", mismatch.generation},
          {"launch", launch_json(mismatch)},
          {"axes", std::move(axes)},
          {"inputs", std::move(inputs)},
          {"outputs", std::move(outputs)},
          {"workload", has_workload(mismatch) ? Json(uuid) : Json(nullptr)},
          {"blob", blob}};
}

}  // namespace fib::dispatch
