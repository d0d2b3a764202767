// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "registry/model/shapes.h"
#include "registry/validate/blob_cache.h"
#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

constexpr const char* kInputs = "/workload/inputs";
constexpr const char* kAxes = "/workload/axes";

std::string shown(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return '[' + text + ']';
}

/// Axes, scalars and the values of tensors of one workload.
class WorkloadScope : public AxisScope {
 public:
  WorkloadScope(const Definition& definition, const Workload& workload, BlobCache& blobs)
      : AxisScope(definition, &workload), blobs_(blobs) {}

  std::optional<Number> element(std::string_view name, std::int64_t index) const override {
    const InputSpec* const input = workload()->inputs.find(name);
    const SafetensorsInput* const source = input != nullptr ? input->tensor() : nullptr;
    if (source == nullptr) return std::nullopt;
    const SafetensorsFile* const file = blobs_.open(source->path);
    const TensorInfo* const tensor =
        file != nullptr ? file->header().find(source->tensor_key) : nullptr;
    if (tensor == nullptr || tensor->shape.size() > 1) return std::nullopt;
    const std::uint64_t count = tensor->shape.empty() ? 1 : tensor->shape[0];
    const auto at =
        index < 0 ? count + static_cast<std::uint64_t>(index) : static_cast<std::uint64_t>(index);
    return file->element(*tensor, at);  // which knows the end; below 0 wraps beyond it
  }

 private:
  BlobCache& blobs_;
};

/// Checks one workload after the other, and counts what is only worth a line for all of them.
class WorkloadChecks {
 public:
  WorkloadChecks(const Subject& subject, Findings& findings)
      : subject_(subject),
        definition_(subject.definition()),
        findings_(findings),
        blobs_(subject.registry) {}

  void run() {
    if (subject_.workloads.empty()) {
      Reporter(findings_, subject_.stored)
          .warning("workload.none", "", "has no workloads", "record or add some");
    }
    for (const Stored<Trace>* stored : subject_.workloads) check(*stored);
    report_unevaluated();
  }

 private:
  void check(const Stored<Trace>& stored) {
    Reporter reporter(findings_, stored);
    const Workload& workload = stored.record.workload;
    check_uuid(stored, reporter);
    const bool complete = check_axes(workload, reporter);
    const WorkloadScope scope(definition_, workload, blobs_);
    for (const auto& [name, tensor] : definition_.inputs) {
      check_input(name, tensor, workload, scope, reporter);
    }
    for (const auto& [name, input] : workload.inputs) {
      if (definition_.inputs.contains(name)) continue;
      reporter.error("workload.inputs", child(kInputs, name),
                     "the Definition has no input " + in_quotes(name), "remove it");
    }
    if (complete) check_constraints(workload, scope, reporter);
  }

  void check_uuid(const Stored<Trace>& stored, Reporter& reporter) {
    const auto [place, is_new] = uuids_.emplace(stored.record.workload.uuid, &stored);
    if (is_new) return;
    reporter.error("workload.duplicate-uuid", "/workload/uuid",
                   in_quotes(place->first) + " is also the uuid in line " +
                       std::to_string(place->second->line) + " of " + place->second->file,
                   "give each workload its own uuid, or remove one");
  }

  // Whether every variable axis has a value.
  bool check_axes(const Workload& workload, Reporter& reporter) {
    bool complete = true;
    for (const auto& [name, axis] : definition_.axes) {
      if (axis.kind != Axis::Kind::Var || workload.axes.contains(name)) continue;
      complete = false;
      reporter.error("workload.axes", kAxes, "axis " + in_quotes(name) + " has no value", "add it");
    }
    for (const auto& [name, value] : workload.axes) {
      const Axis* const axis = definition_.axes.find(name);
      if (axis == nullptr || axis->kind != Axis::Kind::Var) {
        reporter.error("workload.axes", child(kAxes, name),
                       in_quotes(name) + " is no variable axis of the Definition", "remove it");
      } else if (value <= 0) {
        reporter.error("workload.axes", child(kAxes, name), "is " + std::to_string(value),
                       "write a number above 0");
      }
    }
    return complete;
  }

  void check_input(const std::string& name, const TensorSpec& tensor, const Workload& workload,
                   const WorkloadScope& scope, Reporter& reporter) {
    const InputSpec* const input = workload.inputs.find(name);
    if (input == nullptr) {
      return reporter.error("workload.inputs", kInputs, "input " + in_quotes(name) + " is missing",
                            "say where its values come from");
    }
    const std::string pointer = child(kInputs, name);
    if (tensor.is_scalar() != (input->scalar() != nullptr)) {
      return reporter.error("workload.input-kind", pointer,
                            tensor.is_scalar() ? "the Definition has a scalar here, not a tensor"
                                               : "the Definition has a tensor here, not a scalar",
                            tensor.is_scalar() ? "write {\"type\": \"scalar\", \"value\": ...}"
                                               : "make it random or name a blob");
    }
    if (input->scalar() != nullptr) check_scalar(*input->scalar(), tensor, pointer, reporter);
    if (input->tensor() != nullptr) check_blob(*input->tensor(), tensor, scope, pointer, reporter);
  }

