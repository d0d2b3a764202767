// SPDX-License-Identifier: Apache-2.0
//
// Events of contexts, and what the background thread does.
#include <exception>
#include <new>
#include <utility>

#include "dispatch/shadow/shadow.h"
#include "driver/scopes.h"
#include "recorder/rt_log.h"

namespace fib::dispatch {

Shadow::~Shadow() {
  for (auto& place : contexts_) delete place.load(std::memory_order_relaxed);
}

void Shadow::context_appeared(CUcontext context) noexcept {
  const std::scoped_lock lock(mutex_);
  if (finished_ || context == nullptr || table_.find(context) != nullptr) return;
  create(context);
}

/// A context without scratch memory is as good as any: nothing in it is verified.
void Shadow::create(CUcontext context) noexcept {
  Context* const made = unused();
  if (made == nullptr) return recorder::say("no shadow verification: there are too many contexts");
  const driver::RelaxedCapture relaxed(api_);
  const CUresult result = made->scratch.create(options_.scratch_bytes);
  if (result != CUDA_SUCCESS) {
    const char* name = nullptr;
    if (api_.cuGetErrorName(result, &name) != CUDA_SUCCESS || name == nullptr) name = "an error";
    return recorder::say(
        "no shadow verification in this context: its scratch memory or kernel can't be had (%s)",
        name);
  }
  try {
    table_.set(context, made);
    made->handle = context;
  } catch (const std::exception&) {
    made->scratch.release();
  }
}

/// One that has no context.
Shadow::Context* Shadow::unused() noexcept {
  for (auto& place : contexts_) {
    Context* known = place.load(std::memory_order_relaxed);
    if (known != nullptr && known->handle != nullptr) continue;
    if (known == nullptr) {
      known = new (std::nothrow) Context(api_);
      place.store(known, std::memory_order_release);
    }
    return known;
  }
  return nullptr;
}

void Shadow::context_ending(CUcontext context) noexcept {
  std::unique_lock lock(mutex_);
  for (auto& place : contexts_) {
    Context* const known = place.load(std::memory_order_relaxed);
    if (known == nullptr || known->handle == nullptr) continue;
    if (context == nullptr || context == known->handle) drop(*known);
  }
  // Its hook is no place to demote, which takes the dispatcher's locks: tick() will.
  settle(std::move(lock), false);
}

/// While the context is still there: what is known by now is kept, and all memory given back.
void Shadow::drop(Context& context) noexcept {
  look_at(context);
  try {
    table_.set(context.handle, nullptr);
  } catch (const std::exception&) {
    return;  // launches may still find it: it has to stay, and with it the memory
  }
  const driver::RelaxedCapture relaxed(api_);
  const driver::CurrentContext current(api_, context.handle);
  context.handle = nullptr;
  if (current.result() == CUDA_SUCCESS) context.scratch.release();
}

void Shadow::look_at(Context& context) noexcept {
  if (context.scratch.is_idle()) return;
  // Fails when the driver is gone: then reports are, too.
  const driver::RelaxedCapture relaxed(api_);
  const driver::CurrentContext current(api_, context.handle);
  if (current.result() != CUDA_SUCCESS) return;
  harvest(context.scratch);
  collect(context.scratch);
}

void Shadow::look_at_all() noexcept {
  for (auto& place : contexts_) {
    Context* const known = place.load(std::memory_order_relaxed);
    if (known != nullptr && known->handle != nullptr) look_at(*known);
  }
}

void Shadow::tick() noexcept {
  std::unique_lock lock(mutex_);
  if (finished_) return;
  look_at_all();
  settle(std::move(lock), true);
}

void Shadow::finish() noexcept {
  std::unique_lock lock(mutex_);
  if (std::exchange(finished_, true)) return;
  look_at_all();
  settle(std::move(lock), true);
}

/// What was found takes effect, without our lock: the dispatcher has its own, and files are slow.
void Shadow::settle(std::unique_lock<std::mutex> lock, bool may_demote) noexcept {
  std::vector<CandidateUse> uses;
  if (may_demote) uses = std::exchange(to_demote_, {});
  const Mismatches found = std::exchange(to_record_, {});
  say_reasons();
  lock.unlock();
  demote_wanted(uses);
  record(found);
}

bool Shadow::uses(const Generation& generation) const noexcept {
  for (const auto& place : contexts_) {
    Context* const known = place.load(std::memory_order_acquire);
    if (known == nullptr) continue;
    for (const ShadowSlot& slot : known->scratch.slots()) {
      const bool is_lost = slot.is(ShadowSlot::State::Lost);
      if (!is_lost && slot.generation.load(std::memory_order_acquire) == &generation) return true;
    }
  }
  return false;
}

}  // namespace fib::dispatch
