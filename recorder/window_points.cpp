// SPDX-License-Identifier: Apache-2.0
//
// Within a window: payloads, digests after launches, and launches that can't run alone.
#include <algorithm>
#include <cstring>

#include "recorder/clock.h"
#include "recorder/params.h"
#include "recorder/windows.h"

namespace fib::recorder {

using trace::Deviation;
using trace::EffectReason;
using trace::WindowReason;

namespace {

/// A launch may wait for one that a held thread has yet to make.
constexpr std::uint64_t kDigestLimit = kSecond, kHostCodeLimit = kSecond;
constexpr std::uint64_t kIdleLimit = kSecond;
/// After one wait in vain.
constexpr std::uint64_t kShortLimit = kSecond / 20;

/// The parameters of a launch, in a buffer that is used again. Null: not known.
std::span<const std::byte> parameters(const KernelInfo& kernel, const LaunchCall& call,
                                      std::vector<std::byte>& buffer) {
  if (!kernel.layout_known || call.legacy) return {};
  buffer.resize(trace::padded(kernel.param_bytes));
  if (!buffer.empty()) copy_params(buffer.data(), kernel, call.params, call.extra);
  return buffer;
}

}  // namespace

EffectReason Windows::effect_of_operation(const Operation& operation) noexcept try {
  switch (kind_of(operation.api)) {
    case OperationKind::HostCode: return EffectReason::HostFunction;
    case OperationKind::GraphLaunch: {
      EffectReason effect = EffectReason::None;
      p_.graphs.look(reinterpret_cast<CUgraphExec>(operation.words[0]), [&](const ExecInfo& info) {
        effect = info.effect;
        if (effect != EffectReason::None || !p_.live.had_foreign()) return;
        for (const std::uint64_t word : info.words)
          if (p_.live.is_foreign(word)) effect = EffectReason::Foreign;
      });
      return effect;
    }
    case OperationKind::Launch: {
      const KernelInfo* kernel = kernel_of(operation);
      if (kernel == nullptr) return EffectReason::None;
      std::vector<std::byte> buffer;
      return effect_of(p_.live, *kernel, parameters(*kernel, *operation.launch, buffer));
    }
    default: return EffectReason::None;
  }
} catch (const std::bad_alloc&) {
  return EffectReason::None;
}

/// Closes the gate for one call. False: others can't be kept out, or the window is over.
bool Windows::lock_out(Gate::Passage& passage, Visit& visit) noexcept {
  const std::uint64_t deadline = nanoseconds(CLOCK_MONOTONIC) + 2 * kSecond;
  std::uint32_t blocker = 0;
  Gate::Closing closing = Gate::Closing::Busy;
  while (closing == Gate::Closing::Busy && nanoseconds(CLOCK_MONOTONIC) < deadline) {
    closing = p_.gate.close(passage.log(), 2 * kSecond, blocker);
    if (closing != Gate::Closing::Busy) break;
    passage.leave();
    passage.enter();
  }
  if (closing != Gate::Closing::Closed) return false;
  visit.exclusive = state() == State::Open || state() == State::Closing;
  if (!visit.exclusive) p_.gate.open();
  return visit.exclusive;
}

/// After a launch that did not end in time there is nothing to compare until the GPU is idle again.
bool Windows::can_rest(const Visit& visit) noexcept {
  const std::lock_guard lock(mutex_);
  if (!gpu_is_stuck_ || visit.effect != EffectReason::None) return true;
  gpu_is_stuck_ = p_.captures.any() || drain(p_.api, p_.live, 0).outcome != Drained::Idle;
  return !gpu_is_stuck_;
}

void Windows::write_payloads(Gate::Passage& passage, Visit& visit,
                             const Operation& operation) noexcept {
  bool needs_idle_gpu = false;
  {
    const std::lock_guard lock(mutex_);
    payloads_.before(operation, false, needs_idle_gpu);
  }
  if (!needs_idle_gpu) return;
  const bool was_exclusive = visit.exclusive;
  bool idle = false;
  if (!p_.captures.any() && (was_exclusive || lock_out(passage, visit))) {
    idle = drain(p_.api, p_.live, kIdleLimit).outcome == Drained::Idle;
    const std::lock_guard lock(mutex_);
    if (idle) payloads_.before(operation, true, needs_idle_gpu);
  }
  if (!idle)
    p_.session.deviation(Deviation::HostRead,
                         "host memory that a GPU may be writing is read by a call; its content at "
                         "that time is not recorded");
  if (visit.exclusive && !was_exclusive) {
    p_.gate.open();
    visit.exclusive = false;
  }
  visit.in_window = state() == State::Open || state() == State::Closing;
}

void Windows::after_exclusive(const Visit& visit, CUresult result) noexcept {
  const std::lock_guard lock(mutex_);
  if (result != CUDA_SUCCESS) return;
  const bool effect = visit.effect != EffectReason::None;
  const std::uint64_t limit = visit.effect == EffectReason::HostFunction
                                  ? std::min(kHostCodeLimit, effect_limit_ns_)
                              : effect ? effect_limit_ns_
                                       : kDigestLimit;
  const Drain rest =
      p_.captures.any() ? Drain{Drained::TimedOut, CUDA_SUCCESS} : drain(p_.api, p_.live, limit);
  if (rest.outcome == Drained::Failed)
    return want_end(WindowReason::Failure, error_name(p_.api, rest.error));
  if (rest.outcome == Drained::TimedOut) {
    gpu_is_stuck_ = true;
    if (!effect) return;
    effect_limit_ns_ = kShortLimit;
    p_.session.deviation(Deviation::EffectLost,
                         "a launch that can't run alone did not end in time: what it changed is "
                         "not recorded");
    return;
  }
  std::uint64_t changed = 0;
  const RelaxedCapture relaxed(p_.api);
  try {
    if (!image_.point(window_, known_regions(), ++point_, changed))
      return want_end(WindowReason::Failure, image_.failure().c_str());
  } catch (const std::bad_alloc&) {
    return want_end(WindowReason::Failure, "out of memory");
  }
  write_point(visit, changed);
}

void Windows::write_point(const Visit& visit, std::uint64_t changed_pages) noexcept {
  constexpr std::size_t kSize = sizeof(trace::RecordHeader) + sizeof(trace::PointRecord);
  std::byte* room = p_.session.reserve(kSize, false);
  if (room == nullptr) return;
  const bool effect = visit.effect != EffectReason::None;
  const trace::RecordHeader header{static_cast<std::uint16_t>(trace::RecordType::Point), 0, kSize,
                                   ticks()};
  const trace::PointRecord record{
      point_,
      static_cast<std::uint16_t>(effect ? trace::PointKind::Effect : trace::PointKind::Digest),
      static_cast<std::uint16_t>(visit.effect), static_cast<std::uint32_t>(changed_pages)};
  std::memcpy(room, &header, sizeof header);
  std::memcpy(room + sizeof header, &record, sizeof record);
  p_.session.commit(kSize, false);
}

}  // namespace fib::recorder
