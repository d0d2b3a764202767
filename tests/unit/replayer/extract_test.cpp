// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "graph_maker.h"
#include "replay_test.h"
#include "replayer/supervisor.h"

namespace fib::replayer::testing {
namespace {

using trace::RegionKind;
using Json = nlohmann::json;

constexpr int kCount = 1000;

/// Replays in children, as one process can hold the memory of one capture only.
class Extract : public ::testing::Test {
 protected:
  Json extract(std::uint64_t launch) {
    ReplayOptions options;
    options.gpu_times = false;
    options.extracts = {{launch, to().string()}};
    return Json::parse(supervise({capture.path(), "", 0}, options, {}));
  }
  Json replay_extract() {
    ReplayOptions options;
    options.gpu_times = false;
    options.verify = ReplayOptions::Verify::Launch;
    return Json::parse(supervise({to(), "", 0}, options, {}));
  }
  void expect_extract(std::uint64_t launch, std::uint64_t pages) {
    const Json written = extract(launch);
    ASSERT_EQ(written["status"], "done") << written;
    EXPECT_EQ(written["extracts"][0]["pages"], pages) << written;
    const Json report = replay_extract();
    EXPECT_EQ(report["outcome"]["verdict"], "exact") << report;
    ASSERT_EQ(report["launches"].size(), 1u);
    EXPECT_EQ(report["launches"][0]["verdict"], "exact") << report;
  }
  static trace::Hash content_hash_of(float value) {
    return trace::content_hash(floats(kCount, value));
  }
  [[nodiscard]] std::filesystem::path to() const { return capture.path() / "extract"; }

