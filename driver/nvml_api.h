// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

/// Clocks, temperature and throttling of a GPU, from NVML. Opened at run time: neither its header
/// nor its library is needed to build, and a machine without it only knows less.
namespace fib::driver {

/// Why clocks are lower than they could be: the bits of NVML's clocks event reasons.
enum ClockReason : std::uint64_t {
  kGpuIdle = 0x1,
  kApplicationClocks = 0x2,
  kSoftwarePowerCap = 0x4,
  kHardwareSlowdown = 0x8,
  kSyncBoost = 0x10,
  kSoftwareThermal = 0x20,
  kHardwareThermal = 0x40,
  kPowerBrake = 0x80,
  kDisplayClocks = 0x100
};
/// Reasons that make the same work take longer than a moment ago, without anybody having asked for
/// it: heat and what the hardware does against it. A power cap is none of them: it is how a large
/// kernel runs steadily.
inline constexpr std::uint64_t kThrottleReasons =
    kHardwareSlowdown | kSoftwareThermal | kHardwareThermal | kPowerBrake;

/// "hardware slowdown, power brake"; empty for none. Bits without a name as "0x200".
[[nodiscard]] std::string reason_names(std::uint64_t reasons);

/// One look at a GPU. What it or its driver does not tell is not there.
struct GpuReading {
  std::optional<unsigned> sm_mhz, memory_mhz;
  std::optional<int> temperature;     ///< degrees Celsius
  std::optional<double> power_watts;  ///< of the board, as NVML averages it
  std::optional<std::uint64_t> reasons;
};

/// A GPU as NVML sees it. May be used from any thread; a look costs tens of microseconds or more,
/// so not within what is timed.
class NvmlGpu {
 public:
  /// By uuid: "GPU-..." (or "MIG-..."), see uuid_text. From $FIB_NVML_LIBRARY if it is set, else
  /// libnvidia-ml.so.1. Null where there is no NVML or no such GPU; `why_not` is one line then.
  [[nodiscard]] static std::unique_ptr<NvmlGpu> open(const std::string& uuid, std::string& why_not);
  ~NvmlGpu();
  NvmlGpu(const NvmlGpu&) = delete;
  NvmlGpu& operator=(const NvmlGpu&) = delete;

  [[nodiscard]] GpuReading read() const;
  /// The SM clock that this GPU can have at most, in MHz.
  [[nodiscard]] std::optional<unsigned> max_sm_mhz() const;
  /// Of NVIDIA's driver: "580.95.05"; empty if not known.
  [[nodiscard]] std::string driver_version() const;

 private:
  struct Api;
  NvmlGpu(std::unique_ptr<Api> api, void* device);

  std::unique_ptr<Api> api_;
  void* device_;  ///< nvmlDevice_t
};

/// The text by which NVML, nvidia-smi and CUDA_VISIBLE_DEVICES name a GPU with these 16 bytes of
/// uuid (CUuuid): "GPU-01234567-89ab-cdef-0123-456789abcdef".
[[nodiscard]] std::string uuid_text(const unsigned char (&bytes)[16]);

}  // namespace fib::driver
