// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "recorder/operation.h"

namespace fib::recorder {

/// Memory that a copy reads, or writes. What kind of memory it is, its address tells.
struct HostSource {
  std::uint64_t address = 0, bytes = 0;
  bool surely_host = false;  ///< the call says so; otherwise the address may be a GPU's
};

/// Linear ranges from which a copy may take host memory: for 2D and 3D copies from the first to the
/// last byte, gaps included. Throws std::bad_alloc.
void append_sources(const Operation& operation, std::vector<HostSource>& to);

/// Addresses within what the call may write, arguments and copy descriptors alike; those it only
/// reads are left out where that is known. Throws std::bad_alloc.
void append_targets(const Operation& operation, std::vector<std::uint64_t>& to);

}  // namespace fib::recorder
