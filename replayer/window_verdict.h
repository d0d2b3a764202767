// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replayer/divergence.h"
#include "replayer/report.h"
#include "replayer/window_run.h"

namespace fib::replayer {

/// Says how the runs ended: all as recorded, differing from each other, or agreeing on something
/// else.
void judge_window(Machine& machine, const std::vector<RunResult>& runs, const LaunchTable& launches,
                  ReplayReport& report);
/// What verdicts of launches add where nothing is left to compare at the end.
void judge_launches(const LaunchTable& launches, ReplayReport& report);
/// What comparing at the points of the recording adds: nothing if they all agree.
void judge_points(const std::optional<Divergence>& divergence, LaunchTable& launches,
                  ReplayReport& report);
/// What the window's verdict means for launches that have none of their own.
void spread_verdict(LaunchTable& launches, const ReplayReport& report);

}  // namespace fib::replayer
