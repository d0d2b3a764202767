// SPDX-License-Identifier: Apache-2.0
#include "driver/nvml_api.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace fib::driver {
namespace {

// Of NVML's ABI, which has not changed since these functions were added.
using Device = void*;
constexpr int kSuccess = 0;
constexpr int kClockSm = 1, kClockMemory = 2;
constexpr int kTemperatureOfGpu = 0;

constexpr const char* kSoname = "libnvidia-ml.so.1";

void* open_library(std::string& why_not) {
  const char* const chosen = std::getenv("FIB_NVML_LIBRARY");
  const char* const name = chosen != nullptr && *chosen != '\0' ? chosen : kSoname;
  if (void* const library = dlopen(name, RTLD_NOW)) return library;
  const char* const reason = dlerror();
  why_not = std::string("clocks are not known: ") + name + " cannot be opened (" +
            (reason != nullptr ? reason : "no reason given") + "); FIB_NVML_LIBRARY can name NVML";
  return nullptr;
}

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

constexpr std::pair<ClockReason, const char*> kReasonNames[] = {
    {kGpuIdle, "GPU idle"},
    {kApplicationClocks, "application clocks"},
    {kSoftwarePowerCap, "software power cap"},
    {kHardwareSlowdown, "hardware slowdown"},
    {kSyncBoost, "sync boost"},
    {kSoftwareThermal, "software thermal slowdown"},
    {kHardwareThermal, "hardware thermal slowdown"},
    {kPowerBrake, "power brake"},
    {kDisplayClocks, "display clocks"}};

constexpr char kDigits[] = "0123456789abcdef";

std::string hexadecimal(std::uint64_t value) {
  std::string digits;
  for (; value != 0; value >>= 4) digits.insert(digits.begin(), kDigits[value & 15]);
  return "0x" + digits;
}

}  // namespace

/// A null function is one that this NVML does not have.
struct NvmlGpu::Api {
  explicit Api(void* opened) : library(opened) {
    find(library, "nvmlInit_v2", init);
    find(library, "nvmlShutdown", shutdown);
    find(library, "nvmlErrorString", error_string);
    find(library, "nvmlDeviceGetHandleByUUID", handle_by_uuid);
    find(library, "nvmlDeviceGetClockInfo", clock);
    find(library, "nvmlDeviceGetMaxClockInfo", max_clock);
    find(library, "nvmlDeviceGetTemperature", temperature);
    find(library, "nvmlDeviceGetPowerUsage", power);
    find(library, "nvmlSystemGetDriverVersion", driver_version);
    find(library, "nvmlDeviceGetCurrentClocksEventReasons", reasons);
    // Its name before driver 535.
    if (!reasons) find(library, "nvmlDeviceGetCurrentClocksThrottleReasons", reasons);
  }
  ~Api() {
    if (running) shutdown();
    dlclose(library);
  }
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  [[nodiscard]] bool start(std::string& why_not) {
    if (!init || !shutdown || !handle_by_uuid) {
      why_not = "clocks are not known: this NVML lacks nvmlInit_v2 or its like; update the driver";
      return false;
    }
    const int result = init();
    running = result == kSuccess;
    if (!running) why_not = "clocks are not known: NVML does not start (" + text(result) + ")";
    return running;
  }
  [[nodiscard]] std::string text(int result) const {
    const char* const known = error_string ? error_string(result) : nullptr;
    return known != nullptr ? known : "error " + std::to_string(result);
  }

  void* library;
  bool running = false;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error_string)(int) = nullptr;
  int (*handle_by_uuid)(const char*, Device*) = nullptr;
  int (*clock)(Device, int, unsigned*) = nullptr;
  int (*max_clock)(Device, int, unsigned*) = nullptr;
  int (*temperature)(Device, int, unsigned*) = nullptr;
  int (*power)(Device, unsigned*) = nullptr;
  int (*driver_version)(char*, unsigned) = nullptr;
  int (*reasons)(Device, unsigned long long*) = nullptr;
};

NvmlGpu::NvmlGpu(std::unique_ptr<Api> api, void* device) : api_(std::move(api)), device_(device) {}
NvmlGpu::~NvmlGpu() = default;

std::unique_ptr<NvmlGpu> NvmlGpu::open(const std::string& uuid, std::string& why_not) {
  void* const library = open_library(why_not);
  if (library == nullptr) return nullptr;
  auto api = std::make_unique<Api>(library);
  if (!api->start(why_not)) return nullptr;
  Device device = nullptr;
  const int result = api->handle_by_uuid(uuid.c_str(), &device);
  if (result != kSuccess) {
    why_not = "clocks are not known: NVML has no " + uuid + " (" + api->text(result) + ")";
    return nullptr;
  }
  return std::unique_ptr<NvmlGpu>(new NvmlGpu(std::move(api), device));
}

GpuReading NvmlGpu::read() const {
  GpuReading reading;
  unsigned value = 0;
  if (api_->clock && api_->clock(device_, kClockSm, &value) == kSuccess) reading.sm_mhz = value;
  if (api_->clock && api_->clock(device_, kClockMemory, &value) == kSuccess)
    reading.memory_mhz = value;
  if (api_->temperature && api_->temperature(device_, kTemperatureOfGpu, &value) == kSuccess)
    reading.temperature = static_cast<int>(value);
  if (api_->power && api_->power(device_, &value) == kSuccess) reading.power_watts = value / 1e3;
  unsigned long long reasons = 0;
  if (api_->reasons && api_->reasons(device_, &reasons) == kSuccess) reading.reasons = reasons;
  return reading;
}

std::optional<unsigned> NvmlGpu::max_sm_mhz() const {
  unsigned value = 0;
  if (!api_->max_clock || api_->max_clock(device_, kClockSm, &value) != kSuccess)
    return std::nullopt;
  return value;
}

std::string NvmlGpu::driver_version() const {
  std::array<char, 96> text{};
  if (!api_->driver_version || api_->driver_version(text.data(), text.size() - 1) != kSuccess)
    return {};
  return text.data();
}

std::string reason_names(std::uint64_t reasons) {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  for (const auto& [reason, name] : kReasonNames) {
    if (reasons & reason) add(name);
    reasons &= ~static_cast<std::uint64_t>(reason);
  }
  if (reasons != 0) add(hexadecimal(reasons));
  return names;
}

std::string uuid_text(const unsigned char (&bytes)[16]) {
  std::string text = "GPU-";
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace fib::driver
