// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "driver/driver_api.h"
#include "recorder/handle_table.h"

namespace fib::dispatch {

/// Memory for candidates that need some: one piece per stream, since what runs on a stream runs in
/// order. Made ahead: for the default stream when a context appears, for others by tick() after a
/// launch asked in vain. The per-thread default stream gets none: its handle says not whose it is.
class Workspaces {
 public:
  Workspaces(const driver::DriverApi& api, std::size_t bytes) noexcept : api_(api), bytes_(bytes) {}

  /// From now on memory is made; until then none is.
  void want() noexcept { is_wanted_.store(true, std::memory_order_relaxed); }

  /// Address of at least so many bytes for the next launch on this stream of the current context;
  /// 0: there is none. Neither allocates nor waits for a lock.
  [[nodiscard]] std::uint64_t get(CUstream stream, std::uint64_t bytes) noexcept;

  void context_appeared(CUcontext context) noexcept;
  void context_ending(CUcontext context) noexcept;  ///< null: any may
  /// Its piece goes to another stream when the work on it is done. `is_capturing`: it can't be
  /// asked when that is, and the piece is lost.
  void stream_ending(CUstream stream, bool is_capturing) noexcept;
  void tick() noexcept;

 private:
  /// Where a piece is wanted: the stream, or for the default one its context.
  struct Place {
    CUcontext context = nullptr;
    const void* key = nullptr;
  };
  /// Of one place; never freed, since a launch may just be reading it.
  struct Piece {
    std::atomic<std::uint64_t> address{0};  ///< 0: none now
    CUcontext context = nullptr;
    CUevent idle = nullptr;
  };
  struct Spare {
    std::uint64_t address;
    CUcontext context;
    CUevent idle;  ///< the last work on it is done
  };

  void ask(const Place& place) noexcept;
  void forget_asked(CUcontext context, CUstream stream) noexcept;
  void make(const Place& place) noexcept;
  [[nodiscard]] Piece& piece_at(const void* key);
  [[nodiscard]] bool take_spare(CUcontext context, Piece& piece) noexcept;
  [[nodiscard]] bool allocate(Piece& piece) noexcept;
  [[nodiscard]] bool record_idle(Piece& piece, CUstream stream) noexcept;

  const driver::DriverApi& api_;
  const std::size_t bytes_;
  std::atomic<bool> is_wanted_{false};
  recorder::HandleTable<Piece> pieces_;
  std::mutex mutex_;  ///< everything below, and writing to pieces_; held during driver calls
  std::vector<Spare> spare_;
  bool is_exhausted_ = false;  ///< said, and not tried again until a context ends
  std::array<Place, 16> asked_;
  std::size_t asked_count_ = 0;
};

}  // namespace fib::dispatch
