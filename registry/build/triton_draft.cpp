// SPDX-License-Identifier: Apache-2.0
#include "registry/build/triton_draft.h"

#include <algorithm>

#include "registry/bindings/launch_block.h"
#include "registry/build/base64.h"
#include "registry/store/files.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;
using match::ArgumentSpec;
using match::Scalar;

constexpr std::size_t kLargestText = std::size_t{64} << 20;
constexpr std::uint32_t kSharedByDefault = 48 << 10;

std::string fill_in(const std::string& what) { return "`fill in: " + what + '`'; }

/// Kernels of a directory: files NAME.json beside NAME.cubin.
std::vector<fs::path> kernels_in(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".cubin") continue;
    if (fs::exists(fs::path(path).replace_extension(".json"), error)) found.push_back(path);
  }
  std::sort(found.begin(), found.end());
  return found;
}

FoundTriton failed(const fs::path& path, const std::string& what) {
  return {std::nullopt, path.string() + ": " + what};
}

/// Up to a comma or the closing bracket of the level that we are in.
std::string_view item_of(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (depth == 0 && (c == ',' || c == ')')) return text.substr(0, i);
    if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
    if (c == ')' || c == '}' || c == ']') --depth;
    if (c == '>' && i > 0 && text[i - 1] != '-') --depth;
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t start = text.find_first_not_of(kSpaces);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kSpaces) - start + 1);
}

/// "%n: i32 {tt.divisibility = 16 : i32} loc(...)".
TritonParameter parameter_of(std::string_view item) {
  TritonParameter parameter;
  const std::size_t colon = item.find(": ");
  if (colon == std::string_view::npos) return parameter;
  parameter.name = trimmed(item.substr(0, colon));
  const std::string_view rest = item.substr(colon + 2);
  const std::size_t end = std::min({rest.find(" {"), rest.find(" loc("), rest.size()});
  parameter.type = trimmed(rest.substr(0, end));
  parameter.divisible = rest.find("tt.divisibility = 16") != std::string_view::npos;
  return parameter;
}

/// By the size that the code has, and the type that Triton has if that is known.
Scalar scalar_of(std::uint32_t size, const std::string& type) {
  if (type == "f32" || type == "fp32") return Scalar::F32;
  if (type == "f64" || type == "fp64") return Scalar::F64;
  switch (size) {
    case 1: return Scalar::I8;
    case 2: return Scalar::I16;
    case 4: return Scalar::I32;
    default: return Scalar::I64;
  }
}

/// Puts together the launch block.
class Draft {
 public:
  Draft(const TritonKernel& kernel, const registry::Definition* definition)
      : kernel_(kernel), declared_(triton_parameters(kernel.ttir, kernel.launch.name)) {
    // Descriptors of tensors become several parameters.
    if (std::any_of(declared_.begin(), declared_.end(), [](const TritonParameter& parameter) {
          return parameter.type.starts_with("!") && !parameter.type.starts_with("!tt.ptr");
        })) {
      declared_.clear();
    }
    if (definition == nullptr) return;
    for (const auto* list : {&definition->inputs, &definition->outputs}) {
      for (const auto& [name, tensor] : *list) {
        if (!tensor.is_scalar()) tensors_.push_back('`' + name + '`');
      }
    }
  }

  registry::LaunchBlock block() {
    registry::LaunchBlock block;
    match::KernelLaunchSpec launch;
    const TritonMetadata& metadata = kernel_.launch;
    launch.entry = metadata.name;
    launch.grid = {fill_in("programs, x")};
    launch.block = {std::to_string(metadata.threads)};
    launch.shared = std::to_string(metadata.shared);
    if (metadata.cluster != std::array<std::uint32_t, 3>{1, 1, 1}) {
      for (const std::uint32_t size : metadata.cluster)
        launch.cluster.push_back(std::to_string(size));
    }
    launch.attributes.cooperative = metadata.cooperative;
    if (metadata.shared > kSharedByDefault) launch.attributes.max_dynamic_shared = metadata.shared;
    add_arguments(launch, block);
    block.launch.kernels.push_back(std::move(launch));
    if (metadata.scratch > 0) {
      block.launch.workspace = fill_in("blocks") + " * " + std::to_string(metadata.scratch);
    }
    return block;
  }

 private:
  void add_arguments(match::KernelLaunchSpec& launch, registry::LaunchBlock& block) {
    if (declared_.empty()) {
      block.conditions.push_back(fill_in("what Triton specialised its integers for, or nothing"));
    }
    for (const Entry& entry : kernel_.code.entries) {
      if (entry.name != kernel_.launch.name || !entry.parameters) continue;
      for (std::size_t i = 0; i < entry.parameters->size(); ++i) {
        launch.arguments.push_back(argument(i, (*entry.parameters)[i].size, block));
      }
    }
  }

