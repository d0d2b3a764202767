// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace fib::cli {

/// Where the loader would find `command`; empty if nowhere.
[[nodiscard]] std::filesystem::path find_in_path(const std::string& command);

/// Why a preloaded library can't get into this program (static, other libc, 32 bits, setuid); empty
/// if nothing speaks against it. Scripts are judged by their interpreter.
[[nodiscard]] std::string preload_obstacle(const std::filesystem::path& program);

}  // namespace fib::cli
