// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "registry/model/json.h"
#include "registry/model/safetensors.h"
#include "registry/store/registry.h"
#include "registry/validate/validate.h"
#include "tests/unit/trace/temp_directory.h"

/// Records as they could come from anybody, small and free of findings.
namespace fib::registry::testing {

inline Json described(Json value, const char* text) {
  value["description"] = text;
  return value;
}

/// Scales the rows of a ragged batch: enough to have every kind of input.
inline Json definition_json() {
  return {{"name", "scale_h8"},
          {"op_type", "scale"},
          {"description", "Scales rows of a ragged batch."},
          {"tags", {"status:draft", "model:toy"}},
          {"axes",
           {{"rows", described({{"type", "var"}}, "Rows.")},
            {"ends", described({{"type", "var"}}, "Sequences and one.")},
            {"width", described({{"type", "const"}, {"value", 8}}, "Hidden size.")}}},
          {"constraints", {"rows == indptr[-1].item()", "width % 8 == 0", "rows > 0"}},
          {"inputs",
           {{"x", described({{"shape", {"rows", "width"}}, {"dtype", "bfloat16"}}, "Data.")},
            {"indptr", described({{"shape", {"ends"}}, {"dtype", "int32"}}, "Offsets.")},
            {"factor", described({{"shape", nullptr}, {"dtype", "float32"}}, "Factor.")}}},
          {"outputs",
           {{"y", described({{"shape", {"rows", "width"}}, {"dtype", "bfloat16"}}, "Result.")}}},
          {"reference", "import torch\n\ndef run(x, indptr, factor):\n    return x * factor\n"}};
}

inline Json solution_json(const std::string& name = "scale_fast", const char* author = "ada") {
  const std::string code = "// " + name + "\n__global__ void scale_kernel() {}\nvoid run() {}\n";
  return {{"name", name},
          {"definition", "scale_h8"},
          {"author", author},
          {"spec",
           {{"language", "cuda"},
            {"target_hardware", {"NVIDIA_H200"}},
            {"entry_point", "main.cu::run"},
            {"launch", {{"grid", {"rows", 1, 1}}}}}},
          {"sources", Json::array({{{"path", "main.cu"}, {"content", code}}})}};
}

constexpr const char* kBlob = "blob/workloads/scale/scale_h8/scale_h8_w1.safetensors";

inline Json workload_json(const std::string& uuid = "w1") {
  return {{"definition", "scale_h8"},
          {"solution", nullptr},
          {"workload",
           {{"uuid", uuid},
            {"axes", {{"rows", 5}, {"ends", 3}}},
            {"inputs",
             {{"x", {{"type", "random"}}},
              {"indptr", {{"type", "safetensors"}, {"path", kBlob}, {"tensor_key", "indptr"}}},
              {"factor", {{"type", "scalar"}, {"value", 0.5}}}}}}},
          {"evaluation", nullptr}};
}

inline Json trace_json(const std::string& solution = "scale_fast", const std::string& uuid = "w1") {
  Json trace = workload_json(uuid);
  trace["solution"] = solution;
  trace["evaluation"] = {
      {"status", "PASSED"},
      {"environment", {{"hardware", "NVIDIA H200"}, {"libs", {{"cuda", "13.0"}}}}},
      {"timestamp", "2026-01-01T00:00:00"},
      {"log", ""},
      {"correctness", {{"max_relative_error", 1e-3}, {"max_absolute_error", 0.0}}},
      {"performance",
       {{"latency_ms", 0.01}, {"reference_latency_ms", 0.05}, {"speedup_factor", 5.0}}}};
  return trace;
}

inline std::string safetensors(std::span<const TensorData> tensors,
                               const Named<std::string>& metadata = {}) {
  const SafetensorsLayout layout = lay_out(tensors, metadata);
  std::string file = layout.head;
  for (const std::size_t index : layout.order) {
    const auto& bytes = tensors[index].bytes;
    file.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return file;
}

inline std::string offsets_blob(const std::vector<std::int32_t>& offsets = {0, 2, 5}) {
  const TensorData tensor = {"indptr", "I32", {offsets.size()}, std::as_bytes(std::span(offsets))};
  return safetensors(std::span(&tensor, 1));
}

/// A directory with one record of each kind, where upstream puts them.
class SampleRegistry {
 public:
  SampleRegistry() {
    write("definitions/scale/scale_h8.json", to_text(definition_json(), 2));
    write("solutions/ada/scale/scale_h8/scale_fast.json", to_text(solution_json(), 2));
    write("solutions/baseline/scale/scale_h8/scale_base.json",
          to_text(solution_json("scale_base", "baseline"), 2));
    write("workloads/scale/scale_h8.jsonl", to_text(workload_json()) + '\n');
    write("traces/ada/scale/scale_h8.jsonl", to_text(trace_json()) + '\n');
    write("traces/baseline/scale/scale_h8.jsonl", to_text(trace_json("scale_base")) + '\n');
    write(kBlob, offsets_blob());
  }

  void write(const std::string& name, const std::string& text) const {
    directory_.write(name, text);
  }
  [[nodiscard]] std::string read(const std::string& name) const { return directory_.read(name); }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }
  [[nodiscard]] Registry open(const OpenOptions& options = {}) const {
    return Registry::open(path(), options);
  }
  [[nodiscard]] std::vector<Finding> validate(const OpenOptions& options = {}) const {
    return registry::validate(open(options), {}).findings;
  }

 private:
  trace::testing::TempDirectory directory_;
};

}  // namespace fib::registry::testing
