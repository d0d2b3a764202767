// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "judge/trial/runner.h"
#include "judge/trial/tensors.h"

namespace fib::judge {

/// Outputs of more bytes get no patterns, and are put back only where they were written: copies
/// would cost more than they tell.
inline constexpr std::uint64_t kLargestCopied = std::uint64_t{1} << 30;

/// What the incumbent does, seen from outside: the standard that candidates are held to.
struct IncumbentStudy {
  /// An output that may hold anything before the launch.
  struct Poisoned {
    LaunchTensor tensor;
    /// By byte of the tensor's extent: whether the incumbent writes it.
    std::vector<bool> written;
    bool all_written = false;
  };
  std::vector<Poisoned> poisoned;
  bool deterministic = true;
  std::string note;  ///< what there is to say, in clauses; empty if nothing

  // What it left: from memory as recorded, run twice, and from two patterns in all poisoned
  // outputs.
  MemoryState recorded, recorded_again, poison[2];

  /// Puts a pattern into all poisoned outputs of a state.
  void fill(TrialMemory& memory, MemoryState& state, std::uint64_t seed,
            std::uint32_t pattern) const;
};

/// Runs the incumbent until it is known. An output whose memory is an input as well is not
/// poisoned, nor is one for which that changes what the incumbent does. Throws as
/// Runner::incumbent().
[[nodiscard]] IncumbentStudy study_incumbent(Runner& runner, TrialMemory& memory, Subject& subject,
                                             const LaunchFacts& facts, std::uint64_t seed);

/// Bytes that differ between two states.
[[nodiscard]] std::uint64_t count_differences(const TrialMemory& memory, const MemoryState& a,
                                              const MemoryState& b);

}  // namespace fib::judge
