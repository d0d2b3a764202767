// SPDX-License-Identifier: Apache-2.0
#include "recorder/worker_pool.h"

#include <sched.h>

#include <algorithm>

#include "recorder/background_thread.h"

namespace fib::recorder {

std::size_t background_threads(std::size_t most) noexcept {
  cpu_set_t set;
  std::size_t cores = 2;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    cores = static_cast<std::size_t>(CPU_COUNT(&set));
  return std::clamp<std::size_t>(cores / 2, 1, most);
}

void WorkerPool::grow(std::size_t count) noexcept {
  while (threads_ < count && start_background_thread("fibshim-worker", &thread_main, this) == 0)
    ++threads_;
}

void WorkerPool::thread_main(void* self) noexcept {
  auto& pool = *static_cast<WorkerPool*>(self);
  std::unique_lock lock(pool.mutex_);
  while (true) {
    pool.wake_.wait(lock, [&] { return pool.next_ < pool.count_; });
    pool.work(lock);
  }
}

void WorkerPool::work(std::unique_lock<std::mutex>& lock) noexcept {
  ++running_;
  while (next_ < count_) {
    const std::size_t mine = next_++;
    lock.unlock();
    (*body_)(mine);
    lock.lock();
  }
  if (--running_ == 0) done_.notify_all();
}

void WorkerPool::run(std::size_t count, const std::function<void(std::size_t)>& body) noexcept {
  std::unique_lock lock(mutex_);
  body_ = &body;
  next_ = 0;
  count_ = count;
  if (count > 1 && threads_ > 0) wake_.notify_all();
  work(lock);
  done_.wait(lock, [&] { return running_ == 0; });
  count_ = next_ = 0;
}

}  // namespace fib::recorder
