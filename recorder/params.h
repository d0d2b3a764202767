// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "driver/cuda_abi.h"
#include "recorder/kernels.h"

namespace fib::recorder {

/// Copies `kernel`'s parameters as the launch passed them to `to` (padded length): an array of
/// pointers per parameter, or one buffer through `extra`. `to` is zeroed where nothing is passed,
/// so that padding bytes are the same in every recording.
void copy_params(std::byte* to, const KernelInfo& kernel, void** params, void** extra) noexcept;

/// Raw copy of launch attributes.
void copy_attributes(std::byte* to, const CUlaunchAttribute* attributes,
                     std::size_t count) noexcept;

}  // namespace fib::recorder
