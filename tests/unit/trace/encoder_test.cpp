// SPDX-License-Identifier: Apache-2.0
#include "trace/encoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "trace/records.h"

/// The address sanitizer ends the program when an allocation cannot be had; here that is the test.
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "allocator_may_return_null=1";
}

namespace fib::trace {
namespace {

TEST(RecordBuffer, GrowsToItsBudgetAndNotBeyond) {
  RecordBuffer buffer(10'000);
  const std::vector<std::byte> data(6000);
  EXPECT_TRUE(buffer.append(data.data(), data.size()));
  EXPECT_FALSE(buffer.append(data.data(), data.size()));
  EXPECT_EQ(6000u, buffer.size());
  EXPECT_TRUE(buffer.append(data.data(), 4000));
  EXPECT_LE(buffer.capacity(), 10'000u);
  EXPECT_EQ(nullptr, buffer.extend(1));
  EXPECT_EQ(nullptr, buffer.extend(SIZE_MAX));
  EXPECT_FALSE(buffer.reserve(10'001));
}

TEST(RecordBuffer, ReservedBytesNeedNoMemory) {
  RecordBuffer buffer;
  ASSERT_TRUE(buffer.reserve(100));
  const std::byte* before = buffer.data();
  ASSERT_NE(nullptr, buffer.extend(100));
  EXPECT_EQ(before, buffer.data());
}

TEST(RecordBuffer, MovesItsBytes) {
  RecordBuffer buffer(1000);
  ASSERT_TRUE(buffer.append("abc", 3));
  RecordBuffer moved(std::move(buffer));
  EXPECT_EQ(3u, moved.size());
  EXPECT_EQ(1000u, moved.budget());
  ASSERT_TRUE(moved.pad());
  EXPECT_EQ(8u, moved.size());
  EXPECT_TRUE(moved.pad());
  EXPECT_EQ(8u, moved.size());
}

TEST(RecordBuffer, RefusesWhatMemoryCannotHold) {
  RecordBuffer buffer;
  EXPECT_EQ(nullptr, buffer.extend(SIZE_MAX / 4));
  EXPECT_TRUE(buffer.append("still usable", 12));
}

TEST(Encoder, RecordsAreWholeMultiplesOfEight) {
  RecordBuffer out;
  ASSERT_TRUE(encode_api(out, 1, 2, "cuInit", "Flags"));
  RecordHeader header;
  std::memcpy(&header, out.data(), sizeof header);
  EXPECT_EQ(0u, out.size() % 8);
  EXPECT_EQ(out.size(), header.bytes);
  EXPECT_EQ(1u, header.time);
}

TEST(Encoder, OverBudgetAppendsNothing) {
  const std::string name(50, 'x');
  RecordBuffer probe;
  ASSERT_TRUE(encode_thread(probe, 0, {}, name));
  for (std::size_t budget = 0; budget < probe.size(); ++budget) {
    RecordBuffer out(budget);
    EXPECT_FALSE(encode_thread(out, 0, {}, name));
    EXPECT_TRUE(out.empty());
  }
}

TEST(Encoder, GraphOverBudgetAppendsNothing) {
  RecordBuffer out(200);
  ASSERT_TRUE(encode_clock(out, 0, {}));
  const std::size_t before = out.size();
  {
    GraphBuilder graph(out, 0, {});
    for (int i = 0; i < 5; ++i) graph.add_node({});
    EXPECT_FALSE(graph.finish());
  }
  EXPECT_EQ(before, out.size());
}

TEST(Encoder, RefusesPartsThatTheirFieldsCannotCount) {
  RecordBuffer out;
  const std::string long_name(65'536, 'x');
  EXPECT_FALSE(encode_api(out, 0, 1, long_name, ""));
  EXPECT_FALSE(encode_api(out, 0, 1, "", long_name));
  const std::vector<std::uint64_t> words(65'536);
  EXPECT_FALSE(encode_call(out, 0, {}, words, {}));
  const std::vector<std::byte> half_an_attribute(36);
  EXPECT_FALSE(encode_launch(out, 0, 0, {}, {}, half_an_attribute));
  NodeParts node;
  node.attributes = half_an_attribute;
  EXPECT_FALSE(encode_graph_update(out, 0, {}, node));
  EXPECT_TRUE(out.empty());
}

TEST(Encoder, RefusesARecordThatNoChunkHolds) {
  RecordBuffer out;
  const std::vector<std::byte> blob(kMaxChunkBytes);
  EXPECT_FALSE(encode_call(out, 0, {}, {}, blob));
  EXPECT_TRUE(out.empty());
}

TEST(Encoder, NodesComeBeforeEdges) {
  RecordBuffer out;
  const GraphEdge edge{};
  GraphBuilder graph(out, 0, {});
  graph.add_node({}).add_edges({&edge, 1}).add_node({});
  EXPECT_FALSE(graph.finish());
}

}  // namespace
}  // namespace fib::trace
