// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launches/launch_forms.h"
#include "launches/rule_finder.h"
#include "registry/match/match_table.h"
#include "replayer/launch_table.h"

namespace fib::judge {

/// A launch of a window as a lookup sees it.
[[nodiscard]] launches::LaunchForm form_of(const replayer::Plan& plan,
                                           const replayer::LaunchResult& launch);

/// What a binding reads from a launch.
struct BoundLaunch {
  match::BoundRule rule;
  match::Bound bound{};
};

/// `process` is that of the finder's last enter(). A kernel that it does not know is bound by
/// nothing.
[[nodiscard]] BoundLaunch bind_launch(const match::MatchTable& table, launches::RuleFinder& rules,
                                      const launches::ProcessLaunches& process,
                                      const launches::LaunchForm& form);

}  // namespace fib::judge
