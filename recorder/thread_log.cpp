// SPDX-License-Identifier: Apache-2.0
#include "recorder/thread_log.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

#include "recorder/guard.h"

namespace fib::recorder {

thread_local int t_depth __attribute__((tls_model("initial-exec"))) = 0;

ThreadLog* ThreadLogs::reuse() noexcept {
  ThreadLog* found = nullptr;
  for_each([&](ThreadLog& log) {
    int free = ThreadLog::Free;
    if (found == nullptr && log.state.compare_exchange_strong(free, ThreadLog::Claimed))
      found = &log;
  });
  return found;
}

ThreadLog* ThreadLogs::create() noexcept {
  const std::size_t slot = used_.load(std::memory_order_relaxed);
  if (slot >= kMaxLogs) return nullptr;
  const std::size_t bytes = sizeof(ThreadLog) + ring_bytes_;
  // One mapping, untouched pages cost nothing: the log in front, its ring behind.
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* log =
      new (memory) ThreadLog(static_cast<std::byte*>(memory) + sizeof(ThreadLog), ring_bytes_);
  const std::size_t mine = used_.fetch_add(1, std::memory_order_acq_rel);
  if (mine >= kMaxLogs) {
    munmap(memory, bytes);
    return nullptr;
  }
  return log;
}

void ThreadLogs::publish(ThreadLog* log) noexcept {
  for (auto& slot : slots_) {
    ThreadLog* empty = nullptr;
    if (slot.compare_exchange_strong(empty, log, std::memory_order_acq_rel)) return;
  }
}

ThreadLog* ThreadLogs::acquire() noexcept {
  ThreadLog* log = reuse();
  const bool fresh = log == nullptr;
  if (fresh && (log = create()) == nullptr) return nullptr;
  log->thread = next_thread_.fetch_add(1, std::memory_order_relaxed);
  log->tid = static_cast<std::uint32_t>(syscall(SYS_gettid));
  if (prctl(PR_GET_NAME, log->name) != 0) log->name[0] = '\0';
  // Last: the writer thread looks only at logs that are no longer Claimed.
  log->state.store(ThreadLog::Active, std::memory_order_release);
  if (fresh) publish(log);
  return log;
}

}  // namespace fib::recorder
