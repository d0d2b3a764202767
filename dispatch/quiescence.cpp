// SPDX-License-Identifier: Apache-2.0
#include "dispatch/quiescence.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

#include "recorder/clock.h"
#include "recorder/nap.h"

namespace fib::dispatch {

thread_local ReadSlot* t_read_slot __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {

/// All slots there ever were; taken again when their thread has ended.
std::atomic<ReadSlot*> g_slots{nullptr};
std::atomic<bool> g_possible{false};
/// A thread that got no memory for a slot: it can't be waited for.
std::atomic<bool> g_unseen_reader{false};

bool membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0) == 0; }

void thread_ended(void* slot) noexcept {
  t_read_slot = nullptr;
  static_cast<ReadSlot*>(slot)->taken.store(false, std::memory_order_release);
}

pthread_key_t make_key() noexcept {
  pthread_key_t key = 0;
  if (pthread_key_create(&key, thread_ended) != 0) return static_cast<pthread_key_t>(-1);
  return key;
}

ReadSlot* take_free() noexcept {
  for (ReadSlot* slot = g_slots.load(std::memory_order_acquire); slot != nullptr;
       slot = slot->next) {
    bool taken = false;
    if (slot->taken.compare_exchange_strong(taken, true, std::memory_order_acquire)) return slot;
  }
  return nullptr;
}

ReadSlot* make_new() noexcept {
  auto* slot = new (std::nothrow) ReadSlot;
  if (slot == nullptr) return nullptr;
  slot->taken.store(true, std::memory_order_relaxed);
  slot->next = g_slots.load(std::memory_order_relaxed);
  while (!g_slots.compare_exchange_weak(slot->next, slot, std::memory_order_acq_rel)) {
  }
  return slot;
}

/// Over once the word changes: sections that begin now see what was made unreachable.
bool wait_for(const ReadSlot& slot, std::uint64_t deadline) noexcept {
  const std::uint32_t turn = slot.turn.load(std::memory_order_acquire);
  if (turn % 2 == 0) return true;
  while (slot.turn.load(std::memory_order_acquire) == turn) {
    if (recorder::nanoseconds(CLOCK_MONOTONIC) >= deadline) return false;
    recorder::nap(20000);
  }
  return true;
}

}  // namespace

ReadSlot* ReadSection::get_slot() noexcept {
  static const pthread_key_t key = make_key();
  ReadSlot* slot = take_free();
  if (slot == nullptr) slot = make_new();
  if (slot == nullptr) {
    static thread_local ReadSlot unseen __attribute__((tls_model("initial-exec")));
    g_unseen_reader.store(true);
    return &unseen;
  }
  // Without a destructor for it the slot is lost when the thread ends, but stays even.
  (void)pthread_setspecific(key, slot);
  t_read_slot = slot;
  return slot;
}

bool prepare_quiescence() noexcept {
  const bool can = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  g_possible.store(can);
  return can;
}

bool wait_for_readers(std::uint64_t limit_ns) noexcept {
  if (!g_possible.load() || g_unseen_reader.load() || !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
    return false;
  const std::uint64_t deadline = recorder::nanoseconds(CLOCK_MONOTONIC) + limit_ns;
  for (const ReadSlot* slot = g_slots.load(std::memory_order_acquire); slot != nullptr;
       slot = slot->next)
    if (!wait_for(*slot, deadline)) return false;
  return true;
}

void forget_readers() noexcept {
  // The parent's slots stay where they are: their threads are not here.
  g_slots.store(nullptr);
  t_read_slot = nullptr;
}

}  // namespace fib::dispatch
