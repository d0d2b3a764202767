// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "driver/driver_api.h"

namespace fib::judge {

/// Device memory that shows who leaves it: it ends where its mapping ends, as far as its alignment
/// allows, with addresses behind that belong to nobody; before it, and in the bytes that its
/// alignment leaves behind it, lie canaries. Of the context that is current when it is made.
class GuardedMemory {
 public:
  static constexpr std::uint64_t kAlignment = 256;

  /// Throws driver::DriverError. `bytes` > 0.
  GuardedMemory(const driver::DriverApi& api, CUdevice device, std::uint64_t bytes);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  [[nodiscard]] CUdeviceptr address() const { return address_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Fills all of it with a pattern, and the canaries with another one. Waits.
  void fill(std::uint64_t seed, std::uint32_t pattern);
  /// Where canaries are not as fill() left them: "3 bytes before its begin"; empty: nowhere.
  [[nodiscard]] std::string strayed() const;

 private:
  const driver::DriverApi& api_;
  CUdeviceptr base_ = 0, address_ = 0;  ///< of the mapping; of what is given out
  std::uint64_t bytes_, mapped_ = 0, reserved_ = 0;
  CUmemGenericAllocationHandle handle_ = 0;
  bool is_mapped_ = false, is_made_ = false;
  std::vector<std::byte> content_;  ///< of the whole mapping, as fill() left it
};

}  // namespace fib::judge
