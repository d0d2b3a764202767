// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace fib::match {

/// What a lookup says; reason.def describes each and their order.
enum class Reason : std::uint8_t {
#define FIB_REASON(name, text) name,
#include "registry/match/reason.def"
#undef FIB_REASON
};

inline constexpr std::size_t kReasons = 0
#define FIB_REASON(name, text) +1
#include "registry/match/reason.def"
#undef FIB_REASON
    ;

/// Whether a launch with this reason is given to a candidate.
[[nodiscard]] constexpr bool is_hit(Reason reason) noexcept { return reason < Reason::NoRule; }

/// "Exact" ...
[[nodiscard]] const char* to_string(Reason reason) noexcept;
/// One sentence.
[[nodiscard]] const char* describe(Reason reason) noexcept;

}  // namespace fib::match
