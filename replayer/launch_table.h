// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replayer/plan.h"

namespace fib::replayer {

enum class Verdict {
  Unverified,        ///< ran; whether it did what it did in the recording is not known
  Exact,             ///< every byte as recorded
  Nondeterministic,  ///< from the same input it does now this, now that
  Mismatch,          ///< agrees with itself, and not with the recording
  Effect,            ///< was not launched: its recorded effect was applied
  NotReplayable,     ///< neither launched nor applied
};
inline constexpr std::size_t kVerdicts = 6;

[[nodiscard]] const char* to_string(Verdict verdict);

/// One execution of a kernel in the window.
struct LaunchResult {
  std::uint64_t number = 0;   ///< 1, 2, 3 ... in the order of the replay
  std::size_t operation = 0;  ///< index into Plan::operations
  std::uint32_t kernel = 0;   ///< KernelRecord::kernel
  std::uint32_t exec = 0;     ///< executable graph, or 0
  std::uint32_t node = 0;     ///< in a graph: index into GraphState::nodes
  Verdict verdict = Verdict::Unverified;
  std::string reason;
  double gpu_ns = -1;       ///< -1: not measured
  std::uint64_t group = 0;  ///< launch that it ran together with, or 0
};

/// All kernel executions that the operations of a plan stand for, numbered.
class LaunchTable {
 public:
  explicit LaunchTable(const Plan& plan);

  [[nodiscard]] std::vector<LaunchResult>& all() { return launches_; }
  [[nodiscard]] const std::vector<LaunchResult>& all() const { return launches_; }
  /// Those of one operation: one for a launch, the kernel nodes in their order for a graph launch.
  [[nodiscard]] std::span<LaunchResult> of(std::size_t operation);
  /// Of a kernel node; null if it is none, or disabled.
  [[nodiscard]] LaunchResult* of(std::size_t operation, std::uint32_t node);
  [[nodiscard]] std::string kernel_name(const LaunchResult& launch) const;

 private:
  void add(std::size_t index, const Operation& operation);

  const Plan& plan_;
  std::vector<LaunchResult> launches_;
  std::vector<std::size_t> first_;  ///< by operation; one more at the end
};

}  // namespace fib::replayer
