// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "judge/trial/memory_state.h"
#include "judge/trial/stand_in.h"
#include "judge/trial/subject.h"
#include "judge/trial/workload_launch.h"
#include "replayer/memory_layout.h"

namespace fib::judge {

/// The sets of inputs that a Workload's trial has, where they belong in memory, and what the
/// reference makes of them. Number 0 is the Workload itself.
class Variants {
 public:
  /// What it refers to lives longer.
  Variants(const WorkloadCase& made, const WorkloadLaunch& launch) : case_(made), launch_(launch) {}

  [[nodiscard]] std::size_t count() const { return case_.variants.size(); }
  [[nodiscard]] bool has_outputs() const { return case_.has_outputs(); }
  [[nodiscard]] const std::string& note(std::size_t n) const { return case_.variants[n].note; }
  /// Puts its inputs, or its outputs, into a state that has the Workload's own inputs.
  void put_inputs(std::size_t n, const TrialMemory& memory, MemoryState& state) const;
  void put_outputs(std::size_t n, const TrialMemory& memory, MemoryState& state) const;
  /// Memory of inputs that are not the same in all of them; sorted, not joined.
  [[nodiscard]] std::vector<replayer::Range> varying() const;

  /// The one that is in memory, for whoever stands in for a kernel.
  void select(std::size_t n) { selected_ = n; }
  [[nodiscard]] std::size_t selected() const { return selected_; }
  [[nodiscard]] const WorkloadCase& all() const { return case_; }
  [[nodiscard]] const WorkloadLaunch& launch() const { return launch_; }

 private:
  void put(const TensorValues& values, const TrialMemory& memory, MemoryState& state) const;

  const WorkloadCase& case_;
  const WorkloadLaunch& launch_;
  std::size_t selected_ = 0;
};

/// Stands in for a kernel where outputs are known: copies those of the variant that is selected.
class StoredOutputs : public StandIn {
 public:
  /// Copies all of them to the GPU. Throws driver::DriverError.
  StoredOutputs(Subject& subject, const Variants& variants);
  ~StoredOutputs() override;
  StoredOutputs(const StoredOutputs&) = delete;
  StoredOutputs& operator=(const StoredOutputs&) = delete;
  [[nodiscard]] CUresult launch() override;

 private:
  struct Copy {
    CUdeviceptr to, from;
    std::uint64_t bytes;
  };
  Subject& subject_;
  const Variants& variants_;
  std::vector<std::vector<Copy>> copies_;  ///< by variant
};

}  // namespace fib::judge
