// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "registry/draft/fields.h"
#include "registry/model/definition.h"

/// How well things of a Definition and of a launch go together. Only the order of guesses comes
/// from these numbers.
namespace fib::registry {

inline constexpr double kImpossible = -1000;
inline constexpr double kOtherType = -50, kWrongWay = -50;  ///< as good as impossible
inline constexpr double kMostEvidence = 18;                 ///< that may speak for a tensor
inline constexpr double kParameterAxis = 2, kGridAxis = 1, kVaryingAxis = 2;
inline constexpr double kNoAxis = -6, kSharedAxis = -4, kNoInput = -12;

inline constexpr std::int64_t kUnknownSize = -1;  ///< of an axis that the launch does not show

/// A tensor that is to be placed.
struct TensorToPlace {
  const TensorSpec* spec = nullptr;
  bool is_output = false;
  double place = 0;           ///< among the tensors, from 0 to 1
  std::vector<double> bytes;  ///< by sample; negative: not known
};

/// What speaks for the tensor standing at this pointer, `place` of which is among the pointers;
/// kImpossible if it does not fit into the memory there. `samples` are indices of launches.
[[nodiscard]] double tensor_score(const TensorToPlace& tensor, const ParameterField& pointer,
                                  double place, const std::vector<std::size_t>& samples);

}  // namespace fib::registry
