// SPDX-License-Identifier: Apache-2.0
#include "registry/match/match_table.h"

#include <algorithm>

#include "registry/match/tensor_checks.h"

namespace fib::match {
namespace {

/// One rule against one launch. Stages come in the order of their reasons; the first that speaks
/// against a candidate ends it.
class Attempt {
 public:
  Attempt(const CompiledRule& rule, const CompiledDefinition& definition, const CodePool& code,
          const LaunchView& launch, Bound& bound) noexcept
      : rule_(rule),
        definition_(definition),
        code_(code),
        bound_(bound),
        frame_{&launch, bound.axes.data(), bound.values.data(), 0} {}

  /// `candidates` is the table's list.
  Decision run(ModelId model, const std::vector<CompiledCandidate>& candidates,
               const Demotions& demotions) noexcept {
    if (!rule_.enabled) return no(Reason::Disabled);
    if (!rule_.has_candidates) return no(Reason::NoCandidate);
    if (!is_measured(model) && rule_.pinned == kNoCandidate) return no(Reason::DeviceMismatch);
    if (!all_hold(rule_.conditions, Reason::ConditionFalse) || !bind_axes()) return decision_;
    if (!choose(model) || !bind_tensors()) return decision_;
    const auto chosen = static_cast<std::size_t>(choice_.candidate);
    if (demotions.is_demoted(chosen)) return no(Reason::Demoted);
    const CompiledCandidate& candidate = candidates[chosen];
    if (!all_hold(rule_.checks, Reason::ConditionFalse)) return decision_;
    if (!all_hold(candidate.conditions, Reason::Unsupported)) return decision_;
    const Reason reason = check_tensors({definition_, rule_.tensors, code_, frame_}, candidate);
    if (reason != Reason::Exact) return no(reason);
    return {choice_.candidate, 0, choice_.reason, Failure::None};
  }

  /// What the rule reads from the launch alone; Exact if it describes it.
  Reason bind() noexcept {
    const bool bound = all_hold(rule_.conditions, Reason::ConditionFalse) && bind_axes() &&
                       bind_tensors() && all_hold(rule_.checks, Reason::ConditionFalse);
    return bound ? Reason::Exact : decision_.reason;
  }

 private:
  const Decision& no(Reason reason, Failure failure = Failure::None) noexcept {
    decision_ = {kNoCandidate, 0, reason, failure};
    return decision_;
  }
  bool refuse(Reason reason, Failure failure = Failure::None) noexcept {
    no(reason, failure);
    return false;
  }

  [[nodiscard]] bool is_measured(ModelId model) const noexcept {
    return model != kUnknownModel && rule_.models[static_cast<std::size_t>(model)].measured;
  }

  [[nodiscard]] Value number(CodeRef code) const noexcept { return evaluate(code_[code], frame_); }

  bool all_hold(const std::vector<CodeRef>& conditions, Reason otherwise) noexcept {
    return conditions.empty() || each_holds(conditions, otherwise);
  }

  bool each_holds(const std::vector<CodeRef>& conditions, Reason otherwise) noexcept {
    for (const CodeRef code : conditions) {
      const Value value = number(code);
      if (!value.ok()) return refuse(Reason::ExpressionFailed, value.failure);
      if (value.number == 0) return refuse(otherwise);
    }
    return true;
  }

  bool bind_axes() noexcept {
    bound_.axes = definition_.axes;  // constant ones; 0 says that the launch does not show an axis
    for (const CompiledAxis& axis : rule_.axes) {
      const Value value = number(axis.code);
      if (!value.ok()) return refuse(Reason::ExpressionFailed, value.failure);
      if (axis.is_constant && value.number != axis.expected) {
        return refuse(Reason::ConstAxisMismatch);
      }
      if (value.number <= 0) return refuse(Reason::EmptyAxis);
      bound_.axes[axis.slot] = value.number;
    }
    return true;
  }

  bool choose(ModelId model) noexcept {
    if (rule_.pinned != kNoCandidate) {
      choice_ = {rule_.pinned, Reason::Pinned};
      return true;
    }
    const ModelIndex& index = rule_.models[static_cast<std::size_t>(model)];
    choice_ = index.shapes.find(bound_.axes.data(), rule_.key_axes.data());
    const bool unknown =
        choice_.reason == Reason::NotFound || choice_.reason == Reason::AxisOutOfRange;
    if (unknown && index.best != kNoCandidate) choice_ = {index.best, Reason::DefinitionBest};
    return is_hit(choice_.reason) || refuse(choice_.reason);
  }

  bool bind_tensors() noexcept {
    for (const CompiledTensor& tensor : rule_.tensors) {
      const Value value = number(tensor.value);
      if (!value.ok()) return refuse(Reason::ExpressionFailed, value.failure);
      bound_.values[tensor.slot] = value.number;
    }
    return true;
  }

