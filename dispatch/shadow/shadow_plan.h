// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dispatch/kernels/compare_core.h"
#include "dispatch/prepared_launch.h"
#include "dispatch/shadow/unverified.h"

namespace fib::dispatch {

/// The comparison's name for a Definition's dtype; nothing if it can't be compared.
[[nodiscard]] std::optional<CompareType> compare_type(std::string_view dtype) noexcept;

/// What happens to one tensor of a launch that is verified. Places are bytes from the beginning of
/// the launch's scratch memory.
struct ShadowTensor {
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

  std::uint8_t slot = 0;  ///< of the Definition
  bool is_output = false;
  std::uint64_t live = 0;   ///< the engine's address
  std::uint64_t bytes = 0;  ///< 0: not known (inputs only)
  /// Where the candidate finds it: of outputs, and of inputs that are the same memory as one; else
  /// kNowhere, which is the engine's own.
  std::uint64_t scratch = kNowhere;
  /// Where a copy is kept for the record: of an input what it was before the launch, of an output
  /// what the incumbent wrote.
  std::uint64_t kept = kNowhere;
  // Of outputs:
  CompareType type = CompareType::Float32;
  double max_absolute = 0, max_relative = 0;
};

/// How a launch is verified. Plain data.
struct ShadowPlan {
  std::array<ShadowTensor, match::kMaxTensors> tensors;
  std::size_t count = 0;
  std::uint64_t bytes = 0;  ///< of scratch memory

  /// `capacity`: scratch memory for one launch at most. Copies for the record are planned as long
  /// as they, all together, take at most `record_bytes`: outputs first, then inputs by size.
  [[nodiscard]] Unverified make(const PreparedLaunch& prepared, std::uint64_t capacity,
                                std::uint64_t record_bytes) noexcept;

 private:
  [[nodiscard]] Unverified add_output(const PreparedLaunch& prepared, const ShadowTensor& tensor,
                                      std::uint64_t capacity) noexcept;
  void share_memory() noexcept;
  void keep_copies(std::uint64_t capacity, std::uint64_t record_bytes) noexcept;
  [[nodiscard]] bool keep_next(bool outputs, std::uint64_t capacity, std::uint64_t& left) noexcept;
};

/// Whether an argument of the prepared kernels is an address within an output's live memory.
[[nodiscard]] bool reaches_live_output(const PreparedLaunch& prepared,
                                       const ShadowPlan& plan) noexcept;

}  // namespace fib::dispatch
