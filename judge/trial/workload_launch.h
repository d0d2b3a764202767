// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "judge/compare/tensor.h"
#include "judge/workload/workload_case.h"
#include "registry/match/spec.h"
#include "replayer/contents.h"
#include "replayer/plan.h"

namespace fib::judge {

/// A Workload as if an engine had launched a kernel on it: its tensors in memory of their own, and
/// a rule that says where they are. That launch has neither parameters nor a geometry, so that a
/// candidate that asks for them can't be launched.
class WorkloadLaunch {
 public:
  /// What it refers to lives longer. Nothing has an address yet.
  WorkloadLaunch(const registry::Definition& definition, const WorkloadCase& made)
      : definition_(definition), case_(made) {}

  /// Bytes of addresses that all of it takes.
  [[nodiscard]] std::uint64_t bytes() const;
  /// Gives it addresses from here on, a multiple of replayer::kCell; before all that follows.
  void place(std::uint64_t first);

  /// The engine's kernel that is none, by this name.
  static constexpr const char* kKernel = "workload";
  [[nodiscard]] const match::RuleSpec& rule() const { return rule_; }
  /// A window of nothing but memory, each tensor with at least 64 KiB before and behind it in its
  /// mapping, and with addresses around that where nothing is mapped.
  [[nodiscard]] std::unique_ptr<replayer::Plan> plan() const;
  /// Makes the plan's pages known. Outputs hold zeros.
  void remember(replayer::Contents& contents) const;

  /// One tensor, where it lies.
  struct Placed {
    const TensorLayout* layout;
    std::uint64_t address, bytes;
    bool is_output;
  };
  [[nodiscard]] const std::vector<Placed>& tensors() const { return tensors_; }

 private:
  /// Returns where the addresses end.
  std::uint64_t lay_out(std::uint64_t first, std::vector<Placed>& tensors) const;
  void make_rule();
  /// Calls visit(index of the tensor, page within it, its content).
  template <class Visit>
  void each_page(Visit&& visit) const;

  const registry::Definition& definition_;
  const WorkloadCase& case_;
  std::vector<Placed> tensors_;
  match::RuleSpec rule_;
};

}  // namespace fib::judge
