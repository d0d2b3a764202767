// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "registry/model/safetensors.h"

namespace fib::registry {

/// Writes a file of tensors in place of what is there, as replace_file does: whole or not at all,
/// its directories made. The tensors are written from where they lie, without a copy. Throws
/// RegistryError, and std::invalid_argument for tensors that can't be (see lay_out).
void write_safetensors(const std::filesystem::path& path, std::span<const TensorData> tensors,
                       const Named<std::string>& metadata = {});

}  // namespace fib::registry
