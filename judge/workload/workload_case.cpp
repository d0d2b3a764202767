// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/workload_case.h"

#include <stdexcept>

#include "registry/model/json.h"
#include "registry/store/files.h"
#include "registry/store/safetensors_writer.h"

namespace fib::judge {
namespace {

namespace fs = std::filesystem;
using registry::Json;

constexpr const char* kFile = "workload.json";
constexpr std::size_t kLargestFile = std::size_t{1} << 20;

fs::path tensors_file(const fs::path& directory, const char* what, std::size_t variant) {
  return directory / (what + std::to_string(variant) + ".safetensors");
}
constexpr const char* kInputs = "inputs-";
constexpr const char* kOutputs = "outputs-";

void write_tensors(const fs::path& path, const TensorValues& values,
                   const MaterialisedWorkload& workload) {
  if (values.empty()) return;
  std::vector<registry::TensorData> tensors;
  for (const auto& [name, bytes] : values) {
    const TensorLayout& layout = workload.layouts.at(name);
    tensors.push_back({name,
                       std::string(registry::safetensors_code(layout.dtype)),
                       {layout.shape.begin(), layout.shape.end()},
                       bytes});
  }
  registry::write_safetensors(path, tensors);
}

/// All tensors of the file; none if there is no file.
TensorValues read_tensors(const fs::path& path, const MaterialisedWorkload& workload) {
  TensorValues values;
  std::error_code error;
  if (!fs::exists(path, error)) return values;
  const registry::SafetensorsFile file(path);
  if (!file.header().ok()) throw std::runtime_error(path.string() + ": " + file.header().error);
  for (const registry::TensorInfo& tensor : file.header().tensors) {
    const auto layout = workload.layouts.find(tensor.name);
    if (layout == workload.layouts.end() || layout->second.extent_bytes() != tensor.bytes())
      throw std::runtime_error(path.string() + ": " + tensor.name + " is not as the Definition is");
    const auto bytes = file.bytes(tensor);
    values[tensor.name].assign(bytes.begin(), bytes.end());
  }
  return values;
}

void lay_out(const registry::Definition& definition, MaterialisedWorkload& workload) {
  for (const auto* tensors : {&definition.inputs, &definition.outputs})
    for (const auto& [name, spec] : *tensors)
      if (!spec.is_scalar()) workload.layouts[name] = contiguous_layout(name, spec, workload.axes);
}

void read_facts(const fs::path& file, WorkloadCase& made) {
  const registry::FileText text = registry::read_file(file, kLargestFile);
  if (!text.error.empty()) throw std::runtime_error(file.string() + ": " + text.error);
  const registry::ParsedJson parsed = registry::parse_json(text.text);
  try {
    made.workload.seed = parsed.value.at("seed").get<std::uint64_t>();
    parsed.value.at("axes").get_to(made.workload.axes);
    parsed.value.at("sources").get_to(made.workload.sources);
    for (const auto& [name, value] : parsed.value.at("scalars").items())
      made.workload.scalars[name] = registry::number_of(value).value();
    for (const Json& note : parsed.value.at("variants"))
      made.variants.push_back({{}, {}, note.get<std::string>()});
  } catch (const std::exception& error) {
    throw std::runtime_error(file.string() + ": is not what fib bench writes: " + error.what());
  }
  if (made.variants.empty()) throw std::runtime_error(file.string() + ": it has no variants");
}

}  // namespace

void write_workload_case(const fs::path& directory, const registry::Definition& definition,
                         const WorkloadCase& made) {
  const MaterialisedWorkload& workload = made.workload;
  Json notes = Json::array(), scalars = Json::object();
  for (const auto& [name, value] : workload.scalars)
    scalars[name] = registry::number_to_json(value);
  write_tensors(tensors_file(directory, kInputs, 0), workload.inputs, workload);
  for (std::size_t i = 0; i < made.variants.size(); ++i) {
    const WorkloadVariant& variant = made.variants[i];
    notes.push_back(variant.note);
    if (i != 0) write_tensors(tensors_file(directory, kInputs, i), variant.inputs, workload);
    write_tensors(tensors_file(directory, kOutputs, i), variant.outputs, workload);
  }
  const Json json = {{"definition", definition.name}, {"seed", workload.seed},
                     {"axes", workload.axes},         {"scalars", std::move(scalars)},
                     {"sources", workload.sources},   {"variants", std::move(notes)}};
  registry::replace_file(directory / kFile, registry::to_text(json, 2) + '\n');
}

WorkloadCase read_workload_case(const fs::path& directory, const registry::Definition& definition) {
  WorkloadCase made;
  read_facts(directory / kFile, made);
  lay_out(definition, made.workload);
  made.workload.inputs = read_tensors(tensors_file(directory, kInputs, 0), made.workload);
  for (std::size_t i = 0; i < made.variants.size(); ++i) {
    WorkloadVariant& variant = made.variants[i];
    if (i != 0) variant.inputs = read_tensors(tensors_file(directory, kInputs, i), made.workload);
    variant.outputs = read_tensors(tensors_file(directory, kOutputs, i), made.workload);
  }
  for (const auto& [name, spec] : definition.inputs)
    if (!spec.is_scalar() && !made.workload.inputs.contains(name))
      throw std::runtime_error(directory.string() + ": there is no input " + name);
  return made;
}

}  // namespace fib::judge
