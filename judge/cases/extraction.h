// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "replayer/supervisor.h"

/// Replays that cases need, in child processes of this program (see replayer::replay_child).
namespace fib::judge {

/// How windows are replayed.
struct ReplayChoice {
  replayer::Supervision supervision;
  std::map<int, int> device_map;  ///< recorded ordinal -> here
  bool force = false;             ///< go on with another GPU or driver
};

/// One launch that is to be taken out of a window.
struct Extraction {
  std::uint64_t launch = 0;
  std::filesystem::path to;   ///< directory to make
  std::string problem;        ///< afterwards: why there is no extract that replays; empty: there is
  bool deterministic = true;  ///< afterwards: its replays agree with each other
};

/// Extracts launches of one window in one pass, and replays each extract; those that do not give
/// the recorded bytes are written once more with all memory that can be reached. Throws
/// std::system_error when no child can be started.
void extract_and_verify(const replayer::ReplayTarget& window, std::vector<Extraction>& extractions,
                        const ReplayChoice& choice);

/// GPU time of each launch of a window at full speed, in nanoseconds, by its number; launches whose
/// time is not known are not there. `source` says how it was measured, or why it was not.
[[nodiscard]] std::map<std::uint64_t, double> launch_times(const replayer::ReplayTarget& window,
                                                           const ReplayChoice& choice,
                                                           std::string& source);

}  // namespace fib::judge
