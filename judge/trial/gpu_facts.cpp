// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/gpu_facts.h"

#include "driver/check.h"
#include "driver/nvml_api.h"

namespace fib::judge {
namespace {

/// Bytes a second that the memory can do at most, by its clock and width; 0 if the driver does not
/// tell.
std::uint64_t peak_bandwidth(const driver::DriverApi& api, CUdevice device) {
  int khz = 0, bits = 0;
  if (api.cuDeviceGetAttribute(&khz, CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, device) != 0 ||
      api.cuDeviceGetAttribute(&bits, CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, device) != 0 ||
      khz <= 0 || bits <= 0)
    return 0;
  constexpr std::uint64_t kTransfers = 2;  // a clock: the data rate of what GPUs have is double
  return static_cast<std::uint64_t>(khz) * 1000 * kTransfers * static_cast<std::uint64_t>(bits) / 8;
}

}  // namespace

void describe_gpu(const driver::DriverApi& api, CUdevice device, TrialResult& result) {
  char name[256] = {};
  FIB_DRIVER_CHECK(api, cuDeviceGetName(name, sizeof name, device));
  result.gpu = name;
  CUuuid uuid{};
  FIB_DRIVER_CHECK(api, cuDeviceGetUuid(&uuid, device));
  unsigned char bytes[16];
  for (std::size_t i = 0; i < sizeof bytes; ++i)
    bytes[i] = static_cast<unsigned char>(uuid.bytes[i]);
  result.gpu_uuid = driver::uuid_text(bytes);
  result.peak_bytes_per_second = peak_bandwidth(api, device);
  int version = 0;
  FIB_DRIVER_CHECK(api, cuDriverGetVersion(&version));
  result.libs["cuda"] = std::to_string(version / 1000) + '.' + std::to_string(version % 1000 / 10);
  std::string why_not;
  if (const auto gpu = driver::NvmlGpu::open(result.gpu_uuid, why_not))
    result.driver = gpu->driver_version();
}

}  // namespace fib::judge
