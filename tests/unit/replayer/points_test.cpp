// SPDX-License-Identifier: Apache-2.0
// Windows of which more is known than their end.
#include "replay_test.h"

namespace fib::replayer::testing {
namespace {

using driver::Api;
using trace::PointKind;
using trace::RegionKind;

constexpr int kCount = 100;

class Points : public ::testing::Test {
 protected:
  void SetUp() override {
    load = capture.load();
    fill = capture.kernel(kFill, load);
    x = capture.region(RegionKind::Device, capture.address(0), floats(kCount, 1));
  }
  void filled(float here, float recorded) {
    capture.launch(fill, kCount, pack(capture.address(0), here, kCount));
    capture.content(x) = floats(kCount, recorded);
    capture.point(PointKind::Digest);
  }
  CaptureBuilder capture;
  std::uint32_t load = 0, fill = 0;
  std::size_t x = 0;
};

TEST_F(Points, FindADivergenceThatTheEndDoesNotShow) {
  capture.begin(trace::VerifyLevel::Launch);
  filled(2, 2);
  filled(3, 4);
  filled(5, 5);
  capture.end();
  const ReplayReport report = replay(capture);
  EXPECT_EQ(report.window_verdict, Verdict::Mismatch) << text(report);
  EXPECT_NE(report.first_divergence.find("launch 2, _Z4fillPffi"), std::string::npos)
      << report.first_divergence;
  EXPECT_EQ(report.launches[0].verdict, Verdict::Exact);
  EXPECT_EQ(report.launches[1].verdict, Verdict::Mismatch);
  EXPECT_EQ(report.launches[2].verdict, Verdict::Unverified);
}

TEST_F(Points, AreEnoughWhereNothingIsLiveAtTheEnd) {
  capture.begin(trace::VerifyLevel::Launch);
  filled(2, 2);
  capture.call(Api::cuMemFree_v2, {capture.address(0)});
  capture.end();
  expect_exact(replay(capture));
}

TEST_F(Points, WithoutThemAndWithoutMemoryNothingIsKnown) {
  capture.begin();
  capture.launch(fill, kCount, pack(capture.address(0), 2.0F, kCount));
  capture.call(Api::cuMemFree_v2, {capture.address(0)});
  capture.content(x) = floats(kCount, 1);
  capture.end();
  const ReplayReport report = replay(capture);
  EXPECT_EQ(report.window_verdict, Verdict::Unverified) << text(report);
}

TEST_F(Points, WhoseContentIsMissingAreNamed) {
  capture.begin(trace::VerifyLevel::Launch);
  filled(2, 2);
  capture.end();
  // The first pair of chunks has the State, the second one the point.
  const auto pages = *std::filesystem::directory_iterator(capture.path() / "pages");
  std::filesystem::resize_file(pages, std::filesystem::file_size(pages) - 1);
  ReplayOptions options;
  options.verify = ReplayOptions::Verify::Launch;
  const ReplayReport report = replay(capture, options);
  EXPECT_EQ(report.status, ReplayReport::Status::Refused) << text(report);
  EXPECT_NE(report.message.find("page 0 of device memory"), std::string::npos) << report.message;
}

TEST_F(Points, AWindowThatWasNeverClosedRuns) {
  capture.begin();
  capture.launch(fill, kCount, pack(capture.address(0), 2.0F, kCount));
  capture.write();
  const ReplayReport report = replay(capture);
  EXPECT_EQ(report.status, ReplayReport::Status::Done) << text(report);
  EXPECT_EQ(report.window_verdict, Verdict::Unverified) << text(report);
  EXPECT_EQ(report.launches.size(), 1u);
}

}  // namespace
}  // namespace fib::replayer::testing
