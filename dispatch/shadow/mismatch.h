// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dispatch/kernels/compare_core.h"
#include "registry/match/launch_view.h"

namespace fib::dispatch {

/// One input or output of a launch whose outputs differed.
struct MismatchTensor {
  std::string name, dtype;
  bool is_output = false, is_scalar = false, is_bound = true;
  std::int64_t scalar = 0;  ///< value of a scalar: for floats, its bits
  /// Sizes of its dimensions; nothing if the launch does not show all of them.
  std::optional<std::vector<std::uint64_t>> shape;
  std::uint64_t bytes = 0;
  bool in_place = false;             ///< an input that is the same memory as an output
  std::vector<std::byte> content;    ///< of inputs: before the launch; of outputs: the incumbent's
  std::vector<std::byte> candidate;  ///< of outputs
  // Of outputs:
  CompareResult result{};
  std::uint64_t elements = 0;
  double max_absolute = 0, max_relative = 0;  ///< that are allowed
};

/// All that is known of it; everything lies in host memory and belongs to it.
struct Mismatch {
  std::string kernel, candidate, fingerprint, definition, rule;
  std::string registry;                       ///< its root
  std::string rule_origin, candidate_origin;  ///< files below it
  std::uint32_t generation = 0;
  std::array<std::uint32_t, match::kGeometryTerms> geometry{};
  std::vector<match::ParamSlot> layout;  ///< of as many parameters as there are in `parameters`
  std::vector<std::byte> parameters;     ///< one behind the other
  struct Axis {
    std::string name;
    std::int64_t value;  ///< 0: the launch does not show it
    bool is_constant;
  };
  std::vector<Axis> axes;
  std::vector<MismatchTensor> tensors;  ///< in the order of the Definition
};

/// Writes a directory of its own below `directory` (which is made if need be): a FlashInfer Trace
/// dataset of one Workload with its blob, the Definition and the Solution if the registry still has
/// them, and mismatch.json. Returns its path. Throws std::exception with one line that says what
/// went wrong; then nothing is left.
[[nodiscard]] std::string write_mismatch(const Mismatch& mismatch, const std::string& directory);

}  // namespace fib::dispatch
