// SPDX-License-Identifier: Apache-2.0
//
// Contexts and streams. With a context goes all that belongs to it.
#include "recorder/live_update.h"

namespace fib::recorder {
namespace {

std::uint64_t number_of_handle(const void* handle) noexcept {
  return reinterpret_cast<std::uintptr_t>(handle);
}

}  // namespace

std::vector<LiveStream> Live::streams() const {
  const std::lock_guard lock(mutex_);
  std::vector<LiveStream> list;
  list.reserve(streams_.size());
  for (const auto& [handle, stream] : streams_) list.push_back(stream);
  return list;
}

std::vector<LiveContext> Live::contexts() const {
  const std::lock_guard lock(mutex_);
  std::vector<LiveContext> list;
  list.reserve(contexts_.size());
  for (const auto& [handle, context] : contexts_) list.push_back(context);
  return list;
}

void Live::note(const Where& where) {
  if (where.context == 0 || where.device < 0) return;
  const auto handle = reinterpret_cast<CUcontext>(where.context);
  // All calls that make contexts are seen, but not the runtime's private way to the primary one.
  contexts_.try_emplace(handle, LiveContext{handle, where.device, true});
}

void Live::context_seen() noexcept {
  const Where where = here();
  update([&] { note(where); });
}

void Live::context_made(CUcontext context, CUdevice device, bool primary) noexcept {
  update([&] {
    contexts_.insert_or_assign(context, LiveContext{context, device, primary});
    if (primary) ++retained_[device];
  });
}

bool Live::is_last_reference(CUdevice device) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = retained_.find(device);
  return found == retained_.end() || found->second <= 1;
}

void Live::green_context_made(CUgreenCtx green, CUdevice device) noexcept {
  update([&] { green_contexts_.insert_or_assign(green, LiveContext{nullptr, device, false}); });
}

void Live::green_context_converted(CUcontext context, CUgreenCtx green) noexcept {
  update([&] {
    const auto known = green_contexts_.find(green);
    if (known == green_contexts_.end()) return;
    known->second.handle = context;
    contexts_.insert_or_assign(context, known->second);
  });
}

void Live::take_contents(const LiveContext& context, Taken& taken) {
  const std::uint64_t number = number_of_handle(context.handle);
  auto nodes = memory_.take_if(
      [&](const MemoryMap::Entry& entry) { return entry.region.fixed.context == number; });
  taken.regions.reserve(taken.regions.size() + nodes.size());
  for (MemoryMap::Node& node : nodes) taken.regions.push_back(std::move(node));
  taken.streams.reserve(taken.streams.size() + streams_.size());
  for (auto it = streams_.begin(); it != streams_.end();) {
    const auto next = std::next(it);
    if (it->second.fixed.context == number) taken.streams.push_back(streams_.extract(it));
    it = next;
  }
  taken.contexts.reserve(taken.contexts.size() + 1);
  taken.contexts.push_back(contexts_.extract(context.handle));
  changed();
}

void Live::take_context(CUcontext context) noexcept {
  update([&] {
    if (const auto known = contexts_.find(context); known != contexts_.end())
      take_contents(LiveContext{known->second}, taken_by_this_thread());
  });
}

void Live::take_green_context(CUgreenCtx green) noexcept {
  update([&] {
    const auto known = green_contexts_.find(green);
    if (known == green_contexts_.end()) return;
    if (known->second.handle != nullptr) take_contents(known->second, taken_by_this_thread());
  });
}

void Live::take_primary_context(CUdevice device) noexcept {
  update([&] {
    for (const LiveContext& context : primary_contexts(device))
      take_contents(context, taken_by_this_thread());
  });
}

std::vector<LiveContext> Live::primary_contexts(CUdevice device) const {
  std::vector<LiveContext> list;
  for (const auto& [handle, context] : contexts_)
    if (context.primary && context.device == device) list.push_back(context);
  return list;
}

void Live::primary_context_released(CUdevice device) noexcept {
  update([&] {
    if (const auto found = retained_.find(device); found != retained_.end() && found->second > 0)
      --found->second;
  });
  unsigned flags = 0;
  int active = 0;
  if (api_.cuDevicePrimaryCtxGetState(device, &flags, &active) != CUDA_SUCCESS || active != 0)
    return;
  Taken gone;
  update([&] {
    for (const LiveContext& context : primary_contexts(device)) take_contents(context, gone);
  });
  tell_ends(gone);
}

void Live::stream_made(CUstream stream, std::uint32_t flags, std::int32_t priority,
                       CUgreenCtx green) noexcept {
  const Where where = here();
  LiveStream made;
  made.fixed.handle = number_of_handle(stream);
  made.fixed.flags = flags;
  made.fixed.priority = priority;
  made.fixed.context = where.context;
  update([&] {
    note(where);
    if (const auto known = green_contexts_.find(green); known != green_contexts_.end())
      made.fixed.context = number_of_handle(known->second.handle);
    streams_.insert_or_assign(stream, made);
  });
}

void Live::take_stream(CUstream stream) noexcept {
  update([&] {
    const auto known = streams_.find(stream);
    if (known == streams_.end()) return;
    Taken& taken = taken_by_this_thread();
    taken.streams.reserve(1);
    taken.streams.push_back(streams_.extract(known));
  });
}

}  // namespace fib::recorder
