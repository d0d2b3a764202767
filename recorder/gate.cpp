// SPDX-License-Identifier: Apache-2.0
#include "recorder/gate.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder/clock.h"
#include "recorder/nap.h"

namespace fib::recorder {
namespace {

constexpr std::uint64_t kMicrosecond = 1000;

bool membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0) == 0; }

}  // namespace

bool Gate::prepare() noexcept {
  const bool can = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  possible_.store(can);
  return can;
}

void Gate::get_log(ThreadLog*& log) noexcept { log = session_.own_log(); }

/// The owner comes here, too: its own driver calls pass.
void Gate::wait_outside(Passage& passage) noexcept {
  std::uint64_t pause = 20 * kMicrosecond;
  while (closed_.load() && (passage.log_ == nullptr || owner_.load() != passage.log_)) {
    passage.leave();
    while (closed_.load()) {
      nap(pause);
      if (pause < 500 * kMicrosecond) pause *= 2;
    }
    // Before the gate is looked at again, for all to see: nobody makes a barrier for us here.
    if (passage.log_ != nullptr)
      passage.log_->inside.exchange(1);
    else
      homeless_inside_.fetch_add(1);
  }
  passage.attention_ = attention_.load() & ~kAttentionGate;
}

bool Gate::is_quiet(const ThreadLog* own, std::uint32_t& blocker) noexcept {
  bool quiet = homeless_inside_.load() == 0;
  if (!quiet) blocker = 0;
  session_.for_each_log([&](const ThreadLog& log) {
    if (&log == own || log.inside.load(std::memory_order_acquire) == 0) return;
    quiet = false;
    blocker = log.tid;
  });
  return quiet;
}

Gate::Closing Gate::close(const ThreadLog* own, std::uint64_t limit_ns,
                          std::uint32_t& blocker) noexcept {
  if (!possible_.load() || own == nullptr) return Closing::Impossible;
  const ThreadLog* nobody = nullptr;
  if (!owner_.compare_exchange_strong(nobody, own)) return Closing::Busy;
  closed_.store(true);
  attend(kAttentionGate);
  if (!membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) {
    open();
    return Closing::Impossible;
  }
  const std::uint64_t deadline = nanoseconds(CLOCK_MONOTONIC) + limit_ns;
  while (!is_quiet(own, blocker)) {
    if (nanoseconds(CLOCK_MONOTONIC) >= deadline) {
      open();
      return Closing::TimedOut;
    }
    nap(20 * kMicrosecond);
  }
  return Closing::Closed;
}

void Gate::open() noexcept {
  disregard(kAttentionGate);
  closed_.store(false);
  owner_.store(nullptr);
}

}  // namespace fib::recorder
