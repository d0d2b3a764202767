// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "judge/trial/memory_state.h"
#include "judge/trial/pattern.h"
#include "judge/trial/tensors.h"

namespace fib::judge {

/// Whether the values of this type are data, so that any order of them makes sense: floating ones
/// and int8 (quantised values). Wider integers may be indices, lengths or offsets, and bool a mask
/// that others depend on: they stay as recorded.
[[nodiscard]] bool is_data(registry::DType dtype);

/// Puts the values of a tensor into another order: its rows among themselves, and the values of
/// each row among themselves. A row keeps its sum, its largest value and its norm, as far as
/// rounding goes, so what was a distribution stays one. `bytes`: its extent; only its own bytes
/// change. Tensors of 4-bit values are shuffled by byte.
void shuffle(const TensorLayout& layout, std::span<std::byte> bytes, Random& random);

/// Changes all data inputs in a state. Returns their names; none: there is nothing to change.
std::vector<std::string> freshen(const TrialMemory& memory, const LaunchFacts& facts,
                                 std::uint64_t seed, MemoryState& state);

}  // namespace fib::judge
