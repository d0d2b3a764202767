// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Reads cubins. Whatever the bytes are, nothing outside them is read; only std::bad_alloc is
/// thrown.
namespace fib::code {

using Bytes = std::span<const std::byte>;

/// The instructions of one kernel, within the cubin.
struct KernelText {
  std::string_view name;  ///< mangled; points into the cubin
  Bytes text;
};

/// All kernels of a cubin, in its order; those with impossible places are left out. A simulated
/// cubin (an ordinary shared object) has functions instead of sections; they are listed the same
/// way.
[[nodiscard]] std::vector<KernelText> kernel_texts(Bytes elf);

struct Variable {
  std::string name;
  std::uint64_t bytes = 0;
  bool operator==(const Variable&) const = default;
};

/// Variables (__device__, __constant__) that a cubin defines, but for what the compiler made
/// itself. A second copy of the cubin has its own of each.
[[nodiscard]] std::vector<Variable> variables(Bytes elf);

/// Whether it is an ELF file that must be linked before it can be loaded.
[[nodiscard]] bool is_relocatable(Bytes elf) noexcept;

[[nodiscard]] bool is_elf(Bytes bytes) noexcept;

}  // namespace fib::code
