// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/stream.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <thread>
#include <utility>

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t next_stream_id() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

void add_unfinished(std::vector<CompletionPtr>& list, const Stream& stream) {
  if (!stream.idle()) list.push_back(stream.last);
}

}  // namespace

void Completion::wait() const {
  while (!done()) done_.wait(0, std::memory_order_acquire);
}

void Completion::finish() {
  time_ns_ = monotonic_ns();
  done_.store(1, std::memory_order_release);
  done_.notify_all();
}

Stream::Stream(Kind which, CUcontext owner, int on_device, int with_priority)
    : kind(which),
      context(owner),
      device(on_device),
      priority(with_priority),
      id(next_stream_id()) {}

CompletionPtr Stream::submit(std::vector<CompletionPtr> waits, std::function<void()> run) {
  last = std::make_shared<Completion>();
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(waits), std::move(run), last});
    if (!started_) start_worker();
  }
  wake_.notify_one();
  return last;
}

void Stream::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_one();
}

// Detached, with every signal masked: the process that we live in must neither wait for the worker
// at exit nor have its signal handlers run on it.
void Stream::start_worker() {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([self = shared_from_this()] { self->work(); }).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  started_ = true;
}

void Stream::work() {
  for (;;) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      item = std::move(queue_.front());
      queue_.pop_front();
    }
    for (const CompletionPtr& wait : item.waits) wait->wait();
    if (item.run) item.run();
    item.run = nullptr;  // what the work owns is gone before anyone is told that it is over
    item.done->finish();
  }
}

CompletionPtr enqueue(Driver& driver, const StreamPtr& stream, std::function<void()> run,
                      std::vector<CompletionPtr> waits) {
  const ContextPtr context = driver.contexts.find(stream->context);
  require(context != nullptr, CUDA_ERROR_CONTEXT_IS_DESTROYED);
  if (stream->kind == Stream::Kind::legacy) {
    for (const StreamPtr& other : context->streams)
      if (other->synchronises_with_legacy()) add_unfinished(waits, *other);
  } else if (stream->synchronises_with_legacy()) {
    add_unfinished(waits, *context->legacy);
  }
  return stream->submit(std::move(waits), std::move(run));
}

std::vector<CompletionPtr> pending(Driver& driver, const Stream& stream) {
  std::vector<CompletionPtr> list;
  add_unfinished(list, stream);
  if (stream.kind != Stream::Kind::legacy) return list;
  if (const ContextPtr context = driver.contexts.find(stream.context))
    for (const StreamPtr& other : context->streams)
      if (other->synchronises_with_legacy()) add_unfinished(list, *other);
  return list;
}

std::vector<CompletionPtr> pending_in_context(Driver& driver, CUcontext handle) {
  std::vector<CompletionPtr> list;
  if (const ContextPtr context = driver.contexts.find(handle)) {
    add_unfinished(list, *context->legacy);
    for (const StreamPtr& stream : context->streams) add_unfinished(list, *stream);
    for (const CompletionPtr& work : context->orphans)
      if (!work->done()) list.push_back(work);
  }
  return list;
}

std::vector<CompletionPtr> pending_on_device(Driver& driver, int device) {
  std::vector<CompletionPtr> list;
  for (const auto& [handle, context] : driver.contexts.live()) {
    if (context->device != device) continue;
    for (CompletionPtr& work : pending_in_context(driver, context->handle))
      list.push_back(std::move(work));
  }
  return list;
}

void wait_for(Call& c, const std::vector<CompletionPtr>& work) {
  c.unlocked([&] {
    for (const CompletionPtr& item : work) item->wait();
  });
}

}  // namespace fib::sim
