// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "registry/build/arch.h"
#include "registry/build/manifest.h"

namespace fib::build {

/// The piece of a fatbin that a GPU of this architecture runs.
struct FatbinChoice {
  std::string content;  ///< a cubin, or PTX without the zero byte
  BinaryKind kind = BinaryKind::Cubin;
  Arch arch;          ///< of the piece
  std::string error;  ///< one clause, without the path; empty if there is one
};

/// Picks the piece as the driver would: the closest code, else the newest PTX.
[[nodiscard]] FatbinChoice choose_from_fatbin(std::string_view fatbin, const Arch& arch);

}  // namespace fib::build
