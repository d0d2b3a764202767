// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/match/launch_spec.h"
#include "registry/model/json.h"
#include "registry/model/solution.h"

/// What Triton's compiler leaves beside a cubin: NAME.json, how it is to be launched.
namespace fib::build {

struct TritonMetadata {
  std::string name;           ///< of the kernel
  std::uint32_t shared = 0;   ///< dynamic, bytes
  std::uint32_t threads = 0;  ///< of a block
  std::array<std::uint32_t, 3> cluster = {1, 1, 1};
  std::uint32_t scratch = 0;  ///< global memory per block, bytes
  bool cooperative = false;
};

/// Nothing if it is no metadata of a kernel for NVIDIA GPUs.
[[nodiscard]] std::optional<TritonMetadata> read_triton(const registry::Json& value);

/// The metadata of a binary of the Solution: the source of its name with .json at the end.
[[nodiscard]] std::optional<TritonMetadata> triton_of(const registry::Solution& solution,
                                                      std::string_view module);

/// Where a kernel's launch contradicts Triton's metadata, one line each. What is computed at launch
/// is not checked.
[[nodiscard]] std::vector<std::string> triton_problems(const match::KernelLaunchSpec& kernel,
                                                       bool has_workspace,
                                                       const TritonMetadata& metadata);

}  // namespace fib::build
