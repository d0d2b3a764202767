// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/export_workloads.h"

#include <stdexcept>
#include <utility>

#include "judge/cases/workload.h"
#include "judge/cases/workload_file.h"
#include "registry/store/error.h"
#include "registry/store/layout.h"
#include "registry/store/safetensors_writer.h"

namespace fib::judge {
namespace {

/// The tensors' elements, and how a file of tensors names them.
struct Tensors {
  std::vector<std::vector<std::byte>> contents;
  std::vector<registry::TensorData> list;
  std::uint64_t bytes = 0;
};

Tensors read_tensors(CaseInputs& inputs) {
  Tensors tensors;
  for (const CapturedTensor& tensor : inputs.tensors()) {
    tensors.contents.push_back(inputs.read(tensor));
    tensors.bytes += tensors.contents.back().size();
    registry::TensorData data;
    data.name = tensor.layout.name;
    data.dtype = registry::safetensors_code(tensor.layout.dtype);
    for (const std::int64_t extent : tensor.layout.shape)
      data.shape.push_back(static_cast<std::uint64_t>(extent));
    data.bytes = tensors.contents.back();
    tensors.list.push_back(std::move(data));
  }
  return tensors;
}

void export_case(const Case& subject, const registry::Definition& definition,
                 const registry::Registry& registry, const match::MatchTable& table,
                 ExportedWorkloads& to) {
  CaseInputs inputs(subject, table);
  const std::string uuid = workload_of(subject, definition, inputs).uuid;
  const std::string blob = inputs.tensors().empty() ? "" : registry::blob_file(definition, uuid);
  registry::Workload workload = workload_with_blob(subject, definition, inputs, blob);
  if (const std::string missing = what_lacks(workload, definition); !missing.empty()) {
    to.notes.push_back(subject.id + " is no Workload: it lacks " + missing);
    return;
  }
  if (!blob.empty()) {
    const Tensors tensors = read_tensors(inputs);
    // Before the Workload that names it: a crash leaves at most a file that nobody asks for.
    registry::write_safetensors(registry::writable(registry.root(), blob), tensors.list);
    to.bytes += tensors.bytes;
  }
  const registry::Trace record = workload_record(definition.name, std::move(workload));
  ++(put_workload(registry.root(), definition, record, true) ? to.written : to.same);
}

}  // namespace

ExportedWorkloads export_workloads(const std::vector<Case>& cases,
                                   const registry::Registry& registry,
                                   const match::MatchTable& table) {
  ExportedWorkloads result;
  for (const Case& subject : cases) {
    const auto* definition = registry.definition(subject.definition);
    if (definition == nullptr) continue;
    try {
      export_case(subject, definition->record, registry, table, result);
    } catch (const registry::RegistryError&) {
      throw;
    } catch (const std::runtime_error& error) {
      result.notes.push_back(error.what());
    }
  }
  return result;
}

}  // namespace fib::judge