  const CompiledRule& rule_;
  const CompiledDefinition& definition_;
  const CodePool& code_;
  Bound& bound_;
  const Frame frame_;
  ShapeIndex::Found choice_;
  Decision decision_;
};

bool same_layout(const std::vector<ParamSlot>& expected,
                 const std::optional<std::span<const ParamSlot>>& layout) noexcept {
  return layout && std::equal(expected.begin(), expected.end(), layout->begin(), layout->end());
}

bool same_code(const std::optional<CodeHash>& expected,
               const std::optional<CodeHash>& hash) noexcept {
  return !expected || (hash && *expected == *hash);
}

/// Whether the rule's results hold for a kernel of this code.
bool judges(const CompiledRule& rule, const std::optional<CodeHash>& code) noexcept {
  return !rule.judged || (!rule.judged->empty() && code == rule.judged->front());
}

}  // namespace

static_assert(KernelRules::kMost <= 8, "a bit for each in KernelRules::unjudged");

KernelRules MatchTable::resolve(const KernelIdentity& kernel) const noexcept {
  KernelRules found;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const CompiledRule& rule = rules_[i];
    const char* const name = rule.demangled ? kernel.demangled : kernel.name;
    if (name == nullptr || !rule.pattern.matches(name)) continue;
    if (rule.layout && !same_layout(*rule.layout, kernel.layout)) {
      found.reason = std::max(found.reason, Reason::LayoutMismatch);
    } else if (!same_code(rule.image, kernel.image) || !same_code(rule.code, kernel.code)) {
      found.reason = std::max(found.reason, Reason::CodeMismatch);
    } else if (found.count < KernelRules::kMost) {
      const bool is_judged = judges(rule, kernel.code);
      if (!is_judged && !rule.judged->empty()) continue;  // another copy of the rule is for it
      if (!is_judged)
        found.unjudged = static_cast<std::uint8_t>(found.unjudged | 1U << found.count);
      found.rules[found.count++] = static_cast<std::uint16_t>(i);
    } else {
      found.more = true;
    }
  }
  return found;
}

ModelId MatchTable::model(std::string_view gpu) const noexcept {
  const auto found = std::find(models_.begin(), models_.end(), gpu);
  return found == models_.end() ? kUnknownModel : static_cast<ModelId>(found - models_.begin());
}

Decision MatchTable::search(const KernelRules& rules, ModelId model, const LaunchView& launch,
                            const Demotions& demotions, Bound& bound) const noexcept {
  Decision nearest;
  for (std::size_t i = 0; i < rules.count; ++i) {
    const CompiledRule& rule = rules_[rules.rules[i]];
    Decision decision;
    if ((rules.unjudged >> i & 1) != 0) {
      decision.reason = Reason::CodeNotJudged;
    } else {
      Attempt attempt(rule, definitions_[rule.definition], code_, launch, bound);
      decision = attempt.run(model, candidates_, demotions);
    }
    decision.rule = rules.rules[i];
    if (decision.hit()) return decision;
    if (decision.reason > nearest.reason) nearest = decision;
  }
  return nearest;
}

BoundRule MatchTable::bind(const KernelRules& rules, const LaunchView& launch,
                           Bound& bound) const noexcept {
  BoundRule nearest{false, 0, rules.reason};
  for (std::size_t i = 0; i < rules.count; ++i) {
    const std::uint16_t number = rules.rules[i];
    const CompiledRule& rule = rules_[number];
    Attempt attempt(rule, definitions_[rule.definition], code_, launch, bound);
    const Reason reason = attempt.bind();
    if (reason == Reason::Exact) return {true, number, reason};
    if (reason > nearest.reason) nearest = {false, number, reason};
  }
  return nearest;
}

LaunchFailure MatchTable::workspace_bytes(std::int32_t index, const LaunchView& launch,
                                          const Bound& bound, std::uint64_t& bytes) const noexcept {
  const Frame frame{&launch, bound.axes.data(), bound.values.data(), 0};
  return candidate(index).launch.workspace_bytes(code_, frame, bytes);
}

LaunchFailure MatchTable::prepare(std::int32_t index, std::size_t kernel, const LaunchView& launch,
                                  const Bound& bound, std::uint64_t workspace,
                                  const ArgumentBuffers& buffers,
                                  LaunchNumbers& numbers) const noexcept {
  const Frame frame{&launch, bound.axes.data(), bound.values.data(),
                    static_cast<std::int64_t>(workspace)};
  return candidate(index).launch.prepare(code_, kernel, frame, buffers, numbers);
}

std::uint64_t MatchTable::tensor_bytes(std::uint16_t index, const CompiledTensor& tensor,
                                       const LaunchView& launch,
                                       const Bound& bound) const noexcept {
  const CompiledRule& rule = rules_[index];
  const Frame frame{&launch, bound.axes.data(), bound.values.data(), 0};
  const TensorBytes found =
      match::tensor_bytes({definitions_[rule.definition], rule.tensors, code_, frame}, tensor);
  return found.reason == Reason::Exact ? static_cast<std::uint64_t>(found.bytes) : 0;
}

std::optional<std::array<std::int64_t, kMaxRank>> MatchTable::tensor_strides(
    std::uint16_t index, const CompiledTensor& tensor, const LaunchView& launch,
    const Bound& bound) const noexcept {
  if (!tensor.has_strides) return std::nullopt;
  const Frame frame{&launch, bound.axes.data(), bound.values.data(), 0};
  const TensorShape& shape = definitions_[rules_[index].definition].tensors[tensor.slot];
  std::array<std::int64_t, kMaxRank> strides{};
  for (std::size_t i = 0; i < shape.rank; ++i) {
    const Value value = evaluate(code_[tensor.strides[i]], frame);
    if (!value.ok()) return std::nullopt;
    strides[i] = value.number;
  }
  return strides;
}

std::int32_t MatchTable::find_candidate(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (candidates_[i].name == name) return static_cast<std::int32_t>(i);
  }
  return kNoCandidate;
}

std::unique_ptr<Demotions> MatchTable::carry_over(const MatchTable& older,
                                                  const Demotions& demotions) const {
  auto carried = std::make_unique<Demotions>(candidates());
  for (std::size_t i = 0; i < older.candidates(); ++i) {
    if (!demotions.is_demoted(i)) continue;
    const std::int32_t same = find_candidate(older.candidates_[i].name);
    if (same != kNoCandidate) carried->demote(static_cast<std::size_t>(same));
  }
  return carried;
}

}  // namespace fib::match
