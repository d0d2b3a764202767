// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "registry/bindings/fields.h"
#include "registry/bindings/launch_block.h"

namespace fib::registry {
namespace {

/// Writes with the members that were read at a pointer, if any.
class LaunchWriter {
 public:
  explicit LaunchWriter(const LaunchBlock& block) : block_(block) {}

  Json write() const {
    ObjectWriter writer(block_.members);
    Json kernels = Json::array();
    for (std::size_t i = 0; i < block_.launch.kernels.size(); ++i) {
      kernels.push_back(
          kernel(block_.launch.kernels[i], child(child(kLaunchPointer, "kernels"), i)));
    }
    writer.put("kernels", std::move(kernels));
    const std::string& workspace = block_.launch.workspace;
    writer.put_if(!workspace.empty(), "workspace", expression_to_json(workspace));
    writer.put_if(!block_.conditions.empty(), "conditions", expressions_to_json(block_.conditions));
    writer.put_if(!block_.demands.empty(), "tensors", demands());
    writer.put_if(!block_.in_place.empty(), "in_place", Json(in_place()));
    return writer.finish();
  }

 private:
  [[nodiscard]] const Members& members(const std::string& pointer) const {
    static const Members kNone;
    const auto found = block_.objects.find(pointer);
    return found != block_.objects.end() ? found->second : kNone;
  }

  [[nodiscard]] Json kernel(const match::KernelLaunchSpec& spec, const std::string& pointer) const {
    ObjectWriter writer(members(pointer));
    writer.put("entry", spec.entry);
    writer.put_if(!spec.module.empty(), "module", spec.module);
    writer.put("grid", expressions_to_json(spec.grid));
    writer.put("block", expressions_to_json(spec.block));
    writer.put_if(!spec.cluster.empty(), "cluster", expressions_to_json(spec.cluster));
    writer.put_if(spec.shared != "0", "shared_memory", expression_to_json(spec.shared));
    const std::string at = child(pointer, "attributes");
    Json attributes = this->attributes(spec.attributes, at);
    const bool worth = !attributes.empty();
    writer.put_if(worth, "attributes", std::move(attributes));
    Json arguments = Json::array();
    for (std::size_t i = 0; i < spec.arguments.size(); ++i) {
      arguments.push_back(argument(spec.arguments[i], child(child(pointer, "arguments"), i)));
    }
    writer.put("arguments", std::move(arguments));
    return writer.finish();
  }

  [[nodiscard]] Json attributes(const match::LaunchAttributes& spec,
                                const std::string& pointer) const {
    ObjectWriter writer(members(pointer));
    const auto dependent = static_cast<std::size_t>(spec.dependent_launch);
    writer.put_if(spec.cooperative, "cooperative", spec.cooperative);
    writer.put_if(dependent != 0, "dependent_launch", kDependentLaunchNames[dependent]);
    if (spec.max_dynamic_shared) {
      writer.put("max_dynamic_shared_memory", *spec.max_dynamic_shared);
    }
    if (spec.shared_carveout) writer.put("shared_memory_carveout", *spec.shared_carveout);
    writer.put_if(spec.non_portable_cluster, "non_portable_cluster", spec.non_portable_cluster);
    return writer.finish();
  }

  [[nodiscard]] Json argument(const match::ArgumentSpec& spec, const std::string& pointer) const {
    ObjectWriter writer(members(pointer));
    switch (spec.kind) {
      case match::ArgumentSpec::Kind::Value:
        writer.put("type", match::kScalarNames[static_cast<std::size_t>(spec.type)]);
        writer.put("value", expression_to_json(spec.value));
        break;
      case match::ArgumentSpec::Kind::Copy:
        writer.put("copy", copy(spec.copy, child(pointer, "copy")));
        break;
      case match::ArgumentSpec::Kind::Struct: {
        writer.put("size", spec.size);
        Json fields = Json::array();
        for (std::size_t i = 0; i < spec.fields.size(); ++i) {
          fields.push_back(field(spec.fields[i], child(child(pointer, "struct"), i)));
        }
        writer.put("struct", std::move(fields));
        break;
      }
    }
    return writer.finish();
  }

  [[nodiscard]] Json copy(const match::CopySpec& spec, const std::string& pointer) const {
    ObjectWriter writer(members(pointer));
    writer.put("parameter", spec.parameter);
    writer.put_if(spec.offset != 0, "offset", spec.offset);
    writer.put("size", spec.size);
    return writer.finish();
  }

  [[nodiscard]] Json field(const match::FieldSpec& spec, const std::string& pointer) const {
    ObjectWriter writer(members(pointer));
    writer.put("offset", spec.offset);
    writer.put("type", match::kScalarNames[static_cast<std::size_t>(spec.type)]);
    writer.put("value", expression_to_json(spec.value));
    return writer.finish();
  }

  [[nodiscard]] Json demands() const {
    constexpr match::TensorDemand kDefault;
    Json object = Json::object();
    for (const auto& [name, demand] : block_.demands) {
      ObjectWriter writer(members(child(child(kLaunchPointer, "tensors"), name)));
      writer.put_if(demand.alignment != kDefault.alignment, "alignment", demand.alignment);
      writer.put_if(demand.tail != kDefault.tail, "tail", demand.tail);
      append_member(object, name, writer.finish());
    }
    return object;
  }

  [[nodiscard]] Json in_place() const {
    Json list = Json::array();
    for (const auto& [output, input] : block_.in_place) {
      Json pair = Json::array();
      pair.push_back(output);
      pair.push_back(input);
      list.push_back(std::move(pair));
    }
    return list;
  }

  const LaunchBlock& block_;
};

}  // namespace

Json to_json(const LaunchBlock& block) { return LaunchWriter(block).write(); }

}  // namespace fib::registry
