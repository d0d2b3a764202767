// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/build/manifest.h"

/// What cubins say about their kernels. The format is not documented; it is as measured on what
/// CUDA 12 and 13 produce. Nothing outside the given bytes is read, whatever they are.
namespace fib::build {

/// A code object of one architecture.
struct CubinInfo {
  Arch arch;
  std::vector<Entry> entries;  ///< in the order of the symbol table
};

/// A cubin, or why it is none.
struct ParsedCubin {
  std::optional<CubinInfo> info;
  std::string error;  ///< one clause, without the path; empty if all is well
};

[[nodiscard]] ParsedCubin read_cubin(std::span<const std::byte> bytes);

/// Adds registers, static shared memory, stack and spills that ptxas printed (-v) about entries of
/// this name; what it says counts more than what the cubin does.
void add_ptxas_log(std::string_view log, std::vector<Entry>& entries);

/// Entries that PTX text declares, with nothing but their names.
[[nodiscard]] std::vector<Entry> ptx_entries(std::string_view text);
/// The architecture of its .target line; nothing if there is none.
[[nodiscard]] std::optional<Arch> ptx_target(std::string_view text);

}  // namespace fib::build
