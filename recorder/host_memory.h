// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace fib::recorder {

/// Copies memory of this process that may not be there (unmapped, or protected) without a fault:
/// false then, and `to` is undefined.
[[nodiscard]] bool read_host(std::uint64_t from, std::byte* to, std::size_t bytes) noexcept;

}  // namespace fib::recorder
