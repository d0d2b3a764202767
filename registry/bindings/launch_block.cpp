// SPDX-License-Identifier: Apache-2.0
#include "registry/bindings/launch_block.h"

#include "registry/bindings/fields.h"

namespace fib::registry {
namespace {

constexpr const char* kLaunchRule = "launch.syntax";

class LaunchReader {
 public:
  explicit LaunchReader(Findings& findings) : findings_(findings) {}

  LaunchBlock read(const Json& value) {
    ObjectReader reader(value, kLaunchPointer, "the launch block", kLaunchRule, findings_);
    if (!reader.is_object()) return std::move(block_);
    if (const Json* const kernels = reader.required("kernels", "an array of objects")) {
      each(*kernels, reader.pointer_to("kernels"),
           [this](const Json& kernel, auto pointer) { read_kernel(kernel, pointer); });
    }
    block_.launch.workspace = read_expression(reader, "workspace");
    block_.conditions = read_expressions(reader, "conditions");
    if (const Json* const tensors = reader.member("tensors")) read_demands(*tensors);
    if (const Json* const pairs = reader.member("in_place")) read_in_place(*pairs);
    block_.members = reader.members();
    return std::move(block_);
  }

 private:
  template <typename Read>
  void each(const Json& list, const std::string& pointer, Read&& read) {
    if (!list.is_array()) {
      return findings_.error(kLaunchRule, pointer, "is " + type_of(list), "write an array");
    }
    for (std::size_t i = 0; i < list.size(); ++i) read(list[i], child(pointer, i));
  }

  void keep(const std::string& pointer, const ObjectReader& reader) {
    block_.objects[pointer] = reader.members();
  }

  void read_kernel(const Json& value, const std::string& pointer) {
    ObjectReader reader(value, pointer, "the kernel", kLaunchRule, findings_);
    if (!reader.is_object()) return;
    match::KernelLaunchSpec kernel;
    kernel.entry = reader.text("entry");
    if (auto module = reader.optional_text("module")) kernel.module = *module;
    kernel.grid = read_expressions(reader, "grid");
    kernel.block = read_expressions(reader, "block");
    kernel.cluster = read_expressions(reader, "cluster");
    if (auto shared = read_expression(reader, "shared_memory"); !shared.empty()) {
      kernel.shared = std::move(shared);
    }
    if (const Json* const attributes = reader.member("attributes")) {
      read_attributes(*attributes, reader.pointer_to("attributes"), kernel.attributes);
    }
    if (const Json* const arguments = reader.required("arguments", "an array of objects")) {
      each(*arguments, reader.pointer_to("arguments"), [&](const Json& argument, auto at) {
        kernel.arguments.push_back(read_argument(argument, at));
      });
    }
    keep(pointer, reader);
    block_.launch.kernels.push_back(std::move(kernel));
  }

  void read_attributes(const Json& value, const std::string& pointer,
                       match::LaunchAttributes& attributes) {
    constexpr std::uint32_t kMaxShared = 1u << 20;
    ObjectReader reader(value, pointer, "the attributes", kLaunchRule, findings_);
    if (!reader.is_object()) return;
    attributes.cooperative = reader.boolean("cooperative", false);
    if (reader.member("dependent_launch") != nullptr) {
      const auto choice = reader.choice("dependent_launch", kDependentLaunchNames);
      attributes.dependent_launch = static_cast<match::DependentLaunch>(choice.value_or(0));
    }
    attributes.max_dynamic_shared = read_number(reader, "max_dynamic_shared_memory", kMaxShared);
    attributes.shared_carveout = read_number(reader, "shared_memory_carveout", 100);
    attributes.non_portable_cluster = reader.boolean("non_portable_cluster", false);
    keep(pointer, reader);
  }

