// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/gpu_facts.h"

#include "driver/check.h"
#include "driver/nvml_api.h"

namespace fib::judge {

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
  int version = 0;
  FIB_DRIVER_CHECK(api, cuDriverGetVersion(&version));
  result.libs["cuda"] = std::to_string(version / 1000) + '.' + std::to_string(version % 1000 / 10);
  std::string why_not;
  if (const auto gpu = driver::NvmlGpu::open(result.gpu_uuid, why_not))
    result.driver = gpu->driver_version();
}

}  // namespace fib::judge
