// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "launches/facts.h"

/// Which driver calls the census looks into, and where in a Call record their arguments stand.
namespace fib::launches {

enum class CallRole : std::uint8_t {
  Other,            ///< only counted
  SetNodeEnabled,   ///< exec, node, enabled
  HostFunction,     ///< no arguments needed
  Allocate,         ///< address, bytes
  AllocatePitched,  ///< address, pitch, rows
  Free,             ///< address
  CreatePhysical,   ///< handle, bytes
  RetainPhysical,   ///< handle
  ReleasePhysical,  ///< handle
  Map,              ///< address, bytes, handle
  Unmap,            ///< address, bytes
};

struct CallForm {
  CallRole role = CallRole::Other;
  MemoryKind kind = MemoryKind::Device;  ///< of Allocate and AllocatePitched
  std::array<std::uint16_t, 3> words{};  ///< places of the role's arguments among the call's words
};

/// "cuMemAlloc" of "cuMemAlloc_v2_ptds": the name without ABI version and default-stream suffix.
[[nodiscard]] std::string_view base_name(std::string_view api);

/// Role of the entry point; Other when it is unknown or lacks one of the role's arguments.
[[nodiscard]] CallForm classify_call(std::string_view api, std::string_view args);

}  // namespace fib::launches
