// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "registry/model/dtype.h"

namespace fib::judge {

/// The bytes of these values as elements of a type, back to back: rounded to the nearest, ties to
/// even. Beyond the largest number is infinity, or NaN for float8_e4m3fn, or the largest number for
/// float4_e2m1, which lies two in a byte. Integers are taken as they are, truth values as 0 or 1.
[[nodiscard]] std::vector<std::byte> encode(registry::DType dtype, std::span<const double> values);

}  // namespace fib::judge
