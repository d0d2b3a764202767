// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "replayer/timeline.h"

namespace fib::replayer {

/// A time in which no kernel runs, between two kernels.
struct Bubble {
  std::uint64_t start_ns = 0, end_ns = 0;
  std::size_t before = 0, after = 0;  ///< works: the kernel that ended last, the one that ends it
  bool host_late = false;             ///< see KernelSpan

  [[nodiscard]] std::uint64_t ns() const { return end_ns - start_ns; }
};

/// What the model says about a stretch of kernels.
struct BubbleReport {
  std::uint64_t kernels = 0;
  std::uint64_t span_ns = 0;    ///< from the first kernel's start to the last one's end
  std::uint64_t busy_ns = 0;    ///< at least one kernel runs
  std::uint64_t kernel_ns = 0;  ///< sum over kernels; more than busy_ns where they overlap
  std::uint64_t gaps = 0, gap_ns = 0;
  std::uint64_t host_gaps = 0, host_gap_ns = 0;  ///< of those, because the host was late
  std::vector<Bubble> longest;                   ///< longest first

  [[nodiscard]] double busy_share() const;
  /// How much faster it would be without any gap: an upper bound, as kernels stay what they are.
  [[nodiscard]] std::optional<double> speedup_bound() const;
};

/// `spans` in any order; `keep`: how many of the longest gaps.
[[nodiscard]] BubbleReport find_bubbles(std::vector<KernelSpan> spans, std::size_t keep);

}  // namespace fib::replayer
