// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "driver/driver_api.h"
#include "recorder/captures.h"
#include "recorder/memory_map.h"
#include "recorder/session.h"
#include "trace/format.h"

namespace fib::recorder {

struct LiveStream {
  trace::StreamRecord fixed{};
};

struct LiveContext {
  CUcontext handle = nullptr;
  CUdevice device = 0;
  bool primary = false;
};

/// What a replay has to bring back besides code: kept up to date from the first driver call on, so
/// that a window can start at any time. Cold paths only (no launch comes here outside windows);
/// thread-safe; never throws: what memory can't be had for is said by a deviation.
///
/// Calls that take something away (free, unmap, destroy ...) tell before the driver is called,
/// because another thread may get the same address or handle at once, and settle() afterwards,
/// which puts back what a failed call took. No lock is held while the driver is asked.
class Live {
 public:
  Live(Session& session, const driver::DriverApi& api, const Captures& captures) noexcept
      : session_(session), api_(api), captures_(captures) {}

  /// Told when a context has ended, with its number; set before anything happens.
  void on_context_end(void (*ended)(void* self, std::uint64_t context) noexcept,
                      void* self) noexcept {
    context_ended_ = ended;
    listener_ = self;
  }

  // ---- what windows ask -------------------------------------------------------------------------

  /// The region that holds `address`, host addresses of pinned memory included.
  [[nodiscard]] std::optional<LiveRegion> find(std::uint64_t address) const noexcept;
  [[nodiscard]] bool is_foreign(std::uint64_t address) const noexcept;
  /// Whether there ever was memory of another process. One load.
  [[nodiscard]] bool had_foreign() const noexcept {
    return had_foreign_.load(std::memory_order_relaxed);
  }
  /// All of them, by address; symbols are not among them (see Symbols). Mappings that no GPU may
  /// touch (cuMemSetAccess was not called yet) are not either.
  [[nodiscard]] std::vector<LiveRegion> regions() const;
  [[nodiscard]] std::vector<LiveStream> streams() const;
  [[nodiscard]] std::vector<LiveContext> contexts() const;
  /// Whether the next release of the device's primary context ends it, as far as calls were seen.
  [[nodiscard]] bool is_last_reference(CUdevice device) const noexcept;
  /// A number for a region that is kept elsewhere (a symbol).
  [[nodiscard]] std::uint32_t new_region_number() noexcept;
  /// Counts every change of regions(): unchanged number, unchanged regions.
  [[nodiscard]] std::uint64_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }
  /// Forgets regions that the driver does not know any more (freed out of sight), since touching
  /// them would end the program; says so. For a window's begin, in whatever context.
  void drop_dead() noexcept;

  // ---- what calls tell (recorder/live_calls.h) --------------------------------------------------

  /// After the call that take...() or a release was told of, by the same thread.
  void settle(bool succeeded) noexcept;

  /// Memory of the current context, or (Pinned) of the host.
  void allocated(trace::RegionKind kind, std::uint64_t address, std::uint64_t bytes,
                 std::uint32_t flags) noexcept;
  /// Not if the stream is capturing: then it is a graph's node.
  void allocated_async(std::uint64_t address, std::uint64_t bytes, CUstream stream) noexcept;
  void registered(void* host, std::uint64_t bytes, std::uint32_t flags) noexcept;
  /// Memory of another process; `bytes` 0: as many as the driver says.
  void foreign(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle,
               std::uint32_t flags) noexcept;
  void take(std::uint64_t base) noexcept;
  void take_async(std::uint64_t base, CUstream stream) noexcept;
  void take_opened(std::uint64_t base) noexcept;  ///< cuIpcCloseMemHandle
  void take_foreign_of(std::uint64_t handle) noexcept;
  void array_made(const char* call) noexcept;

  // Virtual memory: what can be seen through access rights is a region.
  void handle_made(std::uint64_t handle, const CUmemLocation& location) noexcept;
  void handle_imported(std::uint64_t handle) noexcept;  ///< also multicast objects
  void handle_retained(std::uint64_t handle, std::uint64_t address) noexcept;
  void take_handle(std::uint64_t handle) noexcept;
  void mapped(std::uint64_t address, std::uint64_t bytes, std::uint64_t offset,
              std::uint64_t handle, std::uint32_t flags) noexcept;
  void access_set(std::uint64_t address, std::uint64_t bytes, const CUmemAccessDesc* rights,
                  std::size_t count) noexcept;
  void take_range(std::uint64_t address, std::uint64_t bytes) noexcept;

  /// In the current context, or in that of `green`.
  void stream_made(CUstream stream, std::uint32_t flags, std::int32_t priority,
                   CUgreenCtx green = nullptr) noexcept;
  void take_stream(CUstream stream) noexcept;

  /// The current context, where nobody said that it was made.
  void context_seen() noexcept;
  void context_made(CUcontext context, CUdevice device, bool primary) noexcept;
  void green_context_made(CUgreenCtx green, CUdevice device) noexcept;
  void green_context_converted(CUcontext context, CUgreenCtx green) noexcept;
  /// With everything in it.
  void take_context(CUcontext context) noexcept;
  void take_green_context(CUgreenCtx green) noexcept;
  void take_primary_context(CUdevice device) noexcept;
  /// After a release, which may not have been the last.
  void primary_context_released(CUdevice device) noexcept;

 private:
  using StreamMap = std::map<CUstream, LiveStream>;
  using ContextMap = std::map<CUcontext, LiveContext>;
  struct Allocation {
    std::int32_t device = -1;  ///< -1: host
    bool foreign = false;
    std::uint32_t references = 1;
  };
  using AllocationMap = std::unordered_map<std::uint64_t, Allocation>;
  /// What a call of one thread took, until it is known how the call went.
  struct Taken {
    const void* thread = nullptr;
    std::vector<MemoryMap::Node> regions;
    std::vector<StreamMap::node_type> streams;
    std::vector<ContextMap::node_type> contexts;
    AllocationMap::node_type allocation;
    std::uint64_t opened = 0;    ///< address whose count of openings went down
    std::uint64_t released = 0;  ///< handle whose count of references went down
  };
  struct Where {
    std::uint64_t context = 0;
    CUdevice device = -1;
  };

  /// Runs `change` under the mutex; out of memory is said.
  template <class Change>
  void update(Change&& change) noexcept;
  [[nodiscard]] Where here() const noexcept;
  void note(const Where& where);
  void insert(MemoryMap::Entry entry);
  Taken& taken_by_this_thread();
  void put_back(Taken& taken) noexcept;
  void tell_ends(const Taken& taken) noexcept;
  void take_contents(const LiveContext& context, Taken& taken);
  [[nodiscard]] std::vector<LiveContext> primary_contexts(CUdevice device) const;
  void changed() noexcept { generation_.fetch_add(1, std::memory_order_release); }

  Session& session_;
  const driver::DriverApi& api_;
  const Captures& captures_;
  void (*context_ended_)(void* self, std::uint64_t context) noexcept = nullptr;
  void* listener_ = nullptr;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> had_foreign_{false};
  mutable std::mutex mutex_;  ///< everything below
  MemoryMap memory_;
  StreamMap streams_;
  ContextMap contexts_;
  std::map<CUdevice, unsigned> retained_;                       ///< primary contexts: how often
  AllocationMap allocations_;                                   ///< by handle
  std::unordered_map<CUgreenCtx, LiveContext> green_contexts_;  ///< `handle`: null until converted
  std::vector<Taken> taken_;
};

}  // namespace fib::recorder
