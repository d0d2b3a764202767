// SPDX-License-Identifier: Apache-2.0
#include "cli/launches.h"

#include <gtest/gtest.h>

#include "cli/live_blocks.h"
#include "cli/open_capture.h"
#include "tests/unit/cli/recorded_scale.h"

namespace fib::cli {
namespace {

using testing::RecordedScale;

ProcessLaunches read(RecordedScale& recorded) {
  auto all = read_all_launches(open_capture(recorded.save()), {});
  EXPECT_EQ(all.size(), 1u);
  return std::move(all.front());
}

/// One raw launch attribute.
std::string attribute(std::uint32_t id, std::uint32_t x, std::uint32_t y = 0, std::uint32_t z = 0) {
  std::string bytes(trace::kLaunchAttributeBytes, '\0');
  const std::uint32_t values[] = {x, y, z};
  std::memcpy(bytes.data(), &id, 4);
  std::memcpy(bytes.data() + 8, values, sizeof values);
  return bytes;
}

TEST(LaunchForms, EqualLaunchesAreOneForm) {
  RecordedScale recorded;
  const ProcessLaunches process = read(recorded.usual());
  ASSERT_EQ(process.forms.size(), 3u);
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> counts;  // by grid
  for (const LaunchForm& form : process.forms) {
    counts[form.geometry[0]] = {form.eager, form.graph};
    EXPECT_TRUE(form.params_known);
    EXPECT_EQ(process.device_of(form)->name, "NVIDIA H200");
  }
  EXPECT_EQ(counts[4].first, 2u);
  EXPECT_EQ(counts[40].first, 1u);
  EXPECT_EQ(counts[16].second, 3u);
  EXPECT_EQ(counts[16].first, 0u);
}

TEST(LaunchForms, ShowParametersAsALookupTakesThem) {
  RecordedScale recorded;
  const ProcessLaunches process = read(recorded.usual());
  const match::LaunchView view = process.forms[0].view(process.kernels.at(1));
  std::uint64_t output = 0;
  ASSERT_NE(match::param_bytes(view, 1, 0, 8), nullptr);
  std::memcpy(&output, match::param_bytes(view, 1, 0, 8), 8);
  EXPECT_EQ(output, RecordedScale::kOutput);
  EXPECT_EQ(match::param_bytes(view, 4, 0, 1), nullptr);
}

TEST(LaunchForms, AttributesAndEntryPoints) {
  RecordedScale recorded;
  auto launch = RecordedScale::scale(1000);
  launch.attributes = attribute(4, 2, 1, 1) + attribute(6, 1);
  recorded.log().full_launch(10, launch);
  launch.attributes = attribute(4, 1, 1, 1) + attribute(6, 0);  // as good as none
  launch.api = "cuLaunchCooperativeKernel_ptsz";
  recorded.log().full_launch(11, launch);
  const ProcessLaunches process = read(recorded);
  ASSERT_EQ(process.forms.size(), 2u);
  EXPECT_TRUE(process.forms[0].has_cluster && process.forms[0].dependent);
  EXPECT_EQ(process.forms[0].geometry[6], 2u);
  EXPECT_FALSE(process.forms[0].cooperative);
  EXPECT_TRUE(process.forms[1].cooperative);
  EXPECT_FALSE(process.forms[1].has_cluster || process.forms[1].dependent);
}

TEST(LaunchForms, WhatAWindowSawChanged) {
  RecordedScale recorded;
  const auto hashes = std::vector<trace::Hash>(1);
  recorded.log().region(1, 1, 5, RecordedScale::kInput, 40'000);
  recorded.log().region(1, 2, 5, RecordedScale::kOutput, 40'000);
  recorded.log()
      .full_launch(10, RecordedScale::scale(1000))
      .changed(1, 2, 11, 1, hashes)
      .point(0, 12, 1);
  const ProcessLaunches process = read(recorded);
  ASSERT_EQ(process.forms.size(), 1u);
  EXPECT_TRUE(process.forms[0].changes_known);
  ASSERT_EQ(process.forms[0].changed.size(), 1u);
  EXPECT_EQ(process.forms[0].changed[0].first, RecordedScale::kOutput);
  EXPECT_EQ(process.forms[0].changed[0].second, RecordedScale::kOutput + 40'000);  // not 65,536
}

TEST(LaunchForms, OnlyWantedKernels) {
  RecordedScale recorded;
  recorded.log().full_kernel(2, "other", {}).launch(0, 30, 2);
  recorded.usual();
  const auto all = read_all_launches(open_capture(recorded.save()),
                                     [](const std::string& name) { return name == "other"; });
  ASSERT_EQ(all.front().forms.size(), 1u);
  EXPECT_EQ(all.front().forms[0].kernel, 2u);
}

TEST(LiveBlocks, FollowAllocationsOverTime) {
  using Kind = MemoryEvent::Kind;
  const std::vector<MemoryEvent> events = {{1, 0x1000, 0x100, Kind::Allocate},
                                           {2, 0x1000, 0, Kind::Free},
                                           {3, 0x1000, 0x200, Kind::Allocate},
                                           {4, 0x1000, 0x200, Kind::Region},
                                           {5, 0x4000, 0x10, Kind::Region}};
  LiveBlocks blocks(events);
  EXPECT_EQ(blocks.find(0x1000).allocation, 0u);
  blocks.advance(1);
  EXPECT_EQ(blocks.find(0x10ff).allocation, 1u);
  EXPECT_EQ(blocks.find(0x10ff).offset, 0xffu);
  EXPECT_EQ(blocks.find(0x1100).allocation, 0u);
  blocks.advance(2);
  EXPECT_EQ(blocks.find(0x1000).allocation, 0u);
  blocks.advance(9);
  EXPECT_EQ(blocks.find(0x1100).allocation, 2u);  // the region is the same memory
  EXPECT_EQ(blocks.find(0x4000).allocation, 3u);
}

}  // namespace
}  // namespace fib::cli
