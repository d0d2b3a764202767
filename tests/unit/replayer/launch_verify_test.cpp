// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "graph_maker.h"
#include "replay_test.h"

namespace fib::replayer::testing {
namespace {

using driver::Api;
using trace::PointKind;
using trace::RegionKind;

constexpr int kCount = 20000;  // two pages

class LaunchVerify : public ::testing::Test {
 protected:
  void SetUp() override {
    load = capture.load();
    fill = capture.kernel(kFill, load);
    scale = capture.kernel(kScale, load);
    x = capture.region(RegionKind::Device, at_x(), floats(kCount, 1));
    y = capture.region(RegionKind::Device, at_y(), floats(kCount, 2));
  }
  [[nodiscard]] std::uint64_t at_x() const { return capture.address(0); }
  [[nodiscard]] std::uint64_t at_y() const { return capture.address(1 << 24); }
  void digest() { capture.point(PointKind::Digest); }
  ReplayReport verify() {
    ReplayOptions options;
    options.verify = ReplayOptions::Verify::Launch;
    return replay(capture, options);
  }
  static std::string verdicts(const ReplayReport& report) {
    std::string text;
    for (const LaunchResult& launch : report.launches)
      text += (text.empty() ? "" : ", ") + std::string(to_string(launch.verdict));
    return text;
  }

