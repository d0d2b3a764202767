// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trace/format.h"

/// Names of variables in code images. Whatever the bytes are, nothing outside them is read; only
/// std::bad_alloc is thrown.
namespace fib::recorder {

struct SymbolName {
  std::string name;
  bool writable = true;  ///< by kernels; others are constants of the host, or of the compiler
  bool operator==(const SymbolName&) const = default;
};
using SymbolNames = std::vector<SymbolName>;

/// Of the GPU that the code is loaded for.
struct ComputeCapability {
  int major = 0, minor = 0;
};

/// Adds the variables of an image of any kind. False if some of the code can't be read: then there
/// may be others.
[[nodiscard]] bool image_symbols(std::span<const std::byte> image, trace::ImageKind kind,
                                 ComputeCapability device, SymbolNames& to);

/// Of a cubin: objects in .nv.global* and .nv.constant<bank>, local ones included.
[[nodiscard]] bool elf_symbols(std::span<const std::byte> elf, SymbolNames& to);

/// Of PTX text: .global and .const declarations of the module.
void ptx_symbols(std::string_view text, SymbolNames& to);

}  // namespace fib::recorder
