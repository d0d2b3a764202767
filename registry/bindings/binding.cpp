// SPDX-License-Identifier: Apache-2.0
#include "registry/bindings/binding.h"

#include <array>
#include <utility>

#include "registry/bindings/fields.h"

namespace fib::registry {
namespace {

constexpr const char* kBindingRule = "binding.syntax";
/// In the order of match::NameMatch.
constexpr std::array<const char*, 3> kNameKeys = {"name", "glob", "regex"};

class BindingReader {
 public:
  explicit BindingReader(Findings& findings) : findings_(findings) {}

  Binding read(const Json& value) {
    ObjectReader reader(value, "", "the binding", kBindingRule, findings_);
    if (!reader.is_object()) return std::move(binding_);
    rule().name = reader.text("name");
    rule().definition = reader.text("definition");
    binding_.description = reader.optional_text("description");
    if (const Json* const match = reader.required("match", "an object")) read_match(*match);
    if (const Json* const axes = reader.required("axes", "an object")) read_axes(*axes);
    if (const Json* const inputs = reader.required("inputs", "an object")) {
      rule().inputs = read_tensors(*inputs, "/inputs");
    }
    if (const Json* const outputs = reader.required("outputs", "an object")) {
      rule().outputs = read_tensors(*outputs, "/outputs");
    }
    rule().checks = read_expressions(reader, "checks");
    read_priority(reader);
    binding_.members = reader.members();
    return std::move(binding_);
  }

 private:
  match::RuleSpec& rule() { return binding_.rule; }

  void read_priority(ObjectReader& reader) {
    const Json* const priority = reader.member("priority");
    if (priority == nullptr) return;
    const auto number = int64_of(*priority);
    if (number && *number >= -1000 && *number <= 1000) {
      rule().priority = static_cast<int>(*number);
    } else {
      reader.error("priority", "is no integer from -1000 to 1000", "write one, or remove it");
    }
  }

  void read_match(const Json& value) {
    ObjectReader reader(value, "/match", "the match", kBindingRule, findings_);
    if (!reader.is_object()) return;
    if (const Json* const kernel = reader.required("kernel", "an object")) read_kernel(*kernel);
    if (const Json* const layout = reader.member("parameters")) read_layout(*layout, reader);
    rule().image = read_hash(reader, "image");
    rule().code = read_hash(reader, "code");
    rule().conditions = read_expressions(reader, "conditions");
    binding_.match_members = reader.members();
  }

  void read_kernel(const Json& value) {
    ObjectReader reader(value, "/match/kernel", "the kernel", kBindingRule, findings_);
    if (!reader.is_object()) return;
    int kinds = 0;
    for (std::size_t i = 0; i < kNameKeys.size(); ++i) {
      if (find_member(value, kNameKeys[i]) == nullptr) continue;
      ++kinds;
      rule().kind = static_cast<match::NameMatch>(i);
      rule().pattern = reader.text(kNameKeys[i]);
    }
    if (kinds != 1) {
      reader.error("", std::to_string(kinds) + " of \"name\", \"glob\" and \"regex\"",
                   "write exactly one of them");
    }
    rule().demangled = reader.boolean("demangled", false);
    binding_.kernel_members = reader.members();
  }

  static std::optional<match::ParamSlot> slot_of(const Json& value) {
    if (!value.is_array() || value.size() != 2) return std::nullopt;
    const auto offset = int64_of(value[0]), size = int64_of(value[1]);
    constexpr std::int64_t kLargest = 0xffff;
    if (!offset || !size || *offset < 0 || *offset > kLargest) return std::nullopt;
    if (*size <= 0 || *size > kLargest) return std::nullopt;
    return match::ParamSlot{static_cast<std::uint32_t>(*offset), static_cast<std::uint32_t>(*size)};
  }

  void read_layout(const Json& value, ObjectReader& reader) {
    if (!value.is_array()) {
      return reader.error("parameters", "is " + type_of(value), "write [[offset, size], ...]");
    }
    auto& layout = rule().layout.emplace();
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (const auto slot = slot_of(value[i])) {
        layout.push_back(*slot);
      } else {
        findings_.error(kBindingRule, child("/match/parameters", i),
                        "is no [offset, size] in bytes",
                        "write what `fib dump` shows of the kernel");
      }
    }
  }

  std::optional<match::CodeHash> read_hash(ObjectReader& reader, std::string_view key) {
    const auto text = reader.optional_text(key);
    if (!text) return std::nullopt;
    const auto hash = hash_of(*text);
    if (!hash) reader.error(key, "is no 32 hexadecimal digits", "write the hash of the capture");
    return hash;
  }

  void read_axes(const Json& value) {
    ObjectReader reader(value, "/axes", "the axes", kBindingRule, findings_);
    if (!reader.is_object()) return;
    for (const auto& [name, bound] : value.get_ref<const Json::object_t&>()) {
      match::AxisBinding axis;
      axis.axis = name;
      if (bound.is_string() && !bound.get_ref<const std::string&>().empty()) {
        axis.expression = bound.get<std::string>();
      } else if (const auto number = int64_of(bound)) {
        axis.stated = *number;
      } else if (!bound.is_null()) {
        reader.error(name, "is " + type_of(bound), "write an expression, an integer or null");
      }
      rule().axes.push_back(std::move(axis));
    }
  }

