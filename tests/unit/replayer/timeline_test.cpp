// SPDX-License-Identifier: Apache-2.0
#include "replayer/timeline.h"

#include <gtest/gtest.h>

#include "replayer/bubbles.h"

namespace fib::replayer {
namespace {

/// Streams 0 and 1 are non-blocking, 2 is blocking, 3 the legacy one.
class TimelineTest : public ::testing::Test {
 protected:
  TimelineTest() {
    timeline.streams = {{1, 10, 0, false, false},
                        {1, 11, 0, false, false},
                        {1, 12, 0, false, true},
                        {1, 1, 0, true, true}};
    timeline.names = {"kernel"};
  }

  std::size_t kernel(std::size_t stream, std::uint64_t issued, std::uint64_t ns) {
    return add(TimelineWork::Kind::Kernel, stream, issued, ns, 0, next_call_++);
  }
  void record(std::size_t stream, std::uint64_t issued, std::uint64_t event) {
    add(TimelineWork::Kind::Record, stream, issued, 0, event, next_call_++);
  }
  void wait(std::size_t stream, std::uint64_t issued, std::uint64_t event) {
    add(TimelineWork::Kind::Wait, stream, issued, 0, event, next_call_++);
  }
  std::size_t node(std::uint32_t call, std::uint64_t issued, std::uint64_t ns,
                   std::vector<std::size_t> after) {
    next_call_ = call + 1;
    const std::size_t at = add(TimelineWork::Kind::Kernel, 0, issued, ns, 0, call);
    timeline.works[at].after = std::move(after);
    return at;
  }
  void expect(std::size_t span, std::uint64_t start, std::uint64_t end, bool host_late) {
    const auto spans = simulate(timeline);
    ASSERT_LT(span, spans.size());
    EXPECT_EQ(start, spans[span].start_ns);
    EXPECT_EQ(end, spans[span].end_ns);
    EXPECT_EQ(host_late, spans[span].host_late);
  }

  Timeline timeline;

 private:
  std::size_t add(TimelineWork::Kind kind, std::size_t stream, std::uint64_t issued,
                  std::uint64_t ns, std::uint64_t event, std::uint32_t call) {
    timeline.works.push_back({kind, stream, issued, ns, event, 0, call, {}});
    return timeline.works.size() - 1;
  }
  std::uint32_t next_call_ = 1;
};

TEST_F(TimelineTest, AStreamWorksInItsOrder) {
  kernel(0, 100, 50);
  kernel(0, 110, 20);
  kernel(0, 300, 10);
  expect(0, 100, 150, true);
  expect(1, 150, 170, false);
  expect(2, 300, 310, true);
}

TEST_F(TimelineTest, StreamsOverlap) {
  kernel(0, 100, 50);
  kernel(1, 110, 50);
  expect(1, 110, 160, true);
  const BubbleReport report = find_bubbles(simulate(timeline), 5);
  EXPECT_EQ(60u, report.span_ns);
  EXPECT_EQ(60u, report.busy_ns);
  EXPECT_EQ(100u, report.kernel_ns);
  EXPECT_EQ(0u, report.gaps);
}

TEST_F(TimelineTest, EventsOrderStreams) {
  kernel(0, 100, 50);
  record(0, 101, 7);
  wait(1, 102, 7);
  kernel(1, 103, 10);
  wait(1, 104, 8);  // never recorded: nothing to wait for
  kernel(1, 105, 10);
  expect(1, 150, 160, false);
  expect(2, 160, 170, false);
}

TEST_F(TimelineTest, TheLegacyStreamWaitsForBlockingOnes) {
  kernel(2, 100, 50);
  kernel(0, 100, 500);
  kernel(3, 101, 10);
  kernel(2, 102, 10);
  expect(2, 150, 160, false);
  expect(3, 160, 170, false);
}

TEST_F(TimelineTest, OtherContextsDoNotWait) {
  timeline.streams.push_back({2, 1, 0, true, true});
  kernel(2, 100, 50);
  kernel(4, 101, 10);
  expect(1, 101, 111, true);
}

TEST_F(TimelineTest, NodesOfAGraphWaitForTheirEdgesOnly) {
  kernel(0, 50, 100);
  const std::size_t root = node(5, 100, 10, {});
  node(5, 100, 30, {root});
  const std::size_t other = node(5, 100, 20, {root});
  node(5, 100, 5, {other});
  kernel(0, 101, 1);
  expect(1, 150, 160, false);
  expect(2, 160, 190, false);
  expect(3, 160, 180, false);
  expect(4, 180, 185, false);
  expect(5, 190, 191, false);
}

TEST(Bubbles, GapsAreBetweenKernels) {
  const BubbleReport report = find_bubbles(
      {{3, 500, 600, false}, {0, 100, 200, true}, {1, 250, 400, true}, {2, 260, 300, false}}, 1);
  EXPECT_EQ(4u, report.kernels);
  EXPECT_EQ(500u, report.span_ns);
  EXPECT_EQ(350u, report.busy_ns);
  EXPECT_EQ(2u, report.gaps);
  EXPECT_EQ(150u, report.gap_ns);
  EXPECT_EQ(1u, report.host_gaps);
  EXPECT_EQ(50u, report.host_gap_ns);
  ASSERT_EQ(1u, report.longest.size());
  EXPECT_EQ(100u, report.longest[0].ns());
  EXPECT_EQ(1u, report.longest[0].before);
  EXPECT_EQ(3u, report.longest[0].after);
  EXPECT_DOUBLE_EQ(0.7, report.busy_share());
  EXPECT_DOUBLE_EQ(500.0 / 350.0, report.speedup_bound().value_or(0));
}

TEST(Bubbles, NothingIsNothing) {
  const BubbleReport report = find_bubbles({}, 5);
  EXPECT_EQ(0u, report.span_ns);
  EXPECT_EQ(0, report.busy_share());
  EXPECT_FALSE(report.speedup_bound().has_value());
}

}  // namespace
}  // namespace fib::replayer
