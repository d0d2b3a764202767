// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "replayer/machine.h"
#include "replayer/report.h"

namespace fib::replayer {

/// What to replay.
struct ReplayTarget {
  std::filesystem::path capture;
  std::string process;       ///< "": the only one with a window
  std::uint32_t window = 0;  ///< 0: the first
};

/// Replays in this process, which must have no CUDA context and stays spoiled for another replay.
/// Never throws for what a capture or a machine can cause: see ReplayReport::status.
[[nodiscard]] ReplayReport replay_here(const ReplayTarget& target, const ReplayOptions& options,
                                       Progress& progress);

/// The process of a capture that has the window. Throws trace::CaptureError, Refusal.
[[nodiscard]] trace::ProcessLog choose_process(const trace::Capture& capture,
                                               const ReplayTarget& target);

}  // namespace fib::replayer
