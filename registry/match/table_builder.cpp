// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "registry/match/compiler.h"
#include "registry/match/match_table.h"
#include "registry/match/ranking.h"

namespace fib::match {

/// Compiles a specification and ranks its measurements.
class TableBuilder {
 public:
  explicit TableBuilder(const TableSpec& spec) : spec_(spec) {}

  std::unique_ptr<const MatchTable> build(std::vector<Problem>& problems) {
    add_definitions();
    add_candidates();
    add_rules();
    for (CompiledRule& rule : table_->rules_) add_index(rule);
    table_->definitions_ = std::move(compilation_.definitions);
    table_->code_ = std::move(compilation_.code);
    const auto& list = compilation_.problems.list();
    problems.insert(problems.end(), list.begin(), list.end());
    return std::move(table_);
  }

 private:
  void add_definitions() {
    for (const DefinitionSpec& definition : spec_.definitions) {
      problems().set_origin(definition.name);
      auto compiled = compile_definition(definition, problems());
      if (!compiled) continue;
      const auto id = static_cast<std::uint32_t>(compilation_.definitions.size());
      if (!compilation_.definition_ids.emplace(definition.name, id).second) {
        problems().add("/name", "two Definitions have this name", "rename one of them");
        continue;
      }
      compilation_.definitions.push_back(std::move(*compiled));
    }
    for (const Measurement& measurement : spec_.measurements) {
      if (std::find(table_->models_.begin(), table_->models_.end(), measurement.gpu) ==
          table_->models_.end()) {
        table_->models_.push_back(measurement.gpu);
      }
    }
  }

  void add_candidates() {
    std::set<std::string> names;
    for (const CandidateSpec& candidate : spec_.candidates) {
      auto compiled = compile_candidate(candidate, compilation_);
      if (!compiled) continue;
      if (!names.insert(candidate.name).second) {
        problems().add("/name", "two candidates have this name", "rename one of them");
        continue;
      }
      table_->candidates_.push_back(std::move(*compiled));
    }
  }

  void add_rules() {
    for (const RuleSpec& rule : spec_.rules) {
      auto whole = compile_rule(rule, compilation_);
      if (!whole) continue;
      if (only_judged_code(*whole)) {
        // Results hold for one code each: the rule once for every code that has some, and once
        // without any, for all other code. Those come first, also after sorting.
        for (const CodeHash& code : judged_codes(rule.definition))
          if (auto one = compile_rule(rule, compilation_))
            add_rule(std::move(*one), std::vector{code});
        add_rule(std::move(*whole), std::vector<CodeHash>{});
      } else {
        add_rule(std::move(*whole), std::nullopt);
      }
    }
    std::stable_sort(table_->rules_.begin(), table_->rules_.end(),
                     [](const CompiledRule& a, const CompiledRule& b) {
                       return std::tie(b.priority, a.name) < std::tie(a.priority, b.name);
                     });
  }

  void add_rule(CompiledRule rule, std::optional<std::vector<CodeHash>> judged) {
    constexpr std::size_t kMostRules = 0xffff;
    if (table_->rules_.size() >= kMostRules) return;
    table_->needs_demangled_ = table_->needs_demangled_ || rule.demangled;
    rule.judged = std::move(judged);
    table_->rules_.push_back(std::move(rule));
  }

  /// Whether results count for the code alone that they were measured against.
  [[nodiscard]] bool only_judged_code(const CompiledRule& rule) const {
    const Policy& policy = policy_of(compilation_.definitions[rule.definition].spec.name);
    const bool has_candidates =
        std::any_of(table_->candidates_.begin(), table_->candidates_.end(),
                    [&](const auto& it) { return it.definition == rule.definition; });
    return policy.same_code && policy.pin.empty() && has_candidates;
  }

  void add_index(CompiledRule& rule) {
    problems().set_origin(rule.origin);
    const CompiledDefinition& definition = compilation_.definitions[rule.definition];
    const Policy& policy = policy_of(definition.spec.name);
    rule.enabled = policy.enabled;
    Contest contest;
    contest.tolerance = tolerance_of(policy, definition.spec);
    for (const std::uint8_t slot : rule.key_axes) {
      contest.axes.push_back(definition.spec.axes[slot].name);
    }
    contest.candidates = usable_candidates(rule);
    rule.has_candidates = !contest.candidates.empty();
    pin(rule, policy, contest);
    for (const std::string& model : table_->models_) {
      rule.models.push_back(index_of(rule, definition, model, policy, contest));
    }
  }

