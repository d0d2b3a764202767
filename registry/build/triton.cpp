// SPDX-License-Identifier: Apache-2.0
#include "registry/build/triton.h"

#include <algorithm>

#include "registry/build/constant.h"
#include "registry/model/object.h"

namespace fib::build {
namespace {

using registry::Json;

std::optional<std::uint32_t> number_in(const Json& value, std::string_view key) {
  const Json* const member = registry::find_member(value, key);
  const auto number = member != nullptr ? registry::integer_of(*member) : std::nullopt;
  if (!number || *number < 0 || *number > (1 << 30)) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// cluster_dims, or num_ctas where newer versions have only that.
std::array<std::uint32_t, 3> cluster_of(const Json& value) {
  std::array<std::uint32_t, 3> cluster = {number_in(value, "num_ctas").value_or(1), 1, 1};
  const Json* const dims = registry::find_member(value, "cluster_dims");
  if (dims == nullptr || !dims->is_array() || dims->size() != 3) return cluster;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto number = registry::integer_of((*dims)[i]);
    cluster[i] = number && *number > 0 && *number < 1024 ? static_cast<std::uint32_t>(*number) : 1;
  }
  return cluster;
}

/// The three dimensions, where they are plain numbers; missing ones are 1.
std::optional<std::array<std::uint64_t, 3>> constants(const std::vector<std::string>& expressions) {
  std::array<std::uint64_t, 3> numbers = {1, 1, 1};
  for (std::size_t i = 0; i < expressions.size() && i < 3; ++i) {
    const auto number = constant(expressions[i]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  return numbers;
}

template <typename Number>
std::string text_of(const std::array<Number, 3>& numbers) {
  return std::to_string(numbers[0]) + 'x' + std::to_string(numbers[1]) + 'x' +
         std::to_string(numbers[2]);
}

}  // namespace

std::optional<TritonMetadata> read_triton(const Json& value) {
  const Json* const name = registry::find_member(value, "name");
  const auto warps = number_in(value, "num_warps"), shared = number_in(value, "shared");
  if (name == nullptr || !name->is_string() || !warps || !shared) return std::nullopt;
  const Json* const target = registry::find_member(value, "target");
  const Json none = Json::object();
  const Json& gpu = target != nullptr && target->is_object() ? *target : none;
  const Json* const backend = registry::find_member(gpu, "backend");
  if (backend != nullptr && *backend != "cuda") return std::nullopt;
  TritonMetadata metadata;
  metadata.name = name->get<std::string>();
  metadata.shared = *shared;
  metadata.threads = std::min(*warps, 1024u) * number_in(gpu, "warp_size").value_or(32);
  metadata.cluster = cluster_of(value);
  metadata.scratch = number_in(value, "global_scratch_size").value_or(0);
  const Json* const cooperative = registry::find_member(value, "launch_cooperative_grid");
  metadata.cooperative = cooperative != nullptr && *cooperative == true;
  return metadata;
}

std::optional<TritonMetadata> triton_of(const registry::Solution& solution,
                                        std::string_view module) {
  const std::size_t dot = module.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto* const source = solution.source(std::string(module.substr(0, dot)) + ".json");
  if (source == nullptr) return std::nullopt;
  const auto parsed = registry::parse_json(source->content, {std::size_t{1} << 20, 32, 65536});
  return parsed.ok() ? read_triton(parsed.value) : std::nullopt;
}

std::vector<std::string> triton_problems(const match::KernelLaunchSpec& kernel, bool has_workspace,
                                         const TritonMetadata& metadata) {
  std::vector<std::string> problems;
  const auto differs = [&](const std::string& what, const std::string& ours,
                           const std::string& theirs) {
    problems.push_back(what + " is " + ours + " in the launch block and " + theirs +
                       " in Triton's metadata");
  };
  if (kernel.entry != metadata.name) differs("the kernel", kernel.entry, metadata.name);
  const auto shared = constant(kernel.shared);
  if (shared && *shared != metadata.shared) {
    differs("shared_memory", kernel.shared, std::to_string(metadata.shared));
  }
  const auto block = constants(kernel.block);
  const std::array<std::uint64_t, 3> threads = {metadata.threads, 1, 1};
  if (block && *block != threads) differs("block", text_of(*block), text_of(threads));
  const auto cluster = constants(kernel.cluster);
  const std::array<std::uint64_t, 3> wanted = {metadata.cluster[0], metadata.cluster[1],
                                               metadata.cluster[2]};
  if (cluster && *cluster != wanted) differs("cluster", text_of(*cluster), text_of(wanted));
  if (metadata.cooperative && !kernel.attributes.cooperative) {
    differs("cooperative", "false", "true");
  }
  if (metadata.scratch > 0 && !has_workspace) {
    problems.push_back("Triton's metadata asks for " + std::to_string(metadata.scratch) +
                       " bytes of scratch memory per block, and the launch block has no workspace");
  }
  return problems;
}

}  // namespace fib::build
