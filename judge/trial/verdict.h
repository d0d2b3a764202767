// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "judge/compare/comparison.h"
#include "judge/compare/misread.h"
#include "judge/trial/incumbent_study.h"
#include "registry/match/spec.h"
#include "replayer/memory_layout.h"

namespace fib::judge {

/// What is wrong with one run of a candidate; no reason: nothing.
struct Verdict {
  std::string reason, detail;
  std::map<std::string, Comparison> outputs;  ///< of the values, where it got that far

  [[nodiscard]] bool passed() const { return reason.empty(); }
};

struct JudgedRun;

/// One run of the candidate beside the incumbent's, from the same memory.
struct ComparedRun {
  const MemoryState& before;
  const MemoryState& expected;
  const MemoryState* noise;  ///< what the incumbent left another time; null: it always leaves this
  const RunOutcome& got;
  bool study = false;  ///< the case's own inputs: what the incumbent writes is known, by byte
  /// Another one, which counts if its values are judged already; may be null.
  const JudgedRun* like = nullptr;
};

struct JudgedRun {
  const ComparedRun* run = nullptr;
  Verdict verdict;
};

/// Holds a candidate's run against the incumbent's: declared outputs by their meaning, every other
/// byte exactly.
class Judge {
 public:
  /// What it refers to lives longer.
  Judge(const TrialMemory& memory, const LaunchFacts& facts, const IncumbentStudy& study,
        const registry::Definition& definition, const match::Policy& policy);

  [[nodiscard]] Verdict judge(const ComparedRun& run) const;
  /// Of two runs from the two patterns: where both left them, though the incumbent writes there.
  [[nodiscard]] Verdict left_alone(const MemoryState (&before)[2], const RunOutcome& first,
                                   const RunOutcome& second) const;
  /// Of one run from a pattern: where it left that, though the incumbent writes something else.
  [[nodiscard]] Verdict left_alone_once(const MemoryState& before, const MemoryState& expected,
                                        const RunOutcome& run) const;
  /// Of a run that is wrong: an output that is right as another type or shape. Nothing where the
  /// incumbent is not deterministic, or outputs are compared by meaning.
  [[nodiscard]] std::optional<Misread> misread(const ComparedRun& run) const;
  /// Whether inputs make no difference to how values are compared.
  [[nodiscard]] bool by_elements() const { return by_elements_; }
  /// Values of the outputs alone.
  [[nodiscard]] Verdict judge_values(const ComparedRun& run) const;
  /// Bytes of the outputs, as far as the incumbent writes them, that differ between two runs.
  [[nodiscard]] std::uint64_t output_differences(const MemoryState& a, const MemoryState& b) const;

 private:
  /// The first byte of one kind of wrong.
  struct Offence {
    std::uint64_t address = 0, bytes = 0;
  };
  struct Offences {
    Offence inputs, too_much, side_effect;
  };
  [[nodiscard]] Verdict judge_elsewhere(const ComparedRun& run) const;
  void look_at_page(const ComparedRun& run, std::uint32_t page, Offences& found) const;
  /// One that is not as expected; `is_changed`: by the incumbent.
  void look_at_byte(std::uint64_t address, bool is_changed, Offences& found) const;
  [[nodiscard]] Verdict judge_unwritten(const ComparedRun& run) const;
  /// Whole elements in `parts` that the incumbent writes and for whose bytes `is_left` holds; so
  /// many of them may be such by chance.
  template <class IsLeft>
  [[nodiscard]] Verdict find_left(const IncumbentStudy::Poisoned& output,
                                  const std::vector<replayer::Range>& parts,
                                  std::uint64_t by_chance, IsLeft&& is_left) const;
  /// Parts of an output, outside of which two states are the same.
  [[nodiscard]] std::vector<replayer::Range> differing(const LaunchTensor& tensor,
                                                       const MemoryState& a,
                                                       const MemoryState& b) const;
  /// What comparing the outputs comes to if they are the incumbent's; nothing if one is not.
  [[nodiscard]] std::optional<std::map<std::string, Comparison>> all_equal(
      const ComparedRun& run) const;
  /// Whether the values of both are the same, and so is what they are compared with.
  [[nodiscard]] bool is_like(const ComparedRun& run, const ComparedRun& other) const;
  [[nodiscard]] Comparison by_policy(const ComparedLaunch::Tensor& tensor) const;
  [[nodiscard]] std::vector<std::byte> content(const MemoryState& state,
                                               const LaunchTensor& tensor) const;

  const TrialMemory& memory_;
  const LaunchFacts& facts_;
  const IncumbentStudy& study_;
  const registry::Definition& definition_;
  const match::Policy& policy_;
  std::unique_ptr<Comparer> comparer_;
  bool by_elements_;
  std::vector<replayer::Range> outputs_, inputs_;  ///< own bytes of declared ones; joined
};

}  // namespace fib::judge
