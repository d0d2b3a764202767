// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

/// Where the parts of fibshim and of CUDA are on this machine.
namespace fib::cli {

/// Absolute path of libfibshim.so: $FIBSHIM_LIB, or in ../lib beside the tool. Throws CliError that
/// tells where it looked.
[[nodiscard]] std::filesystem::path find_shim();

/// Absolute path of libfibaudit.so: $FIBAUDIT_LIB, or beside the shim. Throws CliError.
[[nodiscard]] std::filesystem::path find_audit_library();

/// A libcupti.so in one of the usual places, or an empty path.
[[nodiscard]] std::filesystem::path find_cupti();

}  // namespace fib::cli
