// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cli/facts_json.h"
#include "replayer/bubbles.h"
#include "replayer/launch_table.h"
#include "replayer/step_report.h"
#include "replayer/timeline.h"
#include "trace/capture.h"

namespace fib::cli {

/// What is known about when the GPU has nothing to do in a window.
struct TimelineFacts {
  std::string process, source;  ///< source of the kernels' GPU times
  std::uint32_t window = 0;
  bool paused = false;  ///< the recorder waited after every launch
  replayer::Timeline timeline;
  replayer::BubbleReport bubbles;
  replayer::StepReport steps;
};

struct TimelineRequest {
  std::uint32_t window = 0;                             ///< 0: the first
  std::size_t gaps = 10;                                ///< how many of the longest to keep
  std::function<bool(const std::string&)> step_begins;  ///< by mangled name; empty: by repetition
};

/// The text that `fib replay --json` wrote; `from` names it in messages. Throws CliError.
[[nodiscard]] nlohmann::ordered_json parse_replay_report(const std::string& text,
                                                         const std::string& from);
[[nodiscard]] nlohmann::ordered_json read_replay_report(const std::string& path);

/// The process of this name, or the only one. Throws CliError.
[[nodiscard]] trace::ProcessLog chosen_process(const std::string& capture,
                                               const std::string& process);

/// Puts a window together with the GPU times of its replay, which `report_of` is asked for by the
/// window's number. Throws CliError.
[[nodiscard]] TimelineFacts read_timeline_facts(
    const trace::ProcessLog& log, const TimelineRequest& request,
    const std::function<nlohmann::ordered_json(std::uint32_t)>& report_of);

}  // namespace fib::cli
