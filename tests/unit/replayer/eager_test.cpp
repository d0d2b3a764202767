// SPDX-License-Identifier: Apache-2.0
#include "replay_test.h"

namespace fib::replayer::testing {
namespace {

using driver::Api;
using trace::RegionKind;

constexpr int kCount = 50000;  // four pages, the last one not whole

class EagerReplay : public ::testing::Test {
 protected:
  CaptureBuilder capture;
};

TEST_F(EagerReplay, RunsLaunchesInOrder) {
  const std::uint32_t load = capture.load();
  const std::uint32_t scale = capture.kernel(kScale, load), saxpy = capture.kernel(kSaxpy, load);
  const std::size_t x = capture.region(RegionKind::Device, capture.address(0), floats(kCount, 2));
  const std::size_t y =
      capture.region(RegionKind::Device, capture.address(64 << 20), floats(kCount, 1));
  capture.begin();
  capture.launch(scale, kCount, pack(capture.address(0), 3.0F, kCount));
  capture.launch(saxpy, kCount, pack(kCount, 2.0F, capture.address(0), capture.address(64 << 20)));
  capture.content(x) = floats(kCount, 6);
  capture.content(y) = floats(kCount, 13);
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  ASSERT_EQ(report.launches.size(), 2u);
  EXPECT_EQ(report.launches[0].verdict, Verdict::Exact);
  EXPECT_EQ(report.launches[1].number, 2u);
  EXPECT_TRUE(report.deviations.empty()) << text(report);
}

TEST_F(EagerReplay, TellsAMismatchAndItsPage) {
  const std::uint32_t fill = capture.kernel(kFill, capture.load());
  const std::size_t x = capture.region(RegionKind::Device, capture.address(0), floats(kCount, 2));
  capture.begin();
  capture.launch(fill, kCount, pack(capture.address(0), 3.0F, kCount));
  capture.content(x) = floats(kCount, 3);
  capture.content(x)[70000] = std::byte{1};  // in the second page
  capture.end();
  const ReplayReport report = replay(capture);
  EXPECT_EQ(report.status, ReplayReport::Status::Done) << text(report);
  EXPECT_EQ(report.window_verdict, Verdict::Mismatch) << text(report);
  EXPECT_EQ(report.different_pages, 1u);
  ASSERT_EQ(report.examples.size(), 1u);
  EXPECT_EQ(report.examples[0].address, capture.address(65536));
}

TEST_F(EagerReplay, TellsNondeterminism) {
  const std::uint32_t sum = capture.kernel(kRandomOrderSum, capture.load());
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) values.push_back(1.0F / static_cast<float>(i + 1));
  capture.region(RegionKind::Device, capture.address(0), bytes_of(values));
  constexpr int kBlocks = 16;  // each adds in an order of its own
  const std::size_t out =
      capture.region(RegionKind::Device, capture.address(1 << 21), floats(kBlocks, 0));
  capture.begin();
  capture.launch(sum, 32 * kBlocks, pack(capture.address(0), capture.address(1 << 21), 3000));
  capture.content(out) = floats(kBlocks, 8.5F);
  capture.end();
  const ReplayReport report = replay(capture);
  EXPECT_EQ(report.window_verdict, Verdict::Nondeterministic) << text(report);
}

TEST_F(EagerReplay, CopiesPayloadsAndMemory) {
  const std::size_t x = capture.region(RegionKind::Device, capture.address(0), floats(kCount, 2));
  const std::size_t y =
      capture.region(RegionKind::Device, capture.address(2 << 20), floats(kCount, 1));
  const std::size_t pinned =
      capture.region(RegionKind::Pinned, capture.address(1 << 30), floats(100, 0));
  capture.begin();
  capture.payload(trace::PayloadKind::Source, 0x1234, floats(kCount, 7));
  capture.call(Api::cuMemcpyHtoD_v2, {capture.address(0), 0x1234, kCount * 4});
  capture.call(Api::cuMemcpyDtoDAsync_v2, {capture.address(2 << 20), capture.address(4), 400, 0});
  capture.call(Api::cuMemcpyDtoH_v2, {0x5678, capture.address(0), 4000});  // nobody looks
  capture.call(Api::cuMemcpyDtoHAsync_v2, {capture.address(1 << 30), capture.address(0), 400, 0});
  capture.call(Api::cuMemsetD32Async, {capture.address(1000), 0, 10, 0});
  capture.content(x) = floats(kCount, 7);
  std::memset(capture.content(x).data() + 1000, 0, 40);
  std::memcpy(capture.content(y).data(), floats(100, 7).data(), 400);
  capture.content(pinned) = floats(100, 7);
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  EXPECT_EQ(report.host_pages, 0u) << text(report);
  EXPECT_TRUE(report.deviations.empty()) << text(report);
}

TEST_F(EagerReplay, FollowsStreamsAndEvents) {
  const std::uint32_t load = capture.load(true);
  const std::uint32_t fill = capture.kernel(kFill, load, trace::kKernelIsLibraryKernel);
  const std::uint32_t spin = capture.kernel(kSpin, load), copy = capture.kernel(kCopy, load);
  const std::size_t x = capture.region(RegionKind::Pool, capture.address(0), floats(64, 2));
  const std::size_t y = capture.region(RegionKind::Managed, capture.address(4096), floats(64, 2));
  capture.stream(0xa1, CU_STREAM_NON_BLOCKING);
  capture.begin();
  capture.call(Api::cuStreamCreate, {0xa2, CU_STREAM_NON_BLOCKING});
  capture.call(Api::cuEventCreate, {0xe1, CU_EVENT_DISABLE_TIMING});
  capture.launch(spin, 1, pack(30000), 0xa1);
  capture.launch(fill, 64, pack(capture.address(0), 5.0F, 64), 0xa1);
  capture.call(Api::cuEventRecord, {0xe1, 0xa1});
  capture.call(Api::cuStreamWaitEvent, {0xa2, 0xe1, 0});
  capture.launch(copy, 64, pack(capture.address(0), capture.address(4096), 64), 0xa2);
  capture.call(Api::cuStreamSynchronize, {0xa2});
  capture.call(Api::cuStreamDestroy_v2, {0xa2});
  capture.call(Api::cuCtxSynchronize, {});
  capture.content(x) = floats(64, 5);
  capture.content(y) = floats(64, 5);
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  EXPECT_TRUE(report.deviations.empty()) << text(report);
}

TEST_F(EagerReplay, OrdersThreadsByTime) {
  const std::uint32_t add = capture.kernel(kAddOne, capture.load());
  const std::uint32_t scale = capture.kernel(kScale, 1);
  const std::size_t x = capture.region(RegionKind::Device, capture.address(0), floats(1, 0));
  capture.begin();
  capture.launch(add, 1, pack(capture.address(0)), 0, {}, 0, 3);
  capture.launch(scale, 1, pack(capture.address(0), 0.0F, 1), 0, {}, 0, 1);
  capture.launch(add, 1, pack(capture.address(0)), 2, {}, trace::kLaunchPerThreadStream, 3);
  capture.content(x) = pack(32);  // once per thread
  capture.end();
  expect_exact(replay(capture));
}

TEST_F(EagerReplay, BringsGlobalsBackByName) {
  const std::uint32_t load = capture.load();
  const std::uint32_t use = capture.kernel(kUseGlobals, load);
  const std::size_t x = capture.region(RegionKind::Device, capture.address(0), floats(8, 3));
  trace::RegionRecord of_load{};
  of_load.load = load;
  capture.region(RegionKind::Symbol, capture.address(0x1000000100), pack(2.0F, 0.5F), of_load,
                 "coefficients");
  const std::size_t counter = capture.region(RegionKind::Symbol, capture.address(0x1000000200),
                                             pack(41), of_load, "launch_counter");
  capture.begin();
  capture.launch(use, 8, pack(capture.address(0), 8));
  capture.call(Api::cuMemcpyDtoD_v2, {capture.address(4), capture.address(0x1000000200), 4});
  capture.content(counter) = pack(42);
  capture.content(x) = floats(8, 6.5F);
  std::memcpy(capture.content(x).data() + 4, pack(42).data(), 4);
  capture.end();
  expect_exact(replay(capture));
}

TEST_F(EagerReplay, RebasesParametersThatPointIntoGlobals) {
  const std::uint32_t load = capture.load();
  const std::uint32_t add = capture.kernel(kAddOne, load);
  trace::RegionRecord of_load{};
  of_load.load = load;
  const std::size_t counter = capture.region(RegionKind::Symbol, capture.address(0x1000000200),
                                             pack(41), of_load, "launch_counter");
  capture.begin();
  capture.launch(add, 1, pack(capture.address(0x1000000200)));
  capture.content(counter) = pack(41 + 32);  // once per thread
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  EXPECT_EQ(report.rebased_words, 2u) << text(report);  // one in each run
}

TEST_F(EagerReplay, GivesRegionsOfTheWindowTheirFirstContent) {
  const std::uint32_t load = capture.load(), scale = capture.kernel(kScale, load);
  capture.region(RegionKind::Device, capture.address(0), floats(16, 1));
  capture.begin();
  capture.call(Api::cuMemFree_v2, {capture.address(0)});
  capture.call(Api::cuMemAlloc_v2, {capture.address(0), 128});
  const std::size_t x = capture.birth(RegionKind::Device, capture.address(0), floats(32, 4));
  capture.launch(scale, 32, pack(capture.address(0), 2.0F, 32));
  capture.content(x) = floats(32, 8);
  capture.end();
  expect_exact(replay(capture));
}

TEST_F(EagerReplay, SkipsWhatFailedAndWhatWasCaptured) {
  const std::uint32_t fill = capture.kernel(kFill, capture.load());
  capture.region(RegionKind::Device, capture.address(0), floats(16, 1));
  capture.begin();
  trace::LaunchRecord failed{};
  failed.result = 1;
  capture.launch(fill, 16, pack(capture.address(0), 2.0F, 16), 0, failed);
  capture.call(Api::cuStreamBeginCapture_v2, {0xa1, 0});
  capture.launch(fill, 16, pack(capture.address(0), 2.0F, 16), 0xa1, {}, trace::kLaunchCaptured);
  capture.call(Api::cuMemsetD8Async, {capture.address(0), 0, 16, 0xa1});
  capture.call(Api::cuStreamEndCapture, {0xa1, 0xb1});
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  EXPECT_EQ(report.launches.size(), 0u);
  EXPECT_TRUE(report.deviations.empty()) << text(report);
}

TEST_F(EagerReplay, AppliesEffectsInsteadOfLaunching) {
  const std::uint32_t fill = capture.kernel(kFill, capture.load(false, false));
  const std::uint32_t scale = capture.kernel(kScale, capture.load());
  const std::size_t x = capture.region(RegionKind::Device, capture.address(0), floats(16, 1));
  capture.begin();
  capture.launch(fill, 16, pack(capture.address(0), 2.0F, 16));
  capture.content(x) = floats(16, 9);
  capture.point(trace::PointKind::Effect, trace::EffectReason::Name);
  capture.launch(scale, 16, pack(capture.address(0), 2.0F, 16));
  capture.content(x) = floats(16, 18);
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  EXPECT_EQ(report.launches[0].verdict, Verdict::Effect);
  EXPECT_EQ(report.launches[1].verdict, Verdict::Exact);
}

TEST_F(EagerReplay, SaysWhyALaunchIsNotReplayable) {
  const std::uint32_t fill = capture.kernel(kFill, capture.load(false, false));
  capture.region(RegionKind::Device, capture.address(0), floats(16, 1));
  capture.begin();
  capture.launch(fill, 16, pack(capture.address(0), 1.0F, 16));
  capture.end();
  const ReplayReport report = replay(capture);
  EXPECT_EQ(report.status, ReplayReport::Status::Done);
  EXPECT_EQ(report.launches[0].verdict, Verdict::NotReplayable);
  EXPECT_NE(report.launches[0].reason.find("not recorded"), std::string::npos);
}

TEST_F(EagerReplay, NamesCallsThatItCannotReplay) {
  capture.region(RegionKind::Device, capture.address(0), floats(16, 1));
  capture.begin();
  capture.call(Api::cuLaunchHostFunc, {0, 0x77, 0});
  capture.call(Api::cuMemcpyAtoD_v2, {capture.address(0), 0xaaaa, 0, 16});
  capture.end();
  const ReplayReport report = replay(capture);
  EXPECT_EQ(report.deviations.size(), 2u) << text(report);
}

}  // namespace
}  // namespace fib::replayer::testing
