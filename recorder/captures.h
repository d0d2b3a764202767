// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_set>

#include "driver/driver_api.h"

namespace fib::recorder {

/// The calling thread's current context, 0 if there is none (6 ns).
inline std::uint64_t current_context(const driver::DriverApi& api) noexcept {
  CUcontext context = nullptr;
  if (api.cuCtxGetCurrent(&context) != CUDA_SUCCESS) return 0;
  return reinterpret_cast<std::uintptr_t>(context);
}

/// Which streams were put into capture mode. Streams that join a capture by an event are not
/// listed, so the driver is asked, but only while there is a capture at all: a launch outside pays
/// one load.
class Captures {
 public:
  explicit Captures(const driver::DriverApi& api) noexcept : api_(api) {}

  void begun(CUstream stream) noexcept;
  /// After an attempt to end: asks the driver whether it is over.
  void maybe_ended(CUstream stream) noexcept;

  /// The stream is destroyed, and with it a capture that nobody ends.
  void gone(CUstream stream) noexcept;

  /// Whether any stream is being captured, as far as was seen.
  [[nodiscard]] bool any() const noexcept { return active_.load(std::memory_order_relaxed) != 0; }

  /// Id of the capture that `stream` takes part in, 0 if none. Legal in every capture mode.
  [[nodiscard]] std::uint64_t id_of(CUstream stream) const noexcept {
    if (active_.load(std::memory_order_relaxed) == 0) [[likely]]
      return 0;
    return ask(stream);
  }

 private:
  [[nodiscard]] std::uint64_t ask(CUstream stream) const noexcept;

  const driver::DriverApi& api_;
  std::atomic<std::size_t> active_{0};
  std::mutex mutex_;
  std::unordered_set<CUstream> streams_;
};

}  // namespace fib::recorder
