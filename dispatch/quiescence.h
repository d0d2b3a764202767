// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace fib::dispatch {

/// A thread's word that says whether it is in a ReadSection: odd, it is.
struct alignas(64) ReadSlot {
  std::atomic<std::uint32_t> turn{0};
  std::atomic<bool> taken{false};
  ReadSlot* next = nullptr;
};

/// The calling thread's, null until its first section.
extern thread_local ReadSlot* t_read_slot __attribute__((tls_model("initial-exec")));

/// While it lives, nothing that was reachable when it began is freed: see wait_for_readers(). Costs
/// two plain stores. Not nested: hooks hold one, what they call must not make another.
class ReadSection {
 public:
  ReadSection() noexcept : slot_(t_read_slot != nullptr ? t_read_slot : get_slot()) {
    turn(std::memory_order_relaxed);
    // The processor may still let later loads pass the store: see wait_for_readers().
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~ReadSection() { turn(std::memory_order_release); }
  ReadSection(const ReadSection&) = delete;
  ReadSection& operator=(const ReadSection&) = delete;

 private:
  static ReadSlot* get_slot() noexcept;
  void turn(std::memory_order order) noexcept {
    slot_->turn.store(slot_->turn.load(std::memory_order_relaxed) + 1, order);
  }
  ReadSlot* slot_;
};

/// Tells the kernel that this process uses membarrier(2). False: it can't, and nothing that
/// readers may see can ever be freed.
bool prepare_quiescence() noexcept;

/// After something was made unreachable: waits until every ReadSection that may have seen it is
/// over, at most `limit_ns`. False: one is not, or there is no telling. The caller is in no
/// section.
[[nodiscard]] bool wait_for_readers(std::uint64_t limit_ns) noexcept;

/// In a forked child: its only thread is in no section.
void forget_readers() noexcept;

}  // namespace fib::dispatch
