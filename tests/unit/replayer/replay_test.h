// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "capture_builder.h"
#include "replayer/engine.h"

namespace fib::replayer::testing {

/// Replays in the test's process, over the simulated driver.
inline ReplayReport replay(const CaptureBuilder& capture, ReplayOptions options = {}) {
  options.gpu_times = false;
  Progress progress;
  ReplayTarget target;
  target.capture = capture.path();
  return replay_here(target, options, progress);
}

/// All that a report says, for messages of failed tests.
inline std::string text(const ReplayReport& report) { return to_json(report); }

inline void expect_exact(const ReplayReport& report) {
  EXPECT_EQ(report.status, ReplayReport::Status::Done) << text(report);
  EXPECT_EQ(report.window_verdict, Verdict::Exact) << text(report);
}

}  // namespace fib::replayer::testing
