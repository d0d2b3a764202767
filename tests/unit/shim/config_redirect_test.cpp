// SPDX-License-Identifier: Apache-2.0
//
// What concerns the modes apply and shadow.
#include "tests/unit/shim/config_fixture.h"

namespace fib::shim {
namespace {

TEST_F(ConfigTest, AppliesARegistry) {
  set("FIBSHIM_MODE", "apply");
  set("FIB_DATASET_PATH", "/data/registry");
  set("FIB_CACHE_PATH", "/data/cache");
  set("FIBSHIM_REPORT", "report");
  write(R"({"workspace_bytes": 65536, "scratch_bytes": 131072, "mismatch_dir": "bad"})");
  const Config& config = load();
  EXPECT_EQ(lines(), 0u) << said_;
  EXPECT_TRUE(config.apply);
  EXPECT_FALSE(config.record);
  EXPECT_FALSE(config.dispatch.shadow_only);
  EXPECT_EQ(config.dispatch.shadow_every, 0u);
  EXPECT_STREQ(config.dispatch.registry, "/data/registry");
  EXPECT_STREQ(config.dispatch.cache, "/data/cache");
  EXPECT_STREQ(config.dispatch.report, "report");
  EXPECT_STREQ(config.dispatch.mismatch_dir, "bad");
  EXPECT_EQ(config.dispatch.workspace_bytes, 65536u);
  EXPECT_EQ(config.dispatch.scratch_bytes, 131072u);
}

TEST_F(ConfigTest, ShadowVerifiesEverythingByDefault) {
  set("FIBSHIM_MODE", "shadow");
  set("FIB_DATASET_PATH", "registry");
  EXPECT_TRUE(load().dispatch.shadow_only);
  EXPECT_EQ(load().dispatch.shadow_every, 1u);
  set("FIBSHIM_SHADOW", "100");
  EXPECT_EQ(load().dispatch.shadow_every, 100u);
  set("FIBSHIM_SHADOW", "often");
  EXPECT_EQ(load().dispatch.shadow_every, 1u);
  expect_said("FIBSHIM_SHADOW 'often'");
}

TEST_F(ConfigTest, WithoutARegistryNothingIsApplied) {
  set("FIBSHIM_MODE", "apply");
  EXPECT_FALSE(load().apply);
  expect_said("FIB_DATASET_PATH");
}

}  // namespace
}  // namespace fib::shim
