// SPDX-License-Identifier: Apache-2.0
#include "recorder/process_info.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "recorder/clock.h"
#include "trace/encoder.h"

namespace fib::recorder {
namespace {

using trace::StringPair;

/// A first estimate over 2 ms, good to about 0.1 %; Clock records give a better one later.
std::uint64_t estimate_ticks_per_second() noexcept {
  const std::uint64_t tick0 = ticks(), ns0 = nanoseconds(CLOCK_MONOTONIC);
  std::uint64_t ns1 = ns0;
  while (ns1 - ns0 < 2 * kMillisecond) ns1 = nanoseconds(CLOCK_MONOTONIC);
  return static_cast<std::uint64_t>(static_cast<double>(ticks() - tick0) * 1e9 /
                                    static_cast<double>(ns1 - ns0));
}

/// /proc/self/cmdline with spaces between the arguments.
std::string_view command_line(char* buffer, std::size_t size) noexcept {
  const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t n = ::read(fd, buffer, size);
  ::close(fd);
  if (n <= 0) return {};
  std::replace(buffer, buffer + n - 1, '\0', ' ');
  return {buffer, static_cast<std::size_t>(buffer[n - 1] == '\0' ? n - 1 : n)};
}

std::string_view link_target(const char* path, char* buffer, std::size_t size) noexcept {
  const ssize_t n = readlink(path, buffer, size);
  return n > 0 ? std::string_view(buffer, static_cast<std::size_t>(n)) : std::string_view();
}

std::string_view environment(const char* name) noexcept {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

int device_attribute(const driver::DriverApi& api, CUdevice_attribute which,
                     CUdevice device) noexcept {
  int value = 0;
  return api.cuDeviceGetAttribute(&value, which, device) == CUDA_SUCCESS ? value : 0;
}

bool describe_device(Definitions& to, const driver::DriverApi& api, int ordinal) noexcept {
  CUdevice device = 0;
  if (api.cuDeviceGet(&device, ordinal) != CUDA_SUCCESS) return true;
  trace::DeviceRecord record{};
  record.ordinal = ordinal;
  record.cc_major = device_attribute(api, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
  record.cc_minor = device_attribute(api, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
  record.sm_count = device_attribute(api, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device);
  CUuuid uuid{};
  const auto get_uuid =
      api.cuDeviceGetUuid_v2 != nullptr ? api.cuDeviceGetUuid_v2 : api.cuDeviceGetUuid;
  if (get_uuid(&uuid, device) == CUDA_SUCCESS) std::memcpy(record.uuid, &uuid, sizeof record.uuid);
  std::size_t bytes = 0;
  if (api.cuDeviceTotalMem_v2(&bytes, device) == CUDA_SUCCESS) record.memory_bytes = bytes;
  char name[256] = "";
  if (api.cuDeviceGetName(name, sizeof name - 1, device) != CUDA_SUCCESS) name[0] = '\0';
  return to.add(
      [&](trace::RecordBuffer& out) { return trace::encode_device(out, ticks(), record, name); });
}

}  // namespace

bool describe_process(Definitions& to, const driver::DriverApi& api, const Options& options,
                      const Rank& rank) noexcept {
  trace::ProcessRecord record{};
  record.pid = static_cast<std::uint32_t>(getpid());
  record.parent_pid = static_cast<std::uint32_t>(getppid());
  record.rank = rank.rank;
  record.local_rank = rank.local_rank;
  record.world_size = rank.world_size;
  if (api.cuDriverGetVersion(&record.driver_version) != CUDA_SUCCESS) record.driver_version = 0;
  record.ticks_per_second = estimate_ticks_per_second();
  char command[4096], executable[1024], directory[1024], host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  const StringPair strings[] = {
      {"command", command_line(command, sizeof command)},
      {"executable", link_target("/proc/self/exe", executable, sizeof executable)},
      {"directory", link_target("/proc/self/cwd", directory, sizeof directory)},
      {"host", host},
      {"rank_source", rank.source},
      {"shim_version", FIBSHIM_VERSION},
      {"kernel_filter", options.kernel_filter},
      {"cuda_visible_devices", environment("CUDA_VISIBLE_DEVICES")},
      {"cuda_module_loading", environment("CUDA_MODULE_LOADING")},
      {"cuda_launch_blocking", environment("CUDA_LAUNCH_BLOCKING")},
  };
  return to.add([&](trace::RecordBuffer& out) {
    return trace::encode_process(out, ticks(), record, strings);
  });
}

bool describe_devices(Definitions& to, const driver::DriverApi& api) noexcept {
  int count = 0;
  if (api.cuDeviceGetCount(&count) != CUDA_SUCCESS) return true;
  bool kept = true;
  for (int i = 0; i < count; ++i) kept = describe_device(to, api, i) && kept;
  return kept;
}

bool describe_api(Definitions& to) noexcept {
  return to.add([](trace::RecordBuffer& out) {
    bool kept = true;
    for (std::size_t i = 0; i < driver::kApiCount; ++i)
      if (driver::kApiInfo[i].hooked)
        kept = kept && trace::encode_api(out, ticks(), static_cast<std::uint16_t>(i),
                                         driver::kApiInfo[i].name, driver::kApiInfo[i].args);
    return kept;
  });
}

bool describe_context(Definitions& to, const driver::DriverApi& api, CUcontext context) noexcept {
  trace::ContextRecord record{reinterpret_cast<std::uintptr_t>(context), -1, 0};
  CUdevice device = -1;
  if (api.cuCtxGetDevice(&device) == CUDA_SUCCESS) record.device = device;
  trace::ContextLimit limits[CU_LIMIT_MAX];
  std::size_t count = 0;
  for (std::uint32_t limit = 0; limit < CU_LIMIT_MAX; ++limit) {
    std::size_t value = 0;
    if (api.cuCtxGetLimit(&value, static_cast<CUlimit>(limit)) == CUDA_SUCCESS)
      limits[count++] = {limit, 0, value};
  }
  return to.add([&](trace::RecordBuffer& out) {
    return trace::encode_context(out, ticks(), record, std::span(limits, count));
  });
}

}  // namespace fib::recorder
