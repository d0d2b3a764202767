// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/field.h"

namespace fib::judge {

std::vector<Entrant> read_entrants(const registry::Registry& registry, const ResultFilter& filter) {
  std::vector<Entrant> entrants;
  for (const auto& stored : registry.solutions()) {
    const registry::Solution& solution = stored.record;
    const auto* const definition = registry.definition(solution.definition);
    const bool of_type = filter.op_type.empty() ||
                         (definition != nullptr && definition->record.op_type == filter.op_type);
    const bool of_definition =
        filter.definition.empty() || filter.definition == solution.definition;
    if (of_type && of_definition)
      entrants.push_back({solution.name, solution.definition, solution.author});
  }
  return entrants;
}

const Entrant* find_baseline(const Field& field, const std::string& definition) {
  const Entrant* found = nullptr;
  for (const Entrant& entrant : field.entrants) {
    if (entrant.definition != definition || entrant.author != field.baseline_author) continue;
    if (found != nullptr)
      throw RankError("author '" + field.baseline_author + "' has several Solutions for " +
                      definition + ", so none is the baseline: remove all but one, or rank " +
                      "against the incumbent or another author (--baseline)");
    found = &entrant;
  }
  return found;
}

const Entrant& baseline_of(const Field& field, const std::string& definition) {
  const Entrant* const found = find_baseline(field, definition);
  if (found == nullptr)
    throw RankError("author '" + field.baseline_author + "' has no Solution for " + definition +
                    ", which would be the baseline: leave the Definition out (--definition), or " +
                    "rank against the incumbent or another author (--baseline)");
  return *found;
}

}  // namespace fib::judge
