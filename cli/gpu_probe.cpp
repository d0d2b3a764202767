// SPDX-License-Identifier: Apache-2.0
#include "cli/gpu_probe.h"

#include <dlfcn.h>
#include <link.h>

#include <array>
#include <cstdio>

namespace fib::cli {
namespace {

// The tool builds without CUDA's headers; these few entry points have had one ABI since CUDA 4.
using Result = int;
struct Driver {
  Result (*init)(unsigned) = nullptr;
  Result (*version)(int*) = nullptr;
  Result (*device_count)(int*) = nullptr;
  Result (*device)(int*, int) = nullptr;
  Result (*device_name)(char*, int, int) = nullptr;
  Result (*device_attribute)(int*, int, int) = nullptr;
  Result (*device_memory)(std::size_t*, int) = nullptr;
  Result (*device_uuid)(unsigned char*, int) = nullptr;  ///< may be missing
  Result (*error_name)(Result, const char**) = nullptr;
};
constexpr int kSmCount = 16, kCcMajor = 75, kCcMinor = 76;  // CUdevice_attribute

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool load(void* library, Driver& driver) {
  // The newer one tells the parts of a divided GPU apart.
  if (!find(library, "cuDeviceGetUuid_v2", driver.device_uuid))
    (void)find(library, "cuDeviceGetUuid", driver.device_uuid);
  return find(library, "cuInit", driver.init) &&
         find(library, "cuDriverGetVersion", driver.version) &&
         find(library, "cuDeviceGetCount", driver.device_count) &&
         find(library, "cuDeviceGet", driver.device) &&
         find(library, "cuDeviceGetName", driver.device_name) &&
         find(library, "cuDeviceGetAttribute", driver.device_attribute) &&
         find(library, "cuDeviceTotalMem_v2", driver.device_memory) &&
         find(library, "cuGetErrorName", driver.error_name);
}

std::string failed(const Driver& driver, const char* call, Result result) {
  const char* name = nullptr;
  if (driver.error_name(result, &name) != 0 || name == nullptr) name = "unknown error";
  return std::string(call) + " gave " + name + " (" + std::to_string(result) + ')';
}

/// As nvidia-smi writes it.
std::string uuid_of(const Driver& driver, int device) {
  std::array<unsigned char, 16> bytes{};
  if (driver.device_uuid == nullptr || driver.device_uuid(bytes.data(), device) != 0) return {};
  std::string text = "GPU";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    char digits[3];
    (void)std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

DeviceFacts describe(const Driver& driver, int ordinal) {
  DeviceFacts facts;
  facts.ordinal = ordinal;
  int device = 0;
  std::array<char, 128> name{};
  std::size_t memory = 0;
  if (driver.device(&device, ordinal) != 0) return facts;
  if (driver.device_name(name.data(), static_cast<int>(name.size()) - 1, device) == 0) {
    facts.name = name.data();
  }
  if (driver.device_memory(&memory, device) == 0) facts.memory_bytes = memory;
  facts.uuid = uuid_of(driver, device);
  for (const auto& [attribute, value] :
       {std::pair{kSmCount, &facts.sm_count}, std::pair{kCcMajor, &facts.cc_major},
        std::pair{kCcMinor, &facts.cc_minor}}) {
    if (driver.device_attribute(value, attribute, device) != 0) *value = 0;
  }
  return facts;
}

}  // namespace

GpuProbe probe_gpus() {
  GpuProbe probe;
  void* library = dlopen("libcuda.so.1", RTLD_NOW);
  if (library == nullptr) {
    probe.error = dlerror();
    return probe;
  }
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0) probe.library = map->l_name;
  Driver driver;
  if (!load(library, driver)) {
    probe.error = "it lacks entry points that every driver has";
    return probe;
  }
  if (const Result result = driver.init(0); result != 0) {
    probe.error = failed(driver, "cuInit", result);
  }
  // The version can be asked even where cuInit fails, and then tells why: too old for this GPU,
  // say.
  if (driver.version(&probe.driver_version) != 0) probe.driver_version = 0;
  int count = 0;
  if (!probe.error.empty() || driver.device_count(&count) != 0) return probe;
  for (int i = 0; i < count; ++i) probe.devices.push_back(describe(driver, i));
  return probe;
}

}  // namespace fib::cli
