// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/reference.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>
#include <system_error>

#include "judge/workload/python_process.h"
#include "judge/workload/runner.h"
#include "registry/build/sha256.h"
#include "registry/model/json.h"
#include "registry/store/files.h"
#include "registry/store/safetensors_writer.h"

namespace fib::judge {
namespace {

namespace fs = std::filesystem;
using registry::Json;

constexpr int kNoTorch = 3;                             ///< exit code of runner.py
constexpr unsigned long kFileRoom = 16ul << 20;         ///< beside the outputs: headers, byte code
constexpr const char* kFormat = "fibshim reference 1";  ///< changes with what a result depends on

/// A directory for one run; goes with it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string path = (fs::temp_directory_path() / "fibshim-reference-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), path);
    path_ = path;
  }
  ~TemporaryDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The layout of an output; a scalar is one element.
TensorLayout output_layout(const std::string& name, const registry::TensorSpec& spec,
                           const MaterialisedWorkload& workload) {
  const auto found = workload.layouts.find(name);
  return found != workload.layouts.end() ? found->second : TensorLayout{name, spec.dtype, {}, {}};
}

std::vector<std::uint64_t> extents(const TensorLayout& layout) {
  return {layout.shape.begin(), layout.shape.end()};
}

std::string code_of(registry::DType dtype) {
  return std::string(registry::safetensors_code(dtype));
}

/// A scalar as Python is to see it.
Json scalar_json(double value, registry::DType dtype) {
  if (dtype == registry::DType::Bool) return value != 0;
  if (registry::is_integer(dtype)) return static_cast<std::int64_t>(value);
  return value;
}

Json request_json(const registry::Definition& definition, const MaterialisedWorkload& workload) {
  Json inputs = Json::array(), outputs = Json::array();
  for (const auto& [name, spec] : definition.inputs) {
    Json entry = {{"name", name}};
    if (spec.is_scalar()) entry["value"] = scalar_json(workload.scalars.at(name), spec.dtype);
    inputs.push_back(std::move(entry));
  }
  for (const auto& [name, spec] : definition.outputs)
    outputs.push_back({{"name", name},
                       {"dtype", code_of(spec.dtype)},
                       {"shape", output_layout(name, spec, workload).shape}});
  return {{"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}};
}

std::vector<registry::TensorData> input_tensors(const registry::Definition& definition,
                                                const MaterialisedWorkload& workload) {
  std::vector<registry::TensorData> tensors;
  for (const auto& [name, spec] : definition.inputs) {
    if (spec.is_scalar()) continue;
    tensors.push_back(
        {name, code_of(spec.dtype), extents(workload.layouts.at(name)), workload.inputs.at(name)});
  }
  return tensors;
}

void refuse_half_bytes(const registry::Definition& definition) {
  for (const auto* tensors : {&definition.inputs, &definition.outputs}) {
    for (const auto& [name, spec] : *tensors) {
      if (spec.dtype == registry::DType::Float4E2M1)
        throw NoReference("the reference of " + definition.name + " can't run: " + name +
                          " is float4_e2m1, which torch does not compute with");
    }
  }
}

/// What a result depends on.
std::string key_of(const registry::Definition& definition, const Json& request,
                   std::span<const registry::TensorData> inputs) {
  build::Sha256 hash;
  hash.add(kFormat);
  for (const std::string& text : {definition.reference, registry::to_text(request)}) {
    hash.add(std::to_string(text.size()) + ':');
    hash.add(text);
  }
  hash.add(registry::lay_out(inputs).head);
  for (const registry::TensorData& tensor : inputs) hash.add(tensor.bytes);
  return hash.hex();
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

/// The outputs that a file holds; `problem` says why it does not hold them.
std::optional<ReferenceOutputs> read_outputs(const fs::path& path,
                                             const registry::Definition& definition,
                                             const MaterialisedWorkload& workload,
                                             std::string& problem) {
  const registry::SafetensorsFile file(path);
  problem = file.header().error;
  if (!problem.empty()) return std::nullopt;
  ReferenceOutputs read;
  for (const auto& [name, spec] : definition.outputs) {
    const registry::TensorInfo* const tensor = file.header().find(name);
    const TensorLayout layout = output_layout(name, spec, workload);
    const std::string wanted = code_of(spec.dtype) + ' ' + shape_text(extents(layout));
    if (tensor == nullptr) {
      problem = "no output " + name;
      return std::nullopt;
    }
    if (tensor->dtype + ' ' + shape_text(tensor->shape) != wanted) {
      problem =
          name + " as " + tensor->dtype + ' ' + shape_text(tensor->shape) + " instead of " + wanted;
      return std::nullopt;
    }
    const auto bytes = file.bytes(*tensor);
    read.outputs[name].assign(bytes.begin(), bytes.end());
  }
  return read;
}

unsigned long file_limit(const registry::Definition& definition,
                         const MaterialisedWorkload& workload) {
  unsigned long bytes = kFileRoom;
  for (const auto& [name, spec] : definition.outputs)
    bytes += output_layout(name, spec, workload).extent_bytes();
  return bytes;
}

/// The last line of what Python wrote: that of a traceback says what went wrong.
std::string last_line(const std::string& output) {
  const std::size_t end = output.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return "it wrote nothing";
  const std::size_t begin = output.find_last_of('\n', end);
  std::string line = output.substr(begin == std::string::npos ? 0 : begin + 1);
  line = line.substr(0, line.find_last_not_of(" \n\r\t") + 1);
  for (char& c : line) c = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return line.substr(0, 300);
}

void check_end(const PythonEnd& end, const registry::Definition& definition,
               const std::string& python, double timeout_seconds) {
  const std::string who = "the reference of " + definition.name;
  if (!end.started)
    throw NoReference(who + " can't run: " + python + " could not be started (" +
                      last_line(end.output) + "); set FIB_PYTHON to a Python that has torch");
  if (end.timed_out)
    throw std::runtime_error(who + " took longer than " +
                             std::to_string(static_cast<long>(timeout_seconds)) + " s");
  if (end.exit_code == kNoTorch)
    throw NoReference(who + " can't run: " + last_line(end.output) +
                      "; set FIB_PYTHON to a Python that has torch");
  if (end.exit_code != 0)
    throw std::runtime_error(who + " failed (exit code " + std::to_string(end.exit_code) +
                             "): " + last_line(end.output));
}

/// A Workload whose outputs are not known yet.
struct Question {
  const MaterialisedWorkload* workload;
  Json request;
  std::vector<registry::TensorData> inputs;  ///< of the workload
  fs::path kept;                             ///< where the answer is kept; empty: nowhere
};

Question question_about(const registry::Definition& definition,
                        const MaterialisedWorkload& workload, const fs::path& cache) {
  Question asked{
      &workload, request_json(definition, workload), input_tensors(definition, workload), {}};
  if (!cache.empty())
    asked.kept =
        cache / "references" / (key_of(definition, asked.request, asked.inputs) + ".safetensors");
  return asked;
}

void write_question(const fs::path& place, const Question& asked) {
  fs::create_directory(place);
  registry::replace_file(place / "request.json", registry::to_text(asked.request));
  registry::write_safetensors(place / "inputs.safetensors", asked.inputs);
}

ReferenceOutputs answer_in(const fs::path& place, const registry::Definition& definition,
                           const MaterialisedWorkload& workload) {
  std::string problem;
  auto read = read_outputs(place / "outputs.safetensors", definition, workload, problem);
  if (!read)
    throw std::runtime_error("the reference of " + definition.name + " returned " + problem);
  return *std::move(read);
}

/// All in one process: importing torch takes longer than most references.
std::vector<ReferenceOutputs> run_reference(const registry::Definition& definition,
                                            std::span<const Question> questions,
                                            double timeout_seconds) {
  const TemporaryDirectory directory;
  const fs::path& root = directory.path();
  const std::string python = python_command();
  registry::replace_file(root / "reference.py", definition.reference);
  registry::replace_file(root / "runner.py", kRunnerSource);
  std::vector<std::string> command = {python, "-B", root / "runner.py"};
  const auto place = [&root](std::size_t i) { return root / std::to_string(i); };
  unsigned long limit = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    write_question(place(i), questions[i]);
    command.push_back(place(i));
    limit = std::max(limit, file_limit(definition, *questions[i].workload));
  }
  const double seconds = timeout_seconds * static_cast<double>(questions.size());
  check_end(run_python(command, seconds, limit), definition, python, seconds);
  std::vector<ReferenceOutputs> answers;
  for (std::size_t i = 0; i < questions.size(); ++i)
    answers.push_back(answer_in(place(i), definition, *questions[i].workload));
  return answers;
}

void keep(const fs::path& path, const registry::Definition& definition,
          const MaterialisedWorkload& workload, const ReferenceOutputs& results) {
  std::vector<registry::TensorData> tensors;
  for (const auto& [name, spec] : definition.outputs)
    tensors.push_back({name, code_of(spec.dtype), extents(output_layout(name, spec, workload)),
                       results.outputs.at(name)});
  registry::write_safetensors(path, tensors, {{"definition", definition.name}});
}

}  // namespace

std::vector<ReferenceOutputs> reference_outputs(const registry::Definition& definition,
                                                std::span<const MaterialisedWorkload> workloads,
                                                const ReferenceOptions& options) {
  refuse_half_bytes(definition);
  std::vector<ReferenceOutputs> results(workloads.size());
  std::vector<Question> open;
  std::vector<std::size_t> places;  // of the open ones among the results
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    Question asked = question_about(definition, workloads[i], options.cache);
    std::string problem;  // a damaged file is as good as none
    if (auto read = read_outputs(asked.kept, definition, workloads[i], problem)) {
      results[i] = *std::move(read);
      results[i].from_cache = true;
    } else {
      open.push_back(std::move(asked));
      places.push_back(i);
    }
  }
  if (open.empty()) return results;
  std::vector<ReferenceOutputs> answers = run_reference(definition, open, options.timeout_seconds);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (!open[i].kept.empty()) keep(open[i].kept, definition, *open[i].workload, answers[i]);
    results[places[i]] = std::move(answers[i]);
  }
  return results;
}

}  // namespace fib::judge