  [[nodiscard]] const Policy& policy_of(const std::string& definition) const {
    const auto found = spec_.policies.find(definition);
    return found != spec_.policies.end() ? found->second : spec_.default_policy;
  }

  /// Those whose launch needs nothing that the rule does not bind.
  [[nodiscard]] std::map<std::string, std::int32_t> usable_candidates(const CompiledRule& rule) {
    std::map<std::string, std::int32_t> usable;
    for (std::size_t i = 0; i < table_->candidates_.size(); ++i) {
      const CompiledCandidate& candidate = table_->candidates_[i];
      if (candidate.definition != rule.definition) continue;
      const bool fits = (candidate.needed_axes & ~rule.bound_axes) == 0 &&
                        (candidate.needed_tensors & ~rule.bound_tensors) == 0;
      if (fits) {
        usable.emplace(candidate.name, static_cast<std::int32_t>(i));
      } else {
        problems().add("", "'" + candidate.name + "' needs an axis or input that is null here",
                       "bind it, or ignore this: the candidate is used with other bindings only");
      }
    }
    return usable;
  }

  /// A failure that does not tell its code counts everywhere.
  [[nodiscard]] static bool holds_for(const CompiledRule& rule, const Measurement& measurement) {
    if (!rule.judged || (!measurement.passed && !measurement.code)) return true;
    return !rule.judged->empty() && measurement.code == rule.judged->front();
  }

  /// Kernels that a Definition's results were measured against.
  [[nodiscard]] std::vector<CodeHash> judged_codes(const std::string& definition) const {
    std::set<CodeHash> codes;
    for (const Measurement& measurement : spec_.measurements)
      if (measurement.definition == definition && measurement.passed && measurement.code)
        codes.insert(*measurement.code);
    return {codes.begin(), codes.end()};
  }

  void pin(CompiledRule& rule, const Policy& policy, const Contest& contest) {
    if (policy.pin.empty()) return;
    const auto found = contest.candidates.find(policy.pin);
    if (found != contest.candidates.end()) {
      rule.pinned = found->second;
    } else {
      problems().add("", "the policy pins '" + policy.pin + "', which can't be used here",
                     "correct the policy's \"pin\"");
    }
  }

  ModelIndex index_of(const CompiledRule& rule, const CompiledDefinition& definition,
                      const std::string& model, const Policy& policy, Contest& contest) {
    contest.measurements.clear();
    for (const Measurement& measurement : spec_.measurements) {
      if (measurement.gpu == model && measurement.definition == definition.spec.name &&
          holds_for(rule, measurement)) {
        contest.measurements.push_back(&measurement);
      }
    }
    const Ranking ranking = rank(contest, policy);
    ShapeIndex::Options options;
    options.ratio = policy.range_ratio;
    for (const std::string& axis : contest.axes) {
      const bool named = !policy.range_axes ||
                         std::find(policy.range_axes->begin(), policy.range_axes->end(), axis) !=
                             policy.range_axes->end();
      options.ranges.push_back(policy.ranges && named);
    }
    ModelIndex index;
    index.measured = !ranking.points.empty();
    index.shapes = ShapeIndex(rule.key_axes.size(), ranking.points, options);
    if (index.shapes.overflowed()) {
      problems().add("", "too many combinations of measured axes on " + model,
                     "bind fewer variable axes");
    }
    if (policy.on_miss == OnMiss::UseDefinitionBest) index.best = ranking.best;
    return index;
  }

  [[nodiscard]] Problems& problems() { return compilation_.problems; }

  const TableSpec& spec_;
  Compilation compilation_;
  std::unique_ptr<MatchTable> table_{new MatchTable};
};

std::unique_ptr<const MatchTable> MatchTable::build(const TableSpec& spec,
                                                    std::vector<Problem>& problems) {
  return TableBuilder(spec).build(problems);
}

}  // namespace fib::match
