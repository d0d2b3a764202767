// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// Three empty kernels that differ in their parameters, under the names that C++ gives them, so
/// that the simulated driver's image (sim_kernels.cpp) and this PTX hold the same three.
namespace fib::bench {

inline constexpr std::size_t kStructBytes = 1024;

inline constexpr const char* kNoParams = "_Z9no_paramsv";
inline constexpr const char* kFourParams = "_Z11four_paramsPfPKffi";
inline constexpr const char* kStructParam = "_Z12struct_param8Kilobyte";

inline constexpr const char* kPtx = R"(
.version 8.0
.target sm_80
.address_size 64

.visible .entry _Z9no_paramsv() { ret; }

.visible .entry _Z11four_paramsPfPKffi(
  .param .u64 out, .param .u64 in, .param .f32 scale, .param .u32 count) { ret; }

.visible .entry _Z12struct_param8Kilobyte(.param .align 8 .b8 value[1024]) { ret; }
)";

}  // namespace fib::bench
