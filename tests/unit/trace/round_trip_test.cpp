// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "log_builder.h"
#include "text_dump.h"
#include "trace/encoder.h"

namespace fib::trace {
namespace {

using namespace testing;

/// Encodes with `encode`, reads back and gives the dump's lines for it.
std::string round_trip(const std::function<bool(RecordBuffer&)>& encode) {
  RecordBuffer out;
  EXPECT_TRUE(encode(out));
  LogBuilder log;
  log.records(out.bytes()).end();
  TextDump dump;
  const ReadResult result = read_log(log.bytes, "log", dump);
  EXPECT_EQ(ReadStatus::Complete, result.status) << result.message;
  EXPECT_EQ(1u, result.records);
  const std::string text = dump.text();
  return text.substr(0, text.find("end records="));
}

TEST(RoundTrip, Process) {
  const StringPair strings[] = {{"a", "b c"}, {"", ""}, {"\"", std::string_view("\0\xff", 2)}};
  const ProcessRecord fixed{1, 2, -1, 3, 4, 12040, 5, 0, 0};
  EXPECT_EQ(
      "process pid=1 parent=2 rank=-1 local_rank=3 world_size=4 driver=12040 ticks_per_second=5 "
      "\"a\"=\"b c\" \"\"=\"\" \"\\x22\"=\"\\x00\\xff\"\n",
      round_trip([&](RecordBuffer& out) { return encode_process(out, 9, fixed, strings); }));
}

TEST(RoundTrip, Clock) {
  EXPECT_EQ("clock ticks=9 unix_ns=10 monotonic_ns=11\n", round_trip([](RecordBuffer& out) {
              return encode_clock(out, 9, {10, 11});
            }));
}

TEST(RoundTrip, Api) {
  EXPECT_EQ("api 65535 \"cuX\" \"\"\n",
            round_trip([](RecordBuffer& out) { return encode_api(out, 9, 65535, "cuX", ""); }));
}

TEST(RoundTrip, Device) {
  DeviceRecord fixed{7, 9, 1, 132, {}, 1ull << 40, 0, 0};
  fixed.uuid[0] = 0xab;
  EXPECT_EQ(
      "device 7 cc=9.1 sms=132 uuid=ab000000000000000000000000000000 memory=1099511627776 "
      "\"GPU\"\n",
      round_trip([&](RecordBuffer& out) { return encode_device(out, 9, fixed, "GPU"); }));
}

TEST(RoundTrip, Context) {
  const ContextLimit limits[] = {{1, 0, 2}, {3, 0, 4}};
  EXPECT_EQ("context 5 device=6 limit1=2 limit3=4\n", round_trip([&](RecordBuffer& out) {
              return encode_context(out, 9, {5, 6, 0}, limits);
            }));
}

TEST(RoundTrip, Load) {
  const LoadOption jit[] = {{1, 0, 2}, {3, 0, 4}};
  const LoadOption library[] = {{5, 0, 6}};
  const LoadRecord fixed{1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0};
  EXPECT_EQ(
      "load 1 time=9 flags=0 api=2 kind=3 handle=4 address=5 bytes=6 context=7 jit1=2 jit3=4 "
      "library5=6 \"/x\"\n",
      round_trip(
          [&](RecordBuffer& out) { return encode_load(out, 9, fixed, jit, library, "/x"); }));
}

TEST(RoundTrip, Image) {
  ImageRecord fixed{1, 2, {}, 3, 4, {}};
  fixed.hash[15] = 0xcd;
  EXPECT_EQ("image load=1 part=2 hash=000000000000000000000000000000cd bytes=3 kind=4\n",
            round_trip([&](RecordBuffer& out) { return encode_image(out, 9, fixed); }));
}

TEST(RoundTrip, Kernel) {
  const KernelParam params[] = {{0, 8}, {8, 4}};
  const KernelAttribute attributes[] = {{1, -2}};
  EXPECT_EQ(
      "kernel 1 time=9 flags=2 load=2 handle=3 param_bytes=12 params=[0+8][8+4] attribute1=-2 "
      "\"k\"\n",
      round_trip([&](RecordBuffer& out) {
        return encode_kernel(out, 9, 2, {1, 2, 3, 0, 12, 0, 0}, params, attributes, "k");
      }));
}

TEST(RoundTrip, Launch) {
  const LaunchRecord fixed{1, 2, {3, 4, 5}, {6, 7, 8}, 9, -10, 11, 12, 13, 0, 0, 14};
  const std::byte params[3] = {std::byte{1}, std::byte{2}, std::byte{3}};
  ByteVector attributes(2 * kLaunchAttributeBytes);
  attributes[0] = std::byte{4};
  attributes[8] = std::byte{0xee};
  attributes[kLaunchAttributeBytes] = std::byte{6};
  EXPECT_EQ(
      "launch thread=0 time=9 flags=1 kernel=1 duration=2 grid=3,4,5 block=6,7,8 shared=9 "
      "result=-10 stream=11 context=12 capture=13 api=14 params=010203 attribute4=ee" +
          std::string(126, '0') + " attribute6=" + std::string(128, '0') + "\n",
      round_trip(
          [&](RecordBuffer& out) { return encode_launch(out, 9, 1, fixed, params, attributes); }));
}

TEST(RoundTrip, GraphLaunch) {
  EXPECT_EQ(
      "graph_launch thread=0 time=9 flags=0 exec=1 duration=2 exec_handle=3 stream=4 context=5 "
      "result=6 api=7\n",
      round_trip([](RecordBuffer& out) {
        return encode_graph_launch(out, 9, {1, 2, 3, 4, 5, 6, 7, 0});
      }));
}

TEST(RoundTrip, Call) {
  const std::uint64_t words[] = {1, ~0ull};
  const ByteVector blob(8, std::byte{0x5a});
  EXPECT_EQ(
      "call thread=0 time=9 flags=0 api=1 result=2 duration=3 context=4 "
      "words=1,18446744073709551615 blobs=5a5a5a5a5a5a5a5a\n",
      round_trip([&](RecordBuffer& out) {
        return encode_call(out, 9, {1, 0, 2, 3, 0, 4}, words, blob);
      }));
}

TEST(RoundTrip, Graph) {
  NodeParts kernel;
  const ByteVector params(5, std::byte{1});
  kernel.fixed = {0, kKernelNodeType, 0, 2, kNoParent, 0};
  kernel.kernel = {3, {1, 2, 3}, {4, 5, 6}, 7, 0, 0};
  kernel.params = params;
  NodeParts other;
  other.fixed = {0, 1, kNodeConditionalBody, 8, 0, 0};
  other.params = params;
  const GraphEdge edges[] = {{0, 1, 2, 3, 4, {}}};
  EXPECT_EQ(
      "graph exec=1 time=9 flags=0 revision=2 exec_handle=3 graph_handle=4 graph_flags=5\n"
      "  node type=0 flags=0 handle=2 parent=4294967295 kernel=3 grid=1,2,3 block=4,5,6 shared=7 "
      "params=0101010101\n"
      "  node type=1 flags=2 handle=8 parent=0 kernel=0 grid=0,0,0 block=0,0,0 shared=0 "
      "params=0101010101000000\n"
      "  edge 0:2 -> 1:3 type=4\n",
      round_trip([&](RecordBuffer& out) {
        GraphBuilder graph(out, 9, {1, 2, 3, 4, 5, 0, 0});
        return graph.add_node(kernel).add_node(other).add_edges(edges).finish();
      }));
}

TEST(RoundTrip, EmptyGraph) {
  EXPECT_EQ("graph exec=1 time=9 flags=0 revision=0 exec_handle=0 graph_handle=0 graph_flags=0\n",
            round_trip([](RecordBuffer& out) {
              return GraphBuilder(out, 9, {1, 0, 0, 0, 0, 0, 0}).finish();
            }));
}

TEST(RoundTrip, GraphUpdate) {
  NodeParts node;
  node.fixed = {0, kKernelNodeType, kNodeParamsUnknown, 2, kNoParent, 0};
  node.kernel.kernel = 99;  // not written: unknown
  EXPECT_EQ(
      "graph_update exec=4 time=9 flags=0\n"
      "  node type=0 flags=1 handle=2 parent=4294967295 kernel=0 grid=0,0,0 block=0,0,0 shared=0 "
      "params=-\n",
      round_trip([&](RecordBuffer& out) {
        return encode_graph_update(out, 9, {4, 0}, node);
      }));
}

TEST(RoundTrip, Deviation) {
  EXPECT_EQ("deviation 7 time=9 flags=0 \"disk full\"\n", round_trip([](RecordBuffer& out) {
              return encode_deviation(out, 9, Deviation::StoreFailed, "disk full");
            }));
}

TEST(RoundTrip, Drops) {
  EXPECT_EQ("drops thread=1 records=2 bytes=3 launches=4\n", round_trip([](RecordBuffer& out) {
              return encode_drops(out, 9, {1, 0, 2, 3, 4});
            }));
}

TEST(RoundTrip, Thread) {
  EXPECT_EQ("thread 1 tid=2 \"worker\"\n", round_trip([](RecordBuffer& out) {
              return encode_thread(out, 9, {1, 2, 0, 0}, "worker");
            }));
}

TEST(RoundTrip, LargestParameterBlock) {
  const ByteVector params(32'764, std::byte{0xab});
  const std::string text =
      round_trip([&](RecordBuffer& out) { return encode_launch(out, 9, 0, {}, params, {}); });
  EXPECT_NE(std::string::npos, text.find("params=abab"));
  EXPECT_GT(text.size(), 2 * params.size());
}

// The decoder keeps its launch between records: an attribute must not leak into the next one.
TEST(RoundTrip, RecordsDoNotLeakIntoEachOther) {
  RecordBuffer out;
  const ByteVector attribute(kLaunchAttributeBytes);
  const std::uint64_t word = 1;
  ASSERT_TRUE(encode_launch(out, 1, 0, {}, attribute, attribute));
  ASSERT_TRUE(encode_launch(out, 2, 0, {}, {}, {}));
  ASSERT_TRUE(encode_call(out, 3, {}, {&word, 1}, attribute));
  ASSERT_TRUE(encode_call(out, 4, {}, {}, {}));
  LogBuilder log;
  log.records(out.bytes());
  const std::string text = dump_log(log.bytes);
  EXPECT_NE(std::string::npos, text.find("api=0 params=-\n"));
  EXPECT_NE(std::string::npos, text.find("words= blobs=-\n"));
}

}  // namespace
}  // namespace fib::trace