  CaptureBuilder capture;
  std::uint32_t load = 0, fill = 0, scale = 0;
  std::size_t x = 0, y = 0;
};

TEST_F(LaunchVerify, ChecksEveryLaunchAgainstItsPoint) {
  capture.begin(trace::VerifyLevel::Launch);
  for (int i = 1; i <= 3; ++i) {
    capture.launch(scale, kCount, pack(at_x(), 2.0F, kCount));
    capture.content(x) = floats(kCount, static_cast<float>(1 << i));
    digest();
  }
  capture.end();
  const ReplayReport report = verify();
  expect_exact(report);
  EXPECT_EQ(verdicts(report), "exact, exact, exact");
  EXPECT_EQ(report.first_divergence, "");
}

TEST_F(LaunchVerify, NamesTheFirstLaunchThatDivergesAndSetsTheRestRight) {
  capture.begin(trace::VerifyLevel::Launch);
  capture.launch(scale, kCount, pack(at_x(), 2.0F, kCount));
  capture.content(x) = floats(kCount, 2);
  digest();
  capture.launch(fill, kCount, pack(at_y(), 8.0F, kCount));  // the recording had 9
  capture.content(y) = floats(kCount, 9);
  digest();
  capture.launch(scale, kCount, pack(at_y(), 2.0F, kCount));
  capture.content(y) = floats(kCount, 18);
  digest();
  capture.end();
  const ReplayReport report = verify();
  EXPECT_EQ(report.window_verdict, Verdict::Mismatch) << text(report);
  EXPECT_EQ(verdicts(report), "exact, mismatch, exact");
  EXPECT_NE(report.first_divergence.find("launch 2"), std::string::npos) << text(report);
  char where[64];
  std::snprintf(where, sizeof where, "at 0x%llx: 0x4100000041000000, recorded was",
                static_cast<unsigned long long>(at_y()));
  EXPECT_NE(report.first_divergence.find(where), std::string::npos) << report.first_divergence;
}

TEST_F(LaunchVerify, WithoutPointsTheEndTellsWhoWroteTheWrongPages) {
  capture.begin();
  capture.launch(scale, kCount, pack(at_x(), 2.0F, kCount));
  capture.launch(fill, kCount, pack(at_y(), 8.0F, kCount));
  capture.content(x) = floats(kCount, 2);
  capture.content(y) = floats(kCount, 9);
  capture.end();
  EXPECT_EQ(verdicts(verify()), "exact, mismatch");
}

TEST_F(LaunchVerify, CallsRandomOrderNondeterministic) {
  const std::uint32_t sum = capture.kernel(kRandomOrderSum, load);
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) values.push_back(1.0F / static_cast<float>(i + 1));
  capture.region(RegionKind::Device, capture.address(1 << 25), bytes_of(values));
  capture.begin(trace::VerifyLevel::Launch);
  constexpr int kBlocks = 16;  // each adds in an order of its own
  capture.launch(sum, 32 * kBlocks, pack(capture.address(1 << 25), at_y(), 3000));
  std::memcpy(capture.content(y).data(), pack(10.5F).data(), 4);
  digest();
  capture.launch(scale, kCount, pack(at_y(), 2.0F, kCount));
  capture.content(y) = floats(kCount, 4);
  std::memcpy(capture.content(y).data(), pack(21.0F).data(), 4);
  digest();
  capture.end();
  const ReplayReport report = verify();
  EXPECT_EQ(verdicts(report), "nondeterministic, exact") << text(report);
  EXPECT_EQ(report.window_verdict, Verdict::Nondeterministic) << text(report);
  EXPECT_NE(report.first_divergence.find("two runs from the same input"), std::string::npos);
}

TEST_F(LaunchVerify, TakesGraphsApart) {
  GraphMaker graph;
  const auto a = graph.kernel(scale, kCount, pack(at_x(), 2.0F, kCount));
  const auto b = graph.kernel(scale, kCount, pack(at_x(), 3.0F, kCount));
  const auto c = graph.kernel(fill, kCount, pack(at_y(), 7.0F, kCount));  // the recording had 6
  graph.edge(a, b);
  graph.edge(b, c);
  capture.begin(trace::VerifyLevel::Launch);
  graph.write(capture, 1);
  capture.graph_launch(1);
  capture.content(x) = floats(kCount, 6);
  capture.content(y) = floats(kCount, 6);
  digest();
  capture.graph_launch(1);
  capture.content(x) = floats(kCount, 36);
  digest();
  capture.end();
  EXPECT_EQ(verdicts(verify()), "exact, exact, mismatch, exact, exact, mismatch");
}

TEST_F(LaunchVerify, RunsLaunchesTogetherThatWaitForEachOther) {
  const std::uint32_t spin = capture.kernel(kSpin, load);
  capture.stream(0xa1, CU_STREAM_NON_BLOCKING);
  capture.stream(0xa2, CU_STREAM_NON_BLOCKING);
  capture.begin();
  capture.launch(spin, 1, pack(1'300'000), 0xa1);
  capture.launch(fill, kCount, pack(at_x(), 2.0F, kCount), 0xa2);
  capture.launch(scale, kCount, pack(at_x(), 2.0F, kCount), 0xa2);
  capture.content(x) = floats(kCount, 4);
  capture.end();
  const ReplayReport report = verify();
  expect_exact(report);
  ASSERT_EQ(report.launches.size(), 3u);
  EXPECT_EQ(report.launches[0].group, 1u) << text(report);
  EXPECT_EQ(report.launches[1].group, 1u) << text(report);
}

TEST_F(LaunchVerify, GoesOnBehindWhatCannotBeReplayed) {
  const std::uint32_t lost = capture.kernel(kCopy, capture.load(false, false));
  capture.begin(trace::VerifyLevel::Launch);
  capture.launch(lost, kCount, pack(at_x(), at_y(), kCount));
  capture.content(y) = floats(kCount, 1);
  digest();
  capture.launch(scale, kCount, pack(at_y(), 3.0F, kCount));
  capture.content(y) = floats(kCount, 3);
  digest();
  capture.end();
  EXPECT_EQ(verdicts(verify()), "not replayable, exact");
}

TEST_F(LaunchVerify, CopiesBetweenLaunchesAreNotBlamedOnThem) {
  capture.begin(trace::VerifyLevel::Launch);
  capture.launch(scale, kCount, pack(at_x(), 5.0F, kCount));
  capture.content(x) = floats(kCount, 5);
  digest();
  capture.call(Api::cuMemcpyDtoD_v2, {at_y(), at_x(), 400});
  std::memcpy(capture.content(y).data(), floats(100, 3).data(), 400);  // it was something else
  capture.launch(scale, kCount, pack(at_x(), 2.0F, kCount));
  capture.content(x) = floats(kCount, 10);
  digest();
  capture.end();
  EXPECT_EQ(verdicts(verify()), "exact, exact");
}

}  // namespace
}  // namespace fib::replayer::testing
