// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "judge/cases/extraction.h"
#include "judge/run/bench.h"
#include "registry/match/match_table.h"
#include "registry/store/registry.h"

/// What verbs that judge or export launches have in common.
namespace fib::cli {

/// A registry, and the launches that its bindings describe.
struct JudgedRegistry {
  /// `needs_bindings`: it is an error if it has none.
  explicit JudgedRegistry(const std::string& path, bool needs_bindings = true);

  registry::Registry registry;
  registry::Findings findings;  ///< of bindings and Solutions
  std::unique_ptr<const match::MatchTable> table;
};

/// A test for names by a POSIX extended regular expression; empty: none. Throws CliError that names
/// `option`.
[[nodiscard]] std::function<bool(const std::string&)> name_pattern(const std::string& option,
                                                                   const std::string& pattern);

/// GPUs of this machine with these ordinals, or all. Throws CliError if there is none.
[[nodiscard]] std::vector<judge::Gpu> judging_gpus(const std::vector<int>& ordinals);

/// The locks of some GPUs, for as long as the object lives.
[[nodiscard]] std::shared_ptr<void> lock_gpus(std::vector<judge::Gpu> gpus);

/// What a replay for cases takes from the command line. The device map only if one GPU is named.
[[nodiscard]] judge::ReplayChoice replay_choice(double timeout_seconds, bool force,
                                                const std::vector<int>& ordinals);

}  // namespace fib::cli