  ArgumentSpec argument(std::size_t index, std::uint32_t size, registry::LaunchBlock& block) {
    const bool is_declared = index < declared_.size();
    const TritonParameter known = is_declared ? declared_[index] : TritonParameter{};
    const std::string name =
        "argument " + std::to_string(index) + (known.name.empty() ? "" : ", " + known.name);
    const bool is_pointer = is_declared ? known.type.starts_with("!tt.ptr") : size == 8;
    ArgumentSpec argument;
    if (size > 8) {
      argument.kind = ArgumentSpec::Kind::Struct;
      argument.size = size;
      argument.fields = {{0, Scalar::Ptr, fill_in(name)}};
    } else if (is_pointer) {
      argument.type = Scalar::Ptr;
      argument.value = next_tensor(name);
    } else if (!is_declared && !declared_.empty()) {
      // Behind those that are declared come addresses of scratch memory, null if there is none.
      argument.type = Scalar::Ptr;
      argument.value = kernel_.launch.scratch > 0 && !gave_scratch_ ? "workspace" : "0";
      gave_scratch_ = true;
    } else {
      argument.type = scalar_of(size, known.type);
      argument.value = fill_in(name);
      if (known.divisible) block.conditions.push_back(fill_in(name) + " % 16 == 0");
    }
    return argument;
  }

  std::string next_tensor(const std::string& name) {
    return next_ < tensors_.size() ? tensors_[next_++] : fill_in(name);
  }

  const TritonKernel& kernel_;
  std::vector<TritonParameter> declared_;
  std::vector<std::string> tensors_;
  std::size_t next_ = 0;
  bool gave_scratch_ = false;
};

}  // namespace

FoundTriton find_triton(const fs::path& path) {
  fs::path cubin = path;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    const auto found = kernels_in(path);
    if (found.empty()) return failed(path, "holds no NAME.cubin beside a NAME.json");
    if (found.size() > 1) {
      return failed(path, "holds " + std::to_string(found.size()) + " kernels; name one of " +
                              found[0].filename().string() + ", " + found[1].filename().string());
    }
    cubin = found.front();
  }
  cubin.replace_extension(".cubin");
  TritonKernel kernel;
  kernel.stem = cubin.stem().string();
  const fs::path json = fs::path(cubin).replace_extension(".json");
  const registry::FileText code = registry::read_file(cubin, kLargestBinary);
  if (!code.error.empty()) return failed(cubin, code.error);
  const registry::FileText metadata = registry::read_file(json, kLargestText);
  if (!metadata.error.empty()) return failed(json, metadata.error);
  kernel.ttir = registry::read_file(fs::path(cubin).replace_extension(".ttir"), kLargestText).text;
  kernel.cubin = code.text;
  kernel.metadata = metadata.text;
  const auto parsed = registry::parse_json(metadata.text);
  auto launch = parsed.ok() ? read_triton(parsed.value) : std::nullopt;
  if (!launch) return failed(json, "is not what Triton says about a kernel for NVIDIA GPUs");
  auto info = read_cubin(std::as_bytes(std::span(kernel.cubin)));
  if (!info.info) return failed(cubin, info.error);
  kernel.launch = std::move(*launch);
  kernel.code = std::move(*info.info);
  return {std::move(kernel), ""};
}

std::vector<TritonParameter> triton_parameters(std::string_view ttir, std::string_view name) {
  constexpr std::size_t kMost = 4096;
  const std::string mark = "tt.func public @" + std::string(name) + '(';
  const std::size_t at = ttir.find(mark);
  std::vector<TritonParameter> parameters;
  if (at == std::string_view::npos) return parameters;
  std::string_view rest = ttir.substr(at + mark.size());
  while (!rest.empty() && parameters.size() < kMost) {
    const std::string_view item = item_of(rest);
    if (!trimmed(item).empty()) parameters.push_back(parameter_of(trimmed(item)));
    if (item.size() == rest.size() || rest[item.size()] == ')') break;
    rest.remove_prefix(item.size() + 1);
  }
  return parameters;
}

registry::Solution triton_draft(const TritonKernel& kernel, const DraftNames& names,
                                const registry::Definition* definition) {
  registry::Solution solution;
  solution.name = names.name;
  solution.definition = names.definition;
  solution.author = names.author;
  solution.spec.language = registry::Language::Triton;
  solution.spec.target_hardware = {"cuda"};
  solution.spec.entry_point = kernel.stem + ".cubin::" + kernel.launch.name;
  registry::SourceFile code{kernel.stem + ".cubin", to_base64(kernel.cubin), {}};
  code.members.set_unknown("encoding", "base64");
  solution.sources = {std::move(code), {kernel.stem + ".json", kernel.metadata, {}}};
  registry::set_launch(solution, Draft(kernel, definition).block());
  return solution;
}

}  // namespace fib::build
