// SPDX-License-Identifier: Apache-2.0
#include "registry/build/arch.h"

#include <gtest/gtest.h>

#include <vector>

#include "registry/build/gpus.h"

namespace fib::build {
namespace {

TEST(Arch, ReadsWhatItWrites) {
  for (const char* text : {"sm_90a", "sm_90", "compute_90", "compute_100f", "sm_120", "any"}) {
    const auto arch = arch_of(text);
    ASSERT_TRUE(arch) << text;
    EXPECT_EQ(to_string(*arch), text);
  }
  for (const char* text :
       {"", "sm_", "sm_9", "sm_90b", "sm_90aa", "sm_-90", "compute_9000", "90"}) {
    EXPECT_FALSE(arch_of(text)) << text;
  }
}

TEST(Arch, RunsWhereCudaSaysSo) {
  const auto runs = [](const char* arch, int major, int minor) {
    return runs_on(*arch_of(arch), {major, minor});
  };
  EXPECT_TRUE(runs("sm_90a", 9, 0));
  EXPECT_FALSE(runs("sm_100a", 10, 3));
  EXPECT_TRUE(runs("sm_100f", 10, 3));
  EXPECT_FALSE(runs("sm_103f", 10, 0));
  EXPECT_TRUE(runs("sm_80", 8, 6));
  EXPECT_FALSE(runs("sm_86", 8, 0));
  EXPECT_FALSE(runs("sm_80", 9, 0));
  EXPECT_TRUE(runs("compute_80", 9, 0));
  EXPECT_FALSE(runs("compute_90a", 10, 0));
  EXPECT_FALSE(runs("compute_100", 9, 0));
  EXPECT_TRUE(runs("any", 9, 0));
}

TEST(Arch, PicksTheClosest) {
  const std::vector<Arch> archs = {*arch_of("compute_90"), *arch_of("sm_80"), *arch_of("sm_90"),
                                   *arch_of("sm_90a"), *arch_of("sm_86")};
  EXPECT_EQ(best_for(archs, {9, 0}), 3u);
  EXPECT_EQ(best_for(archs, {8, 9}), 4u);
  EXPECT_EQ(best_for(archs, {8, 0}), 1u);
  EXPECT_EQ(best_for(archs, {10, 0}), 0u);
  EXPECT_EQ(best_for(archs, {7, 5}), std::nullopt);
}

TEST(Gpus, AreKnownByTheirNames) {
  const auto arch = [](const char* name) {
    const auto found = arch_of_gpu(name);
    return found ? to_string(*found) : "";
  };
  EXPECT_EQ(arch("NVIDIA H200"), "sm_90a");
  EXPECT_EQ(arch("NVIDIA_H100_80GB_HBM3"), "sm_90a");
  EXPECT_EQ(arch("NVIDIA A100-SXM4-80GB"), "sm_80");
  EXPECT_EQ(arch("nvidia b200"), "sm_100a");
  EXPECT_EQ(arch("NVIDIA GeForce RTX 4090"), "sm_89");
  EXPECT_EQ(arch("NVIDIA L40S"), "sm_89");
  EXPECT_EQ(arch("cuda"), "");
  EXPECT_EQ(arch("LOCAL"), "");
  EXPECT_EQ(arch(""), "");
}

}  // namespace
}  // namespace fib::build
