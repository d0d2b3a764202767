// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The kernel of it_apply.simcubin, which the scenarios of redirected launches are about.
namespace fib::test {

/// out = 2 * in + value for rows * width values: what one thread does.
inline void blend_one(const int* in, int* out, int rows, int width, int value, int i) {
  if (i < std::int64_t{rows} * width) out[i] = 2 * in[i] + value;
}

/// (const int* in, int* out, int rows, int width, int value, int divisor). The kernel does not look
/// at `divisor`: it is for bindings to stumble over.
inline constexpr const char* kBlend = "blend";

}  // namespace fib::test
