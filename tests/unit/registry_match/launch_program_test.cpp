// SPDX-License-Identifier: Apache-2.0
#include "registry/match/launch_program.h"

#include <gtest/gtest.h>

#include "tests/unit/registry_match/norm_table.h"

namespace fib::match {
namespace {

using namespace testing;

/// A table whose only candidate, "small", was changed and is pinned.
class Launches : public ::testing::Test {
 protected:
  Launches() : spec_(norm_spec()) {
    spec_.candidates.pop_back();
    spec_.default_policy.pin = "small";
  }
  KernelLaunchSpec& kernel() { return spec_.candidates[0].launch.kernels[0]; }

  LaunchFailure prepare(const LaunchBuilder& launch, std::uint64_t workspace = 0) {
    Fixture fixture(spec_);
    for (const Problem& problem : fixture.problems) ADD_FAILURE() << problem.text();
    const Decision decision = fixture.lookup(launch);
    EXPECT_TRUE(decision.hit()) << to_string(decision.reason);
    if (!decision.hit()) return LaunchFailure::None;
    storage_.fill(std::byte{0xee});
    (void)fixture.table->workspace_bytes(decision.candidate, launch.view(), fixture.bound, bytes_);
    return fixture.table->prepare(decision.candidate, 0, launch.view(), fixture.bound, workspace,
                                  {storage_, pointers_}, numbers_);
  }

  std::vector<Problem> problems() {
    Fixture fixture(spec_);
    return fixture.problems;
  }

  template <typename T>
  T at(std::size_t argument, std::size_t offset = 0) const {
    T value;
    std::memcpy(&value, static_cast<const std::byte*>(pointers_[argument]) + offset, sizeof value);
    return value;
  }

  TableSpec spec_;
  alignas(16) std::array<std::byte, 512> storage_;
  std::array<void*, 16> pointers_{};
  LaunchNumbers numbers_;
  std::uint64_t bytes_ = 0;
};

TEST_F(Launches, StructuresCopiesAndWorkspace) {
  spec_.candidates[0].launch.workspace = "batch * 4";
  ArgumentSpec made;
  made.kind = ArgumentSpec::Kind::Struct;
  made.size = 24;
  made.fields = {{8, Scalar::Ptr, "workspace"}, {16, Scalar::I16, "-2"}};
  ArgumentSpec copied;
  copied.kind = ArgumentSpec::Kind::Copy;
  copied.copy = {4, 0, 4};
  kernel().arguments = {made, copied};
  kernel().cluster = {"2"};
  ASSERT_EQ(prepare(norm_launch(4), 0x5000), LaunchFailure::None);
  EXPECT_EQ(bytes_, 16u);
  EXPECT_EQ(numbers_.argument_count, 2u);
  EXPECT_EQ(at<std::uint64_t>(0, 0), 0u) << "what no field covers is zero";
  EXPECT_EQ(at<std::uint64_t>(0, 8), 0x5000u);
  EXPECT_EQ(at<std::int16_t>(0, 16), -2);
  EXPECT_EQ(at<std::uint16_t>(0, 18), 0u);
  EXPECT_EQ(at<float>(1), 1e-5f);
  EXPECT_EQ(numbers_[Geometry::ClusterX], 2u);
  EXPECT_EQ(numbers_[Geometry::ClusterY], 1u);
}

TEST_F(Launches, WhatCanNotBeLaunchedIsSaid) {
  kernel().grid = {"batch - 4"};
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Geometry);
  kernel().grid = {"1", "65536"};
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Geometry);
  kernel().grid = {"1"};
  kernel().block = {"32", "33"};
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Geometry);
  kernel().block = {"32"};
  kernel().cluster = {"3"};
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Geometry) << "no multiple of the cluster";
  kernel().cluster = {};
  kernel().shared = "1 / (batch - 4)";
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Expression);
  EXPECT_EQ(numbers_.failure, Failure::DivisionByZero);
}

TEST_F(Launches, ValuesMustFitTheirTypes) {
  kernel().arguments[3].value = "batch * 70000";
  kernel().arguments[3].type = Scalar::U16;
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Argument);
  kernel().arguments[3].value = "-1";
  kernel().arguments[3].type = Scalar::U64;
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Argument);
  kernel().arguments[3].type = Scalar::I8;
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::None);
  kernel().arguments[3].kind = ArgumentSpec::Kind::Copy;
  kernel().arguments[3].copy = {3, 0, 8};
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::Argument) << "the original has only 4 bytes";
}

TEST_F(Launches, BuffersMayBeTooSmall) {
  kernel().arguments.resize(17, kernel().arguments[0]);
  EXPECT_EQ(prepare(norm_launch(4)), LaunchFailure::SmallBuffer);
}

TEST_F(Launches, SpecificationsAreChecked) {
  const auto expect_problem = [&](const char* pointer) {
    const auto list = problems();
    ASSERT_FALSE(list.empty()) << pointer;
    EXPECT_EQ(list[0].pointer, pointer);
    spec_ = norm_spec();
  };
  kernel().grid = {};
  expect_problem("/spec/launch/kernels/0/grid");
  kernel().entry.clear();
  expect_problem("/spec/launch/kernels/0/entry");
  kernel().arguments[1].value = "nothing";
  expect_problem("/spec/launch/kernels/0/arguments/1/value");
  kernel().arguments[1].value = "workspace";
  expect_problem("/spec/launch/kernels/0/arguments/1/value");
  kernel().arguments[1].kind = ArgumentSpec::Kind::Struct;
  kernel().arguments[1].size = 8;
  kernel().arguments[1].fields = {{4, Scalar::Ptr, "x"}};
  expect_problem("/spec/launch/kernels/0/arguments/1/struct/0");
  kernel().arguments.resize(2049, kernel().arguments[0]);
  expect_problem("/spec/launch/kernels/0/arguments");
  spec_.candidates[0].launch.kernels.clear();
  expect_problem("/spec/launch/kernels");
  spec_.candidates[0].demands["x"] = {3, 1};
  expect_problem("/spec/launch/tensors/x");
  spec_.candidates[0].in_place = {{"x", "y"}};
  expect_problem("/spec/launch/in_place/0");
}

}  // namespace
}  // namespace fib::match