  CaptureBuilder capture;
};

TEST_F(Extract, HoldsWhatTheParametersPointTo) {
  const std::uint32_t load = capture.load();
  const std::uint32_t fill = capture.kernel(kFill, load), saxpy = capture.kernel(kSaxpy, load);
  const std::uint64_t x = capture.address(0), y = capture.address(1 << 24);
  capture.region(RegionKind::Device, x, floats(kCount, 1));
  capture.region(RegionKind::Device, y, floats(kCount, 2));
  capture.region(RegionKind::Device, capture.address(1 << 25), floats(100000, 3));  // out of reach
  capture.begin();
  capture.launch(fill, kCount, pack(x, 5.0F, kCount));
  capture.launch(saxpy, kCount, pack(kCount, 2.0F, x, y));
  capture.end();
  expect_extract(2, 2);
}

TEST_F(Extract, FollowsPointersOneLevelIntoMemory) {
  static const KernelSpec kBigStruct{"_Z10big_struct9BigStruct", {{0, 1304}}};
  const std::uint32_t big = capture.kernel(kBigStruct, capture.load());
  struct Arguments {
    int n, inputs;
    std::uint64_t in[32];
    char padding[1024];
    std::uint64_t out;
  } arguments{};
  arguments.n = kCount;
  arguments.inputs = 2;
  for (std::uint64_t i = 0; i < 2; ++i) {
    arguments.in[i] = capture.address(i << 22);
    capture.region(RegionKind::Device, arguments.in[i], floats(kCount, static_cast<float>(i + 1)));
  }
  arguments.out = capture.address(1 << 24);
  capture.region(RegionKind::Device, arguments.out, floats(kCount, 0));
  ByteVector params(sizeof arguments);
  std::memcpy(params.data(), &arguments, sizeof arguments);
  capture.begin();
  capture.launch(big, kCount, params);
  capture.end();
  expect_extract(1, 3);
}

TEST_F(Extract, TakesNodesOutOfGraphs) {
  const std::uint32_t scale = capture.kernel(kScale, capture.load(true));
  const std::uint64_t x = capture.address(0);
  capture.region(RegionKind::Device, x, floats(kCount, 1));
  GraphMaker graph;
  const auto first = graph.kernel(scale, kCount, pack(x, 2.0F, kCount));
  const auto second = graph.kernel(scale, kCount, pack(x, 3.0F, kCount));
  graph.edge(first, second);
  capture.begin();
  graph.write(capture, 1);
  capture.graph_launch(1);
  capture.graph_launch(1);
  capture.end();
  expect_extract(4, 1);
}

TEST_F(Extract, HasTheGlobalsOfItsImage) {
  const std::uint32_t load = capture.load();
  const std::uint32_t use = capture.kernel(kUseGlobals, load);
  trace::RegionRecord of_load{};
  of_load.load = load;
  capture.region(RegionKind::Device, capture.address(0), floats(8, 3));
  capture.region(RegionKind::Symbol, capture.address(0x1000000100), pack(2.0F, 0.5F), of_load,
                 "coefficients");
  capture.region(RegionKind::Symbol, capture.address(0x1000000200), pack(41), of_load,
                 "launch_counter");
  capture.begin();
  capture.launch(use, 8, pack(capture.address(0), 8));
  capture.end();
  expect_extract(1, 3);
}

TEST_F(Extract, TakesSeveralInOnePass) {
  const std::uint32_t scale = capture.kernel(kScale, capture.load(true));
  const std::uint64_t x = capture.address(0);
  capture.region(RegionKind::Device, x, floats(kCount, 1));
  GraphMaker graph;
  const auto first = graph.kernel(scale, kCount, pack(x, 2.0F, kCount));
  const auto second = graph.kernel(scale, kCount, pack(x, 3.0F, kCount));
  const auto third = graph.kernel(scale, kCount, pack(x, 0.5F, kCount));
  graph.edge(first, second);
  graph.edge(second, third);
  capture.begin();
  graph.write(capture, 1);
  capture.launch(scale, kCount, pack(x, 4.0F, kCount));
  capture.graph_launch(1);
  capture.launch(scale, kCount, pack(x, 0.25F, kCount));
  capture.end();
  // What each of them finds, and leaves: 1 4 8 24 12 3.
  const std::map<std::uint64_t, std::pair<float, float>> expected = {
      {5, {12, 3}}, {1, {1, 4}}, {2, {4, 8}}, {4, {24, 12}}};
  ReplayOptions options;
  options.gpu_times = false;
  for (const auto& [launch, values] : expected)
    options.extracts.push_back({launch, (to() / std::to_string(launch)).string()});
  options.extracts.push_back({9, (to() / "none").string()});
  const Json written = Json::parse(supervise({capture.path(), "", 0}, options, {}));
  ASSERT_EQ(written["status"], "done") << written;
  ASSERT_EQ(written["extracts"].size(), 5u) << written;
  EXPECT_TRUE(written["extracts"][4].contains("problem")) << written;
  for (const auto& [launch, values] : expected) {
    const std::filesystem::path path = to() / std::to_string(launch);
    const trace::Capture extract = trace::open_capture(path);
    const auto plan = read_plan(extract.processes.at(0), 0);
    EXPECT_EQ(plan->state.at(0), content_hash_of(values.first)) << launch;
    ASSERT_EQ(plan->changed.size(), 1u) << launch;
    EXPECT_EQ(plan->changed[0].hash, content_hash_of(values.second)) << launch;
    options.extracts.clear();
    const Json report = Json::parse(supervise({path, "", 0}, options, {}));
    EXPECT_EQ(report["outcome"]["verdict"], "exact") << report;
  }
}

TEST_F(Extract, RefusesEffectsAndNumbersThatAreNotThere) {
  const std::uint32_t fill = capture.kernel(kFill, capture.load());
  capture.region(RegionKind::Device, capture.address(0), floats(8, 3));
  capture.begin();
  capture.launch(fill, 8, pack(capture.address(0), 1.0F, 8));
  capture.point(trace::PointKind::Effect, trace::EffectReason::Name);
  capture.end();
  const Json effect = extract(1);
  EXPECT_EQ(effect["status"], "refused") << effect;
  EXPECT_NE(effect["message"].get<std::string>().find("effect"), std::string::npos) << effect;
  EXPECT_EQ(extract(2)["status"], "refused");
}

}  // namespace
}  // namespace fib::replayer::testing
