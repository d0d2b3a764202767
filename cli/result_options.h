// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "judge/rank/field.h"

/// What the verbs that read results have in common.
namespace fib::cli {

/// "DIR" or "DIR@TIME": a registry, or its results up to that time. A directory of the whole name
/// is that directory.
struct ResultsPlace {
  std::string directory, until;
};
[[nodiscard]] ResultsPlace results_place(const std::string& text);

/// Results of a registry, newest or all of them, and who could have some.
struct LoadedResults {
  std::vector<judge::Result> results;
  std::vector<judge::Entrant> entrants;
  std::size_t unreadable = 0;  ///< records of the registry that did not load
};
/// Throws CliError if there is no registry.
[[nodiscard]] LoadedResults load_results(const std::string& directory,
                                         const judge::ResultFilter& filter, bool all = false);

/// The GPU models of the results, in order.
[[nodiscard]] std::vector<std::string> gpus_of(const std::vector<judge::Result>& results);

/// The baseline's author as a Field wants it: "incumbent" is nobody. Empty text: the incumbent if
/// any result knows one, else "baseline", as upstream has it.
[[nodiscard]] std::string baseline_author(const std::string& wish,
                                          const std::vector<judge::Result>& results);

}  // namespace fib::cli
