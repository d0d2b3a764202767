// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>

#include "driver/nvml_api.h"

namespace fib::driver {
namespace {

constexpr const char* kUuid = "GPU-01234567-89ab-cdef-0123-456789abcdef";

class Nvml : public ::testing::Test {
 protected:
  static void use(const char* library) { ASSERT_EQ(setenv("FIB_NVML_LIBRARY", library, 1), 0); }
  void TearDown() override { unsetenv("FIB_NVML_LIBRARY"); }

  std::string why_not;
};

TEST_F(Nvml, ReadsAGpuByItsUuid) {
  use(FIB_FAKE_NVML);
  const auto gpu = NvmlGpu::open(kUuid, why_not);
  ASSERT_NE(gpu, nullptr) << why_not;
  const GpuReading reading = gpu->read();
  EXPECT_EQ(reading.sm_mhz, 1980u);
  EXPECT_EQ(reading.memory_mhz, 3201u);
  EXPECT_EQ(reading.temperature, 41);
  EXPECT_EQ(reading.power_watts, 123.456);
  EXPECT_EQ(reading.reasons, 0x48u);
  EXPECT_EQ(gpu->max_sm_mhz(), 1981u);
  EXPECT_EQ(gpu->driver_version(), "580.95.05");
}

TEST_F(Nvml, KnowsLessFromAnOldDriver) {
  use(FIB_FAKE_OLD_NVML);
  const auto gpu = NvmlGpu::open(kUuid, why_not);
  ASSERT_NE(gpu, nullptr) << why_not;
  const GpuReading reading = gpu->read();
  EXPECT_EQ(reading.power_watts, std::nullopt);
  EXPECT_EQ(reading.reasons, 0x4u);
  EXPECT_EQ(NvmlGpu::open("GPU-other", why_not), nullptr);
  EXPECT_EQ(why_not, "clocks are not known: NVML has no GPU-other (error 6)");
}

TEST_F(Nvml, StartsAndStopsTogetherWithItsGpus) {
  use(FIB_FAKE_NVML);
  auto first = NvmlGpu::open(kUuid, why_not), second = NvmlGpu::open(kUuid, why_not);
  first.reset();
  EXPECT_EQ(second->read().sm_mhz, 1980u);
}

TEST_F(Nvml, SaysWhyThereIsNone) {
  use("/no/such/libnvidia-ml.so");
  EXPECT_EQ(NvmlGpu::open(kUuid, why_not), nullptr);
  EXPECT_NE(why_not.find("/no/such/libnvidia-ml.so"), std::string::npos) << why_not;
  use(FIB_FAKE_NVML);
  EXPECT_EQ(NvmlGpu::open("GPU-other", why_not), nullptr);
  EXPECT_EQ(why_not, "clocks are not known: NVML has no GPU-other (Not Found)");
  use(FIB_NO_NVML);
  EXPECT_EQ(NvmlGpu::open(kUuid, why_not), nullptr);
  EXPECT_EQ(why_not,
            "clocks are not known: this NVML lacks nvmlInit_v2 or its like; update the driver");
}

TEST(NvmlReasons, HaveNames) {
  EXPECT_EQ(reason_names(0), "");
  EXPECT_EQ(reason_names(kHardwareSlowdown | kHardwareThermal | 0x1200),
            "hardware slowdown, hardware thermal slowdown, 0x1200");
  EXPECT_EQ(kThrottleReasons & (kGpuIdle | kSoftwarePowerCap), 0u);
}

TEST(NvmlUuid, IsWrittenAsNvmlWritesIt) {
  const unsigned char bytes[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                   0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  EXPECT_EQ(uuid_text(bytes), kUuid);
}

}  // namespace
}  // namespace fib::driver
