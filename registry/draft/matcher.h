// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/draft/fields.h"
#include "registry/draft/terms.h"
#include "registry/model/definition.h"

namespace fib::registry {

/// Where one axis could stand.
struct AxisGuess {
  std::string axis;
  std::string expression;              ///< empty: see `stated`
  std::optional<std::int64_t> stated;  ///< a constant that nothing in the launch shows
};

/// Where one input or output could stand; no field: the launch does not show it.
struct TensorGuess {
  std::string tensor;
  const ParameterField* field = nullptr;  ///< of the list that was given
  bool size_known = false;                ///< all axes of its shape stand somewhere
};

/// One way to see a kernel as a Definition.
struct Guess {
  std::vector<AxisGuess> axes;               ///< in the Definition's order
  std::vector<TensorGuess> inputs, outputs;  ///< likewise
  double score = 0;                          ///< to compare guesses of one kernel

  /// "batch_size = grid.x, output = param(0, 0, ptr) ...".
  [[nodiscard]] std::string text() const;
};

/// The best guesses, best first, at most `most`: those in which each tensor fits into the memory
/// behind its pointer, and as many types, writes, extents and places in the list agree as can be.
/// None if an output can stand nowhere.
[[nodiscard]] std::vector<Guess> match_definition(const Definition& definition,
                                                  const ObservedKernel& kernel,
                                                  const std::vector<ParameterField>& fields,
                                                  std::size_t most);

}  // namespace fib::registry
