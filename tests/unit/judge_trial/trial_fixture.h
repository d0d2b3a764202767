// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "judge/trial/trial_child.h"
#include "tests/unit/replayer/capture_builder.h"

namespace fib::judge::testing {

using replayer::testing::CaptureBuilder;

/// What an engine launched: y[i] = x[i] * w[at[i]] + 1, or what else `kernel` does.
struct EngineLaunch {
  std::string kernel = "engine_mix";
  bool in_place = false;  ///< its output is an input as well
  int padding = 0;        ///< floats behind the output that belong to its region
  int repeat = 0;         ///< engine_repeat: elements of the output for each of x
};

/// A case of one launch of the engine, and a registry with candidates for it. Trials run in
/// children.
class TrialTest : public ::testing::Test {
 protected:
  static constexpr int kN = 600;

  void make_case(const EngineLaunch& engine = {});
  /// A Solution whose only kernel has this name, and its build; `launch`: instead of its launch
  /// block.
  void add_solution(const std::string& name, const std::string& launch = "");
  /// A launch block of two kernels with a workspace of so many bytes.
  [[nodiscard]] static std::string in_two_steps(const std::string& first, int bytes);
  void write(const std::string& file, const std::string& text) const;

  TrialOutcome run(const std::string& solution);
  /// That it passed, and nothing else; returns the result.
  TrialResult expect_passed(const std::string& solution);
  TrialResult expect_failed(const std::string& solution, registry::Status status,
                            const std::string& reason);

  /// Of make_case(): the engine's memory and launch.
  void make_capture(const EngineLaunch& engine);

  CaptureBuilder capture;
  trace::testing::TempDirectory directory;
  TrialRequest request;
  replayer::Supervision supervision;
};

/// All that a result says, for messages of failed tests.
[[nodiscard]] std::string text(const TrialOutcome& outcome);

}  // namespace fib::judge::testing