  std::vector<match::TensorBinding> read_tensors(const Json& value, const std::string& pointer) {
    std::vector<match::TensorBinding> tensors;
    ObjectReader reader(value, pointer, "the list", kBindingRule, findings_);
    if (!reader.is_object()) return tensors;
    for (const auto& [name, bound] : value.get_ref<const Json::object_t&>()) {
      match::TensorBinding tensor;
      tensor.tensor = name;
      if (bound.is_object()) {
        read_tensor(bound, child(pointer, name), tensor);
      } else if (auto expression = expression_of(bound)) {
        tensor.expression = *expression;
      } else if (!bound.is_null()) {
        reader.error(name, "is " + type_of(bound), "write an expression, an object or null");
      }
      tensors.push_back(std::move(tensor));
    }
    return tensors;
  }

  void read_tensor(const Json& value, const std::string& pointer, match::TensorBinding& tensor) {
    ObjectReader reader(value, pointer, "the tensor", kBindingRule, findings_);
    const bool is_scalar = find_member(value, "value") != nullptr;
    const char* const key = is_scalar ? "value" : "pointer";
    tensor.expression = read_expression(reader, key);
    if (tensor.expression.empty()) {
      reader.error("", "neither \"pointer\" nor \"value\"", "write where the launch has it");
    }
    if (auto dtype = reader.optional_text("dtype")) tensor.dtype = *dtype;
    tensor.bytes = read_expression(reader, "bytes");
    tensor.strides = read_expressions(reader, "strides");
    tensor.disjoint = reader.boolean("disjoint", false);
    binding_.tensors[pointer] = reader.members();
  }

  Findings& findings_;
  Binding binding_;
};

Json kernel_to_json(const Binding& binding) {
  ObjectWriter writer(binding.kernel_members);
  writer.put(kNameKeys[static_cast<std::size_t>(binding.rule.kind)], binding.rule.pattern);
  writer.put_if(binding.rule.demangled, "demangled", binding.rule.demangled);
  return writer.finish();
}

Json layout_to_json(const std::vector<match::ParamSlot>& layout) {
  Json list = Json::array();
  for (const match::ParamSlot& slot : layout) {
    Json pair = Json::array();
    pair.push_back(slot.offset);
    pair.push_back(slot.size);
    list.push_back(std::move(pair));
  }
  return list;
}

Json match_to_json(const Binding& binding) {
  const match::RuleSpec& rule = binding.rule;
  ObjectWriter writer(binding.match_members);
  writer.put("kernel", kernel_to_json(binding));
  if (rule.layout) writer.put("parameters", layout_to_json(*rule.layout));
  if (rule.image) writer.put("image", hash_to_text(*rule.image));
  if (rule.code) writer.put("code", hash_to_text(*rule.code));
  writer.put_if(!rule.conditions.empty(), "conditions", expressions_to_json(rule.conditions));
  return writer.finish();
}

Json axes_to_json(const std::vector<match::AxisBinding>& axes) {
  Json object = Json::object();
  for (const match::AxisBinding& axis : axes) {
    Json value = nullptr;
    if (axis.stated) value = *axis.stated;
    if (!axis.expression.empty()) value = axis.expression;
    append_member(object, axis.axis, std::move(value));
  }
  return object;
}

bool is_plain(const match::TensorBinding& tensor) {
  return tensor.dtype.empty() && tensor.bytes.empty() && tensor.strides.empty() && !tensor.disjoint;
}

Json tensor_to_json(const match::TensorBinding& tensor, const Members& members) {
  ObjectWriter writer(members);
  bool is_scalar = false;
  for (const auto& member : members.list()) is_scalar = is_scalar || member.key == "value";
  writer.put(is_scalar ? "value" : "pointer", expression_to_json(tensor.expression));
  writer.put_if(!tensor.dtype.empty(), "dtype", tensor.dtype);
  writer.put_if(!tensor.bytes.empty(), "bytes", expression_to_json(tensor.bytes));
  writer.put_if(!tensor.strides.empty(), "strides", expressions_to_json(tensor.strides));
  writer.put_if(tensor.disjoint, "disjoint", tensor.disjoint);
  return writer.finish();
}

Json tensors_to_json(const Binding& binding, const std::vector<match::TensorBinding>& tensors,
                     const char* pointer) {
  Json object = Json::object();
  for (const match::TensorBinding& tensor : tensors) {
    const auto read = binding.tensors.find(child(pointer, tensor.tensor));
    Json value = nullptr;
    if (read != binding.tensors.end()) {
      value = tensor_to_json(tensor, read->second);
    } else if (!is_plain(tensor)) {
      value = tensor_to_json(tensor, {});
    } else if (!tensor.expression.empty()) {
      value = expression_to_json(tensor.expression);
    }
    append_member(object, tensor.tensor, std::move(value));
  }
  return object;
}

}  // namespace

std::optional<Binding> read_binding(const Json& value, Findings& findings) {
  Findings own;
  Binding binding = BindingReader(own).read(value);
  const bool usable = !own.has_errors();
  for (const Finding& finding : own.list()) findings.add(finding);
  if (!usable) return std::nullopt;
  return binding;
}

Json to_json(const Binding& binding) {
  const match::RuleSpec& rule = binding.rule;
  ObjectWriter writer(binding.members);
  writer.put("name", rule.name);
  writer.put("definition", rule.definition);
  writer.put_text("description", binding.description);
  writer.put("match", match_to_json(binding));
  writer.put("axes", axes_to_json(rule.axes));
  writer.put("inputs", tensors_to_json(binding, rule.inputs, "/inputs"));
  writer.put("outputs", tensors_to_json(binding, rule.outputs, "/outputs"));
  writer.put_if(!rule.checks.empty(), "checks", expressions_to_json(rule.checks));
  writer.put_if(rule.priority != 0, "priority", rule.priority);
  return writer.finish();
}

std::string binding_file(const Binding& binding, const std::string& op_type) {
  return "bindings/" + op_type + '/' + binding.rule.definition + '/' + binding.rule.name + ".json";
}

}  // namespace fib::registry
