// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "registry/bindings/binding.h"
#include "registry/bindings/policies.h"
#include "registry/match/match_table.h"
#include "registry/store/registry.h"

/// From a registry's files to a MatchTable.
namespace fib::registry {

/// What lies below bindings/.
struct Bindings {
  std::vector<Stored<Binding>> list;  ///< in the order of the files
  Policies policies;
  Findings findings;  ///< files that are no good; the rest is here
};

/// Reads bindings and policies of the registry's root.
[[nodiscard]] Bindings load_bindings(const Registry& registry);
[[nodiscard]] Bindings load_bindings(FileTree& files);

/// What a Definition looks like to the match table.
[[nodiscard]] match::DefinitionSpec to_spec(const Definition& definition);
/// A Solution with a launch block; nothing if it has none, or one with errors.
[[nodiscard]] std::optional<match::CandidateSpec> to_spec(const Stored<Solution>& solution,
                                                          Findings& findings);
/// A Trace with an evaluation and a solution; nothing for a workload, nor for a result that passed
/// where there was no incumbent, if that is the baseline: whether it is faster was not asked.
[[nodiscard]] std::optional<match::Measurement> to_measurement(const Trace& trace,
                                                               Baseline baseline);

/// Everything of the registry that a table is built from. Of several results of a Solution for a
/// workload on a GPU model only the newest counts, whatever it says.
[[nodiscard]] match::TableSpec table_spec(const Registry& registry, const Bindings& bindings,
                                          Findings& findings);

/// A table of the registry's bindings, Solutions and results. What can't be used is left out and
/// becomes a finding of rule "binding.compile" or "launch.syntax".
[[nodiscard]] std::unique_ptr<const match::MatchTable> build_table(const Registry& registry,
                                                                   const Bindings& bindings,
                                                                   Findings& findings);

}  // namespace fib::registry
