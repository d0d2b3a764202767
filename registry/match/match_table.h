// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/match/compiled.h"
#include "registry/match/demotions.h"
#include "registry/match/problem.h"
#include "registry/match/reason.h"
#include "registry/match/spec.h"

/// The hot lookup: which candidate a launch goes to, or why it stays with the original. Knows no
/// JSON and nothing else of ours; runs in the preloaded library and in the replayer.
namespace fib::match {

/// A kernel, as the driver and its image tell it. Borrowed, for the call.
struct KernelIdentity {
  const char* name = nullptr;       ///< mangled
  const char* demangled = nullptr;  ///< null: not known; only needed if needs_demangled()
  std::optional<std::span<const ParamSlot>> layout;  ///< nothing: the driver can't tell
  std::optional<CodeHash> image, code;
};

/// The rules that may apply to a kernel: found once per kernel and table, kept by value.
struct KernelRules {
  static constexpr std::size_t kMost = 8;
  std::array<std::uint16_t, kMost> rules{};
  std::uint8_t count = 0;
  std::uint8_t unjudged = 0;       ///< bit i: the results of rules[i] are of kernels of other code
  bool more = false;               ///< others of lower priority apply too, and are never tried
  Reason reason = Reason::NoRule;  ///< why there are none, if so
};

/// A GPU model of a table; one that it does not know has measured nothing.
using ModelId = std::int32_t;
inline constexpr ModelId kUnknownModel = -1;

/// What a lookup says.
struct Decision {
  std::int32_t candidate = kNoCandidate;
  std::uint16_t rule = 0;  ///< that said so; of NoRule and mismatches nothing
  Reason reason = Reason::NoRule;
  Failure failure = Failure::None;  ///< of ExpressionFailed

  [[nodiscard]] bool hit() const noexcept { return is_hit(reason); }
};

/// What MatchTable::bind() says.
struct BoundRule {
  bool bound = false;
  std::uint16_t rule = 0;
  Reason reason = Reason::NoRule;  ///< of a launch that no rule describes: of the nearest
};

/// What a hit bound, for MatchTable::prepare(). Not initialised: a caller has one on its stack.
struct Bound {
  std::array<std::int64_t, kMaxAxes> axes;
  std::array<std::int64_t, kMaxTensors> values;
};

/// Immutable: any thread may read it at any time. Built at start, replaced as a whole.
class MatchTable {
 public:
  /// Leaves out what can't be used and says so in `problems`. Throws only for lack of memory.
  [[nodiscard]] static std::unique_ptr<const MatchTable> build(const TableSpec& spec,
                                                               std::vector<Problem>& problems);

  /// Whether any rule asks for the demangled name.
  [[nodiscard]] bool needs_demangled() const noexcept { return needs_demangled_; }
  /// Once per kernel. A regular expression may allocate; nothing else does.
  [[nodiscard]] KernelRules resolve(const KernelIdentity& kernel) const noexcept;
  /// `gpu` as CUDA names the device.
  [[nodiscard]] ModelId model(std::string_view gpu) const noexcept;

  /// Once per launch: no allocation, lock, or system call. `rules` is from this table, `demotions`
  /// is for it. On a hit `bound` holds what the rule read from the launch.
  [[nodiscard]] Decision lookup(const KernelRules& rules, ModelId model, const LaunchView& launch,
                                const Demotions& demotions, Bound& bound) const noexcept {
    if (rules.count == 0) return {kNoCandidate, 0, rules.reason, Failure::None};
    return search(rules, model, launch, demotions, bound);
  }

  /// Which rule describes the launch, whatever candidates and results say: the first whose
  /// conditions, axes and checks hold. Then `rule` and `bound` are valid.
  [[nodiscard]] BoundRule bind(const KernelRules& rules, const LaunchView& launch,
                               Bound& bound) const noexcept;

  /// After a hit, with its `bound`; see LaunchProgram.
  [[nodiscard]] LaunchFailure workspace_bytes(std::int32_t candidate, const LaunchView& launch,
                                              const Bound& bound,
                                              std::uint64_t& bytes) const noexcept;
  [[nodiscard]] LaunchFailure prepare(std::int32_t candidate, std::size_t kernel,
                                      const LaunchView& launch, const Bound& bound,
                                      std::uint64_t workspace, const ArgumentBuffers& buffers,
                                      LaunchNumbers& numbers) const noexcept;

  /// Bytes of one of the rule's tensors (no scalar), after a hit of this rule; 0 if the launch does
  /// not tell.
  [[nodiscard]] std::uint64_t tensor_bytes(std::uint16_t rule, const CompiledTensor& tensor,
                                           const LaunchView& launch,
                                           const Bound& bound) const noexcept;

  /// Its strides in elements, where the binding has them and they can be computed; else nothing:
  /// then it is contiguous, or CompiledTensor::has_strides says that it is not known.
  [[nodiscard]] std::optional<std::array<std::int64_t, kMaxRank>> tensor_strides(
      std::uint16_t rule, const CompiledTensor& tensor, const LaunchView& launch,
      const Bound& bound) const noexcept;

  [[nodiscard]] std::size_t candidates() const noexcept { return candidates_.size(); }
  [[nodiscard]] const CompiledCandidate& candidate(std::int32_t index) const noexcept {
    return candidates_[static_cast<std::size_t>(index)];
  }
  /// The candidate of this name, kNoCandidate if there is none.
  [[nodiscard]] std::int32_t find_candidate(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t rules() const noexcept { return rules_.size(); }
  [[nodiscard]] const CompiledRule& rule(std::uint16_t index) const noexcept {
    return rules_[index];
  }
  [[nodiscard]] const CompiledDefinition& definition(std::uint32_t index) const noexcept {
    return definitions_[index];
  }
  /// Demotions for this table that keep those of an older one, by name.
  [[nodiscard]] std::unique_ptr<Demotions> carry_over(const MatchTable& older,
                                                      const Demotions& demotions) const;

 private:
  friend class TableBuilder;
  MatchTable() = default;

  [[nodiscard]] Decision search(const KernelRules& rules, ModelId model, const LaunchView& launch,
                                const Demotions& demotions, Bound& bound) const noexcept;

  std::vector<CompiledDefinition> definitions_;
  std::vector<CompiledRule> rules_;  ///< by falling priority
  std::vector<CompiledCandidate> candidates_;
  std::vector<std::string> models_;
  CodePool code_;
  bool needs_demangled_ = false;
};

}  // namespace fib::match
