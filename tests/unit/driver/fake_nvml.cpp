// SPDX-License-Identifier: Apache-2.0
#include <cstring>

// As much of NVML as driver/nvml_api.h asks for, with one GPU. FIB_OLD_NVML: as it was before
// driver 535, on a GPU that has no power meter.

namespace {

constexpr int kSuccess = 0, kUninitialised = 1, kInvalid = 2, kNotSupported = 3, kNotFound = 6;
int started = 0;
int gpu = 0;

int value_of(void* device, unsigned value, unsigned* out) {
  if (started == 0) return kUninitialised;
  if (device != &gpu) return kInvalid;
  *out = value;
  return kSuccess;
}

int reasons_of(void* device, unsigned long long value, unsigned long long* out) {
  unsigned known = 0;
  const int result = value_of(device, 0, &known);
  if (result == kSuccess) *out = value;
  return result;
}

}  // namespace

extern "C" {
int nvmlInit_v2() {
  ++started;
  return kSuccess;
}
int nvmlShutdown() { return started-- > 0 ? kSuccess : kUninitialised; }
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  if (started == 0) return kUninitialised;
  if (std::strcmp(uuid, "GPU-01234567-89ab-cdef-0123-456789abcdef") != 0) return kNotFound;
  *device = &gpu;
  return kSuccess;
}
int nvmlDeviceGetClockInfo(void* device, int type, unsigned* mhz) {
  return value_of(device, type == 1 ? 1980 : type == 2 ? 3201 : 0, mhz);
}
int nvmlDeviceGetMaxClockInfo(void* device, int, unsigned* mhz) {
  return value_of(device, 1981, mhz);
}
int nvmlDeviceGetTemperature(void* device, int, unsigned* degrees) {
  return value_of(device, 41, degrees);
}
int nvmlSystemGetDriverVersion(char* text, unsigned length) {
  std::strncpy(text, "580.95.05", length);
  return kSuccess;
}
#ifdef FIB_OLD_NVML
int nvmlDeviceGetPowerUsage(void*, unsigned*) { return kNotSupported; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  return reasons_of(device, 0x4, reasons);
}
#else
const char* nvmlErrorString(int result) { return result == kNotFound ? "Not Found" : "Other"; }
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  return value_of(device, 123456, milliwatts);
}
int nvmlDeviceGetCurrentClocksEventReasons(void* device, unsigned long long* reasons) {
  return reasons_of(device, 0x48, reasons);
}
#endif
}
