// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "judge/compare/comparison.h"
#include "judge/trial/candidate.h"
#include "judge/trial/memory_state.h"
#include "judge/trial/tensors.h"

namespace fib::judge {

/// The inputs of a sampling Definition that make its draws random, by name: seeds and offsets of a
/// generator (integers), and uniform numbers (floating). Other values of these are other draws.
[[nodiscard]] std::vector<std::string> random_inputs(const registry::Definition& definition);

/// Whether a sampler draws as often as it should what it may draw: many launches on a Workload's
/// own inputs, each with other random numbers, against the distribution that probabilities and
/// limits make. Nothing if the Definition is no sampling one. A comparison that passed without
/// having been able to tell says so in its detail. Throws CandidateFailed, driver::DriverError. The
/// memory is not as it was afterwards, the candidate's arguments are.
[[nodiscard]] std::optional<Comparison> check_distribution(Candidate& candidate, Subject& subject,
                                                           TrialMemory& memory,
                                                           const LaunchFacts& facts,
                                                           std::uint64_t seed);

}  // namespace fib::judge
