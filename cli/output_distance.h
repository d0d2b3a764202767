// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <limits>
#include <string>

namespace fib::cli {

/// How far apart two outputs of a program are.
struct OutputDistance {
  bool equal = false;  ///< bit for bit
  /// 0 if equal. Arrays: the largest root mean square of differences in one array, over that of its
  /// first version. Texts: the share of words that differ, place by place. Infinite if it can't be
  /// measured: other shapes, NaNs elsewhere, bytes that are no text.
  double distance = std::numeric_limits<double>::infinity();
  std::string text;  ///< one clause: "3.1 % of 512 words differ"
};

/// Of two files, by what they are: .npy and .safetensors as arrays, else as text if it is some. A
/// file that is missing or can't be read is infinitely far away.
[[nodiscard]] OutputDistance distance_of(const std::filesystem::path& before,
                                         const std::filesystem::path& after);

/// Of two texts. Words are what blanks, line feeds and commas separate.
[[nodiscard]] OutputDistance text_distance(const std::string& before, const std::string& after);

}  // namespace fib::cli
