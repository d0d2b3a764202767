// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dispatch/shadow/scratch_units.h"
#include "dispatch/shadow/shadow_slot.h"
#include "driver/driver_api.h"

namespace fib::dispatch {

/// What verification has in one context: scratch memory, the comparison kernel, and reports in host
/// memory that the GPU writes. Slot i owns scratch memory from unit i on. The object is never
/// freed; what it holds in the driver is, by release().
class ContextScratch {
 public:
  explicit ContextScratch(const driver::DriverApi& api) noexcept : api_(api) {}
  ContextScratch(const ContextScratch&) = delete;
  ContextScratch& operator=(const ContextScratch&) = delete;

  /// With the context current, while calls that a capture forbids are allowed. Takes `bytes`, or
  /// less if there is not so much; then checks the GPU's comparison against a known result.
  [[nodiscard]] CUresult create(std::size_t bytes) noexcept;
  /// The context must be current. No launch is under way in it that the caller knows nothing of.
  void release() noexcept;

  /// Room for one launch at most.
  [[nodiscard]] std::uint64_t capacity() const noexcept {
    return unit_bytes_ * ScratchUnits::kUnits;
  }
  /// A slot with so much memory, Filling; null if there is none. Any thread.
  [[nodiscard]] ShadowSlot* claim(std::uint64_t bytes) noexcept;
  /// Any state that belongs to the caller -> Free.
  void free(ShadowSlot& slot) noexcept;

  /// Launches the comparison of the slot's outputs with the engine's, or, unless slot.compares, of
  /// nothing; then the slot is Pending. On an error it is Lost.
  [[nodiscard]] CUresult compare(ShadowSlot& slot, CUstream stream) noexcept;
  /// Pending -> Reading, if the report is there and nobody else was faster.
  [[nodiscard]] bool take_report(ShadowSlot& slot) noexcept;
  /// Of a slot that is Reading or Mismatched. Results are in the order of the plan's outputs.
  [[nodiscard]] const CompareReport& report(const ShadowSlot& slot) const noexcept {
    return reports_[number(slot)];
  }

  [[nodiscard]] std::array<ShadowSlot, ScratchUnits::kUnits>& slots() noexcept { return slots_; }
  [[nodiscard]] bool is_idle() const noexcept { return units_.all_free(); }
  [[nodiscard]] CUstream copy_stream() const noexcept { return copy_stream_; }

 private:
  [[nodiscard]] CUresult allocate(std::size_t bytes) noexcept;
  [[nodiscard]] CUresult load() noexcept;
  [[nodiscard]] CUresult self_test() noexcept;
  [[nodiscard]] CUresult launch(const CompareJob& job, CUstream stream) noexcept;
  [[nodiscard]] std::size_t number(const ShadowSlot& slot) const noexcept {
    return static_cast<std::size_t>(&slot - slots_.data());
  }

  const driver::DriverApi& api_;
  ScratchUnits units_;
  std::uint64_t unit_bytes_ = 0;
  CUdeviceptr memory_ = 0;            ///< of all units
  CUdeviceptr sums_ = 0;              ///< CompareScratch per slot
  CompareReport* reports_ = nullptr;  ///< per slot, pinned
  CUdeviceptr device_reports_ = 0;    ///< the same, as the GPU knows them
  CUmodule module_ = nullptr;
  CUfunction kernel_ = nullptr;
  CUstream copy_stream_ = nullptr;  ///< of the background thread
  unsigned most_blocks_ = 1;
  std::atomic<std::uint64_t> last_sequence_{0};
  std::array<ShadowSlot, ScratchUnits::kUnits> slots_;
};

}  // namespace fib::dispatch
