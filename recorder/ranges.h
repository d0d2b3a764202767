// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Named ranges of the program (NVTX), for the trigger that waits for one of them. shim/nvtx.cpp
/// reports them as they come, and one sink hears of one name. Costs nothing unless the program's
/// NVTX was told to call us. Thread-safe; nothing here allocates or locks.
namespace fib::recorder {

/// Called on the program's own thread, outside any hook, before its NVTX call returns. A range of
/// the watched name inside another one on the same thread is not told.
class RangeSink {
 public:
  /// `entry` names this entry; its left() has the same number.
  virtual void entered(std::uint64_t entry) noexcept = 0;
  virtual void left(std::uint64_t entry) noexcept = 0;

 protected:
  ~RangeSink() = default;
};

/// From now on `sink` hears of ranges called `name`, at once if the calling thread is inside one;
/// null for none. It replaces the one before, and may hear left() of what that one entered.
void watch_range(const char* name, RangeSink* sink) noexcept;

// ---- what NVTX says -----------------------------------------------------------------------------

/// Ranges nest within a thread and a domain. Both return the depth as NVTX counts it, from 0; a
/// pop without a push returns -1.
int range_pushed(std::uint32_t domain, const char* name) noexcept;
int range_popped(std::uint32_t domain) noexcept;

/// Ranges that may end on another thread; the number returned names this one.
std::uint64_t range_started(const char* name) noexcept;
void range_ended(std::uint64_t id) noexcept;

}  // namespace fib::recorder
