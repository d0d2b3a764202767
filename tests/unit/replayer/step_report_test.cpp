// SPDX-License-Identifier: Apache-2.0
#include "replayer/step_report.h"

#include <gtest/gtest.h>

namespace fib::replayer {
namespace {

/// Kernels one after the other on one stream.
struct Program {
  Timeline timeline;

  Program() {
    timeline.streams.push_back({1, 10, 0, false, false});
    timeline.names = {"first", "second", "third", "sample"};
  }
  void kernel(std::uint32_t name, std::uint64_t issued, std::uint64_t ns, std::uint32_t call) {
    timeline.works.push_back({TimelineWork::Kind::Kernel, 0, issued, ns, 0, name, call, {}});
  }
  /// Per step: three kernels of 100 ns each every 200 ns, then nothing for a while.
  void steps(int count) {
    std::uint32_t call = 1;
    for (int step = 0; step < count; ++step)
      for (std::uint32_t name = 0; name < 3; ++name)
        kernel(name, static_cast<std::uint64_t>(step) * 1000 + name * 200, 100, call++);
  }
  StepReport report() { return report_steps(timeline, simulate(timeline)); }
};

TEST(StepReport, FindsTheStepsOfALoop) {
  Program program;
  program.steps(5);
  const StepReport report = program.report();
  EXPECT_EQ(5u, report.steps);
  EXPECT_EQ(3u, report.calls);
  EXPECT_EQ(3u, report.kernels);
  EXPECT_EQ(1000u, report.period_ns);
  EXPECT_EQ(300u, report.busy_ns);
  EXPECT_EQ(200u, report.gap_ns);
  EXPECT_DOUBLE_EQ(1.0, report.match);
}

TEST(StepReport, AGraphLaunchIsOneCall) {
  Program program;
  for (std::uint32_t step = 0; step < 4; ++step)
    for (std::uint32_t name = 0; name < 3; ++name) program.kernel(name, step * 1000, 50, step + 1);
  const StepReport report = program.report();
  EXPECT_EQ(4u, report.steps);
  EXPECT_EQ(1u, report.calls);
  EXPECT_EQ(3u, report.kernels);
}

TEST(StepReport, StepsMayBeginWithANamedKernel) {
  Program program;
  program.steps(3);
  program.kernel(3, 9000, 10, 99);
  const auto report = report_steps(program.timeline, simulate(program.timeline),
                                   [](const std::string& name) { return name == "second"; });
  EXPECT_EQ(2u, report.steps);  // what follows the last one may be incomplete
  EXPECT_EQ(3u, report.calls);
  EXPECT_EQ(1000u, report.period_ns);
}

TEST(StepReport, NoStepsWithoutRepetition) {
  Program program;
  for (std::uint32_t i = 0; i < 4; ++i) program.kernel(i, i * 100, 10, i + 1);
  EXPECT_EQ(0u, program.report().steps);
  EXPECT_EQ(0u, report_steps(program.timeline, {}).steps);
}

}  // namespace
}  // namespace fib::replayer