  match::ArgumentSpec read_argument(const Json& value, const std::string& pointer) {
    match::ArgumentSpec argument;
    ObjectReader reader(value, pointer, "the argument", kLaunchRule, findings_);
    if (!reader.is_object()) return argument;
    const Json* const copy = reader.member("copy");
    const Json* const fields = reader.member("struct");
    if (copy != nullptr) {
      argument.kind = match::ArgumentSpec::Kind::Copy;
      read_copy(*copy, reader.pointer_to("copy"), argument.copy);
    } else if (fields != nullptr) {
      argument.kind = match::ArgumentSpec::Kind::Struct;
      argument.size = required_number(reader, "size", 4096);
      each(*fields, reader.pointer_to("struct"),
           [&](const Json& field, auto at) { argument.fields.push_back(read_field(field, at)); });
    } else {
      argument.type = read_type(reader);
      argument.value = required_expression(reader, "value");
    }
    keep(pointer, reader);
    return argument;
  }

  void read_copy(const Json& value, const std::string& pointer, match::CopySpec& copy) {
    ObjectReader reader(value, pointer, "the copy", kLaunchRule, findings_);
    if (!reader.is_object()) return;
    copy.parameter = required_number(reader, "parameter", 4095);
    copy.offset = read_number(reader, "offset", 32764).value_or(0);
    copy.size = required_number(reader, "size", 32764);
    keep(pointer, reader);
  }

  match::FieldSpec read_field(const Json& value, const std::string& pointer) {
    match::FieldSpec field;
    ObjectReader reader(value, pointer, "the field", kLaunchRule, findings_);
    if (!reader.is_object()) return field;
    field.offset = required_number(reader, "offset", 4095);
    field.type = read_type(reader);
    field.value = required_expression(reader, "value");
    keep(pointer, reader);
    return field;
  }

  static match::Scalar read_type(ObjectReader& reader) {
    const auto choice = reader.choice("type", match::kScalarNames);
    return static_cast<match::Scalar>(choice.value_or(0));
  }

  static std::uint32_t required_number(ObjectReader& reader, std::string_view key,
                                       std::uint32_t limit) {
    (void)reader.required(key, "an integer");
    return read_number(reader, key, limit).value_or(0);
  }

  static std::string required_expression(ObjectReader& reader, std::string_view key) {
    (void)reader.required(key, "an expression");
    return read_expression(reader, key);
  }

  void read_demands(const Json& value) {
    const std::string pointer = child(kLaunchPointer, "tensors");
    ObjectReader reader(value, pointer, "the list of tensors", kLaunchRule, findings_);
    if (!reader.is_object()) return;
    for (const auto& [name, demand] : value.get_ref<const Json::object_t&>()) {
      ObjectReader inner(demand, child(pointer, name), "the tensor", kLaunchRule, findings_);
      if (!inner.is_object()) continue;
      match::TensorDemand& wanted = block_.demands[name];
      wanted.alignment = read_number(inner, "alignment", 4096).value_or(wanted.alignment);
      wanted.tail = read_number(inner, "tail", 4096).value_or(wanted.tail);
      keep(child(pointer, name), inner);
    }
  }

  void read_in_place(const Json& value) {
    each(value, child(kLaunchPointer, "in_place"),
         [this](const Json& pair, const std::string& pointer) {
           const bool usable =
               pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string();
           if (usable) {
             block_.in_place.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
           } else {
             findings_.error(kLaunchRule, pointer, "is no pair of names",
                             "write [\"OUTPUT\", \"INPUT\"]");
           }
         });
  }

  Findings& findings_;
  LaunchBlock block_;
};

}  // namespace

std::optional<LaunchBlock> read_launch(const Json& value, Findings& findings) {
  Findings own;
  LaunchBlock block = LaunchReader(own).read(value);
  const bool usable = !own.has_errors();
  for (const Finding& finding : own.list()) findings.add(finding);
  if (!usable) return std::nullopt;
  return block;
}

const Json* launch_of(const Solution& solution) { return solution.spec.members.unknown("launch"); }

void set_launch(Solution& solution, const LaunchBlock& block) {
  solution.spec.members.set_unknown("launch", to_json(block));
}

}  // namespace fib::registry
