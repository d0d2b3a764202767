// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

/// The kernels of it_decoder.simcubin, and what their replacements share with them: a decoder in
/// miniature, one token at a time.
namespace fib::test {

/// (const float* x, const float* weight, float* y, int rows, int width, float epsilon)
inline constexpr const char* kRmsNorm = "rms_norm";
/// (const float* w, const float* x, float* y, int rows, int width)
inline constexpr const char* kProject = "project";

inline float row_scale(const float* x, int width, float epsilon) {
  float sum = 0;
  for (int i = 0; i < width; ++i) sum += x[i] * x[i];
  return 1.0f / std::sqrt(sum / static_cast<float>(width) + epsilon);
}

inline float dot(const float* a, const float* b, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace fib::test
