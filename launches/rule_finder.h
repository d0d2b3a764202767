// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "launches/kernel_code.h"
#include "launches/launch_forms.h"
#include "registry/match/match_table.h"

namespace fib::launches {

/// The rules of a table that may apply to the kernels of a capture's processes.
class RuleFinder {
 public:
  /// Both outlive this.
  RuleFinder(const trace::Capture& capture, const match::MatchTable& table);

  /// Of a kernel that was launched so. `process` is the one of the last enter().
  [[nodiscard]] const match::KernelRules& of(const ProcessLaunches& process, const LaunchForm& form,
                                             const LaunchedKernel& kernel);
  /// Numbers of kernels belong to one log: what was found for others is forgotten.
  void enter() { rules_.clear(); }
  /// Whether a rule describes kernels of this name at all.
  [[nodiscard]] bool names(const std::string& kernel) const;

 private:
  KernelCodeReader code_;
  const match::MatchTable& table_;
  bool needs_code_ = false;
  std::map<std::uint32_t, match::KernelRules> rules_;  ///< by kernel
};

}  // namespace fib::launches
