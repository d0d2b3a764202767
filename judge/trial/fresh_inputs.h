// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "judge/trial/memory_state.h"
#include "judge/trial/pattern.h"
#include "judge/trial/tensors.h"

namespace fib::judge {

/// How inputs become others. All values that appear were in the tensor before.
enum class Change : std::uint8_t {
  Redraw,   ///< each value is drawn anew from values of the tensor: sums change as well
  Shuffle,  ///< rows among themselves, and the values of each row: distributions stay such
  Few       ///< a few values become such as stand elsewhere: the rest stays
};

/// Whether the values of this type are data, so that any of them makes sense anywhere: floating
/// ones and int8 (quantised values). Wider integers may be indices, lengths or offsets, and bool a
/// mask that others depend on: they stay as recorded.
[[nodiscard]] bool is_data(registry::DType dtype);

/// Changes a tensor. `bytes`: its extent; only its own bytes change. Of 4-bit values whole bytes
/// are taken.
void change(const TensorLayout& layout, std::span<std::byte> bytes, Change how, Random& random);

/// Changes all data inputs in a state. Returns their names; none: there is nothing to change.
std::vector<std::string> freshen(const TrialMemory& memory, const LaunchFacts& facts, Change how,
                                 std::uint64_t seed, MemoryState& state);

}  // namespace fib::judge