  static void check_scalar(const ScalarInput& scalar, const TensorSpec& tensor,
                           const std::string& pointer, Reporter& reporter) {
    const bool is_real = std::holds_alternative<double>(scalar.value);
    if (!is_real || !(is_integer(tensor.dtype) || tensor.dtype == DType::Bool)) return;
    reporter.warning("workload.scalar-dtype", child(pointer, "value"),
                     "is " + std::to_string(scalar.as_double()) + ", but the Definition says " +
                         std::string(to_string(tensor.dtype)),
                     "write a value of that type");
  }

  void check_blob(const SafetensorsInput& source, const TensorSpec& tensor,
                  const WorkloadScope& scope, const std::string& pointer, Reporter& reporter) {
    const SafetensorsFile* const file = blobs_.open(source.path);
    if (file == nullptr) return;  // check_layout says so
    if (!file->header().ok()) {
      if (!bad_blobs_.insert(source.path).second) return;
      return reporter.error("workload.blob-invalid", child(pointer, "path"),
                            "blob " + source.path + ": " + file->header().error,
                            "fetch it again (git lfs pull), or write it again");
    }
    const TensorInfo* const stored = file->header().find(source.tensor_key);
    if (stored == nullptr) {
      return reporter.error(
          "workload.blob-key", child(pointer, "tensor_key"),
          "blob " + source.path + " has no tensor " + in_quotes(source.tensor_key),
          "correct the key");
    }
    check_tensor(*stored, tensor, scope, pointer, reporter);
  }

  static void check_tensor(const TensorInfo& stored, const TensorSpec& tensor,
                           const WorkloadScope& scope, const std::string& pointer,
                           Reporter& reporter) {
    if (stored.dtype != safetensors_code(tensor.dtype)) {
      reporter.error("workload.blob-dtype", pointer,
                     "the blob has " + stored.dtype + ", the Definition " +
                         std::string(to_string(tensor.dtype)),
                     "store the tensor as " + std::string(safetensors_code(tensor.dtype)));
    }
    const auto expected = scope.shape(tensor);
    const std::vector<std::int64_t> shape(stored.shape.begin(), stored.shape.end());
    if (expected && shape != *expected && !is_packed(tensor, shape, *expected)) {
      reporter.error(
          "workload.blob-shape", pointer,
          "the blob has the shape " + shown(shape) + ", the axes say " + shown(*expected),
          "correct the axes, or store the right tensor");
    }
    if (!stored.aligned) {
      reporter.info("workload.blob-unaligned", pointer,
                    "the tensor does not begin at a multiple of its element's size",
                    "write the blob again with a current safetensors library");
    }
  }

  // Two values of 4 bits are one element for PyTorch, and two in the file.
  static bool is_packed(const TensorSpec& tensor, std::vector<std::int64_t> stored,
                        const std::vector<std::int64_t>& expected) {
    if (tensor.dtype != DType::Float4E2M1 || stored.empty()) return false;
    stored.back() /= 2;
    return stored == expected;
  }

  void check_constraints(const Workload& workload, const WorkloadScope& scope, Reporter& reporter) {
    for (std::size_t i = 0; i < definition_.constraints.size(); ++i) {
      const std::string& constraint = definition_.constraints[i];
      const Evaluated result = evaluate(constraint, scope);
      if (!result.value) {
        auto& [count, reason] = unevaluated_[i];
        ++count;
        if (reason.empty()) reason = result.why_not;
      } else if (!result.holds()) {
        reporter.error("workload.constraint", "/workload",
                       workload.uuid + " breaks the constraint " + in_quotes(constraint),
                       "correct the axes or the blob");
      }
    }
  }

  void report_unevaluated() {
    Reporter reporter(findings_, subject_.stored);
    for (const auto& [index, entry] : unevaluated_) {
      reporter.info("workload.constraint-unevaluated", child("/constraints", index),
                    in_quotes(definition_.constraints[index]) + " was not evaluated for " +
                        std::to_string(entry.first) + " of " +
                        std::to_string(subject_.workloads.size()) + " workloads: " + entry.second,
                    "fetch the blobs it needs, or check it by hand");
    }
  }

  const Subject& subject_;
  const Definition& definition_;
  Findings& findings_;
  BlobCache blobs_;
  std::map<std::string, const Stored<Trace>*> uuids_;
  std::set<std::string> bad_blobs_;
  std::map<std::size_t, std::pair<std::size_t, std::string>> unevaluated_;
};

}  // namespace

void check_workloads(const Subject& subject, Findings& findings) {
  WorkloadChecks(subject, findings).run();
}

}  // namespace fib::registry
