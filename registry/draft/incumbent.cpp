// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/incumbent.h"

#include <algorithm>

#include "registry/bindings/launch_block.h"
#include "registry/match/launch_program.h"

namespace fib::registry {
namespace {

constexpr std::size_t kMostCode = std::size_t{32} << 20;  ///< bytes; in base64 a third more
constexpr std::uint32_t kDefaultShared = 48 * 1024;       ///< that any kernel may use

// CUfunction_attribute
constexpr std::int32_t kMaxDynamicShared = 8, kCarveout = 9, kNonPortableCluster = 14;

std::int32_t attribute(const ObservedKernel& kernel, std::int32_t which, std::int32_t otherwise) {
  const auto found = kernel.attributes.find(which);
  return found != kernel.attributes.end() ? found->second : otherwise;
}

/// Whether all launches agree, and on what; nothing if they do not.
template <typename Of>
std::optional<bool> common(const ObservedKernel& kernel, Of of) {
  const bool first = of(kernel.launches.front());
  const bool all = std::all_of(kernel.launches.begin(), kernel.launches.end(),
                               [&](const ObservedLaunch& launch) { return of(launch) == first; });
  return all ? std::optional(first) : std::nullopt;
}

match::LaunchAttributes attributes_of(const ObservedKernel& kernel) {
  match::LaunchAttributes attributes;
  attributes.dependent_launch = match::DependentLaunch::Carry;
  std::uint32_t shared = 0;
  for (const ObservedLaunch& launch : kernel.launches) {
    shared = std::max(shared, launch.geometry[static_cast<std::size_t>(match::Geometry::Shared)]);
  }
  const std::int32_t limit = attribute(kernel, kMaxDynamicShared, 0);
  if (limit > 0) shared = std::max(shared, static_cast<std::uint32_t>(limit));
  if (shared > kDefaultShared) attributes.max_dynamic_shared = shared;
  const std::int32_t carveout = attribute(kernel, kCarveout, -1);
  if (carveout >= 0 && carveout <= 100) {
    attributes.shared_carveout = static_cast<std::uint32_t>(carveout);
  }
  attributes.non_portable_cluster = attribute(kernel, kNonPortableCluster, 0) != 0;
  return attributes;
}

std::string why_not(const ObservedKernel& kernel, const IncumbentCode& code) {
  if (kernel.launches.empty()) return "none of its launches ran";
  if (!kernel.layout_known) return "the driver could not tell its parameters";
  if (code.bytes.size() > kMostCode) return "its code has more than 32 MiB";
  std::size_t room = 0;
  for (const match::ParamSlot& slot : kernel.layout) room += (slot.size + 15) / 16 * 16;
  if (room > match::kMaxArgumentBytes || kernel.layout.size() > match::kMaxArguments) {
    return "its parameters are more than a launch block can pass";
  }
  if (!common(kernel, [](const ObservedLaunch& it) { return it.cooperative; })) {
    return "only some of its launches are cooperative, which a launch block can't say";
  }
  if (!common(kernel, [](const ObservedLaunch& it) { return it.has_cluster; })) {
    return "only some of its launches name a cluster, which a launch block can't say";
  }
  return "";
}

match::KernelLaunchSpec launch_of(const ObservedKernel& kernel) {
  match::KernelLaunchSpec launch;
  launch.entry = kernel.name;
  launch.grid = {"grid.x", "grid.y", "grid.z"};
  launch.block = {"block.x", "block.y", "block.z"};
  if (kernel.launches.front().has_cluster) {
    launch.cluster = {"cluster.x", "cluster.y", "cluster.z"};
  }
  launch.shared = "smem";
  launch.attributes = attributes_of(kernel);
  launch.attributes.cooperative = kernel.launches.front().cooperative;
  for (std::uint32_t i = 0; i < kernel.layout.size(); ++i) {
    match::ArgumentSpec argument;
    argument.kind = match::ArgumentSpec::Kind::Copy;
    argument.copy = {i, 0, kernel.layout[i].size};
    launch.arguments.push_back(std::move(argument));
  }
  return launch;
}

LaunchBlock block_of(const ObservedKernel& kernel, const match::RuleSpec& rule) {
  LaunchBlock block;
  block.launch.kernels.push_back(launch_of(kernel));
  // The copy takes whatever the kernel takes.
  for (const auto* const group : {&rule.inputs, &rule.outputs}) {
    for (const match::TensorBinding& tensor : *group) {
      const bool is_tensor = tensor.expression.ends_with(", ptr)");
      if (is_tensor) block.demands[tensor.tensor] = {1, 1};
    }
  }
  for (const match::TensorBinding& output : rule.outputs) {
    for (const match::TensorBinding& input : rule.inputs) {
      if (block.demands.contains(input.tensor)) {
        block.in_place.emplace_back(output.tensor, input.tensor);
      }
    }
  }
  return block;
}

const char* file_of(IncumbentCode::Kind kind) {
  switch (kind) {
    case IncumbentCode::Kind::Cubin: return "kernel.cubin";
    case IncumbentCode::Kind::Simulated: return "kernel.simcubin";
    case IncumbentCode::Kind::Ptx: break;
  }
  return "kernel.ptx";
}

}  // namespace

Incumbent incumbent_solution(const ObservedKernel& kernel, const match::RuleSpec& rule,
                             const std::string& name, const IncumbentCode& code) {
  Incumbent result;
  result.problem = why_not(kernel, code);
  if (!result.problem.empty()) return result;
  Solution& solution = result.solution.emplace();
  solution.name = name;
  solution.definition = rule.definition;
  solution.author = kIncumbentAuthor;
  solution.description = "The engine's own kernel, as recorded: a copy must give the same bits.";
  solution.spec.language = Language::Cuda;
  solution.spec.target_hardware = {kernel.gpu.empty() ? "unknown" : kernel.gpu};
  SourceFile file;
  file.path = file_of(code.kind);
  solution.spec.entry_point = file.path + "::" + kernel.name;
  if (code.kind == IncumbentCode::Kind::Ptx) {
    file.content = code.bytes;
  } else {
    file.content = base64(code.bytes);
    file.members.set_unknown("encoding", "base64");
  }
  solution.sources.push_back(std::move(file));
  set_launch(solution, block_of(kernel, rule));
  return result;
}

std::string base64(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      const unsigned char byte = k < have ? static_cast<unsigned char>(bytes[i + k]) : 0;
      group = group << 8 | byte;
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= have ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

}  // namespace fib::registry
