// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace fib::dispatch {

/// Why a launch that was to be verified was not: it ran as the engine asked, and that was all.
enum class Unverified : std::uint8_t {
  None,           ///< it can be
  NoMemory,       ///< the context has no scratch memory
  AllInUse,       ///< all of it waits for results of earlier launches
  TooLarge,       ///< the outputs alone need more than there is
  Dependent,      ///< programmatic dependent launch: copies would come between the two kernels
  Outputs,        ///< more outputs than one comparison takes
  DType,          ///< an output's type is not compared
  Extent,         ///< an output's extent is not known, or is not that of a contiguous tensor
  Tolerance,      ///< the deployment says nothing about an output's tolerance
  HiddenAddress,  ///< the candidate gets an output's address from elsewhere than its name
  Arguments,      ///< the candidate's arguments have no value with other addresses
  DriverRefused,  ///< a copy, the candidate or the comparison could not be launched
  Count
};
inline constexpr std::size_t kUnverifiedReasons = static_cast<std::size_t>(Unverified::Count);

/// One clause, for "launches of X are not verified: ...".
[[nodiscard]] const char* describe(Unverified reason) noexcept;

}  // namespace fib::dispatch
