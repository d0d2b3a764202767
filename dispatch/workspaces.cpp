// SPDX-License-Identifier: Apache-2.0
#include "dispatch/workspaces.h"

#include <algorithm>
#include <memory>

#include "driver/scopes.h"
#include "recorder/rt_log.h"

namespace fib::dispatch {

std::uint64_t Workspaces::get(CUstream stream, std::uint64_t bytes) noexcept {
  if (bytes > bytes_ || stream == CU_STREAM_PER_THREAD) return 0;
  Place place;
  place.key = stream;
  const bool is_default = stream == nullptr || stream == CU_STREAM_LEGACY;
  if (is_default &&
      (api_.cuCtxGetCurrent(&place.context) != CUDA_SUCCESS || place.context == nullptr))
    return 0;
  if (is_default) place.key = place.context;
  if (const Piece* piece = pieces_.find(place.key); piece != nullptr) {
    const std::uint64_t address = piece->address.load(std::memory_order_acquire);
    if (address != 0) return address;
  }
  if (is_default || api_.cuCtxGetCurrent(&place.context) == CUDA_SUCCESS) ask(place);
  return 0;
}

void Workspaces::ask(const Place& place) noexcept {
  // Busy: the next launch asks again.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || asked_count_ == asked_.size() || place.context == nullptr) return;
  const auto end = asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_);
  if (std::none_of(asked_.begin(), end, [&](const Place& p) { return p.key == place.key; }))
    asked_[asked_count_++] = place;
}

/// Of an ending context (null: of any), or of an ending stream.
void Workspaces::forget_asked(CUcontext context, CUstream stream) noexcept {
  const auto last = asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_);
  const auto kept = std::remove_if(asked_.begin(), last, [&](const Place& place) {
    return stream != nullptr ? place.key == stream : context == nullptr || place.context == context;
  });
  asked_count_ = static_cast<std::size_t>(kept - asked_.begin());
}

Workspaces::Piece& Workspaces::piece_at(const void* key) {
  if (Piece* const known = pieces_.find(key); known != nullptr) return *known;
  auto fresh = std::make_unique<Piece>();
  pieces_.set(key, fresh.get());
  return *fresh.release();
}

bool Workspaces::take_spare(CUcontext context, Piece& piece) noexcept {
  for (std::size_t i = 0; i < spare_.size(); ++i) {
    if (spare_[i].context != context || api_.cuEventQuery(spare_[i].idle) != CUDA_SUCCESS) continue;
    piece.idle = spare_[i].idle;
    piece.address.store(spare_[i].address, std::memory_order_release);
    spare_[i] = spare_.back();
    spare_.pop_back();
    return true;
  }
  return false;
}

bool Workspaces::allocate(Piece& piece) noexcept {
  CUdeviceptr address = 0;
  if (api_.cuMemAlloc_v2(&address, bytes_) != CUDA_SUCCESS) return false;
  piece.idle = nullptr;
  piece.address.store(address, std::memory_order_release);
  return true;
}

void Workspaces::make(const Place& place) noexcept try {
  if (is_exhausted_) return;
  const driver::RelaxedCapture relaxed(api_);
  const driver::CurrentContext current(api_, place.context);
  Piece& piece = piece_at(place.key);
  if (current.result() != CUDA_SUCCESS || piece.address.load() != 0) return;
  piece.context = place.context;
  is_exhausted_ = !take_spare(place.context, piece) && !allocate(piece);
  if (is_exhausted_)
    recorder::say(
        "no %zu bytes of GPU memory for the workspace of a stream; candidates that need "
        "one are not used on further streams",
        bytes_);
} catch (...) {
  recorder::say("out of memory: a stream gets no workspace");
}

void Workspaces::context_appeared(CUcontext context) noexcept {
  if (!is_wanted_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  make({context, context});
}

void Workspaces::context_ending(CUcontext context) noexcept {
  const std::lock_guard lock(mutex_);
  const auto ends = [&](CUcontext other) { return context == nullptr || other == context; };
  // Memory and events go with it.
  std::erase_if(spare_, [&](const Spare& spare) { return ends(spare.context); });
  forget_asked(context, nullptr);
  pieces_.for_each([&](const void*, Piece* piece) noexcept {
    if (ends(piece->context)) piece->address.store(0, std::memory_order_relaxed);
  });
  is_exhausted_ = false;
}

bool Workspaces::record_idle(Piece& piece, CUstream stream) noexcept {
  if (piece.idle == nullptr &&
      api_.cuEventCreate(&piece.idle, CU_EVENT_DISABLE_TIMING) != CUDA_SUCCESS)
    return false;
  return api_.cuEventRecord(piece.idle, stream) == CUDA_SUCCESS;
}

void Workspaces::stream_ending(CUstream stream, bool is_capturing) noexcept try {
  if (stream == nullptr || !is_wanted_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  forget_asked(nullptr, stream);
  Piece* const piece = pieces_.find(stream);
  const std::uint64_t address = piece != nullptr ? piece->address.exchange(0) : 0;
  if (address == 0 || is_capturing) return;
  const driver::RelaxedCapture relaxed(api_);
  const driver::CurrentContext current(api_, piece->context);
  if (current.result() == CUDA_SUCCESS && record_idle(*piece, stream))
    spare_.push_back({address, piece->context, piece->idle});
} catch (...) {
  recorder::say("out of memory: the workspace of a stream is lost");
}

void Workspaces::tick() noexcept {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < asked_count_; ++i) make(asked_[i]);
  asked_count_ = 0;
}

}  // namespace fib::dispatch
