// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "registry/build/arch.h"

/// What is known about GPUs without having one.
namespace fib::build {

inline constexpr std::uint32_t kRegistersPerBlock = 65536;

/// Most shared memory that a block of this architecture can ask for, in bytes.
[[nodiscard]] std::uint32_t shared_per_block(const Arch& arch);

/// The architecture to compile for when a Solution names this GPU in its target_hardware: CUDA's
/// name of it or a part ("NVIDIA H200", "NVIDIA_H200", "H200"). Nothing for "cuda", "LOCAL" and
/// GPUs that are not known here.
[[nodiscard]] std::optional<Arch> arch_of_gpu(std::string_view name);

/// The architecture to compile for on a GPU of this capability: with the features that are its own
/// where there are such.
[[nodiscard]] Arch native_arch(Capability gpu);

}  // namespace fib::build
