// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// CUDA's compilers are libraries that are opened when they are needed: fib builds and runs where
/// there is no toolkit.
namespace fib::build {

/// An open library, or why there is none. Stays open: compilers do not survive being unloaded.
struct Library {
  void* handle = nullptr;
  std::filesystem::path path;  ///< canonical
  std::string error;           ///< one line with a remedy; empty if it is open
};

/// Where libraries may lie beyond the loader's own search: `beside`, $CUDA_HOME and $CUDA_PATH,
/// /usr/local/cuda, and the nvidia packages of Python environments ($VIRTUAL_ENV, $CONDA_PREFIX,
/// the python3 of $PATH, ~/.local). Only directories that exist.
[[nodiscard]] std::vector<std::filesystem::path> library_directories(
    const std::filesystem::path& beside);

/// Opens lib<stem>.so.13 or .12: `chosen` alone if it is not empty, else what the loader finds,
/// then library_directories().
[[nodiscard]] Library open_library(std::string_view stem, const std::filesystem::path& chosen,
                                   const std::filesystem::path& beside);

/// Directories with the CUDA headers that belong to this library (cuda_fp16.h, cuda/std/...); empty
/// if there are none.
[[nodiscard]] std::vector<std::filesystem::path> header_directories(
    const std::filesystem::path& library);

/// 12 hexadecimal digits that change with the version of these headers; empty for no directories.
[[nodiscard]] std::string header_version(const std::vector<std::filesystem::path>& directories);

}  // namespace fib::build
