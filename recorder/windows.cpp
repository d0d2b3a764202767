// SPDX-License-Identifier: Apache-2.0
//
// What hooks do while something needs attention, and when a window has to begin or end.
#include "recorder/windows.h"

#include <cstring>
#include <new>

#include "recorder/clock.h"
#include "recorder/rt_log.h"

namespace fib::recorder {

using trace::Deviation;
using trace::WindowReason;
using trace::WindowStart;

Windows::Windows(const Options& options, const Parts& parts) noexcept
    : options_(options),
      p_(parts),
      spool_(*new PageSpool(parts.session, options)),
      image_(parts.session, parts.api, parts.live, spool_),
      log_(parts.session),
      payloads_(parts.session, parts.api, parts.live, parts.captures, parts.kernels, parts.graphs,
                spool_, image_) {
  if (options.window[0] == '\0' || !configure(options.window)) return;
  if (configured_->spec().start == WindowStart::Control) return;
  // Times count from the first launch, launches from the very first one.
  configured_->arm(0);
  set_state(State::Armed);
  if (configured_->spec().start == WindowStart::Range)
    watch_range(configured_->spec().start_name.c_str(), this);
}

bool Windows::configure(const char* text) noexcept try {
  trace::WindowSpec spec;
  std::string error;
  if (!trace::parse_window_spec(text, spec, error)) {
    say("the window '%s' is not understood: %s; recording without it", text, error.c_str());
    return false;
  }
  windows_left_ = spec.count;
  configured_ = std::make_unique<Triggers>(spec);
  return true;
} catch (const std::bad_alloc&) {
  say("out of memory: recording without windows");
  return false;
}

/// With the attention bits that the state needs.
void Windows::set_state(State state) noexcept {
  state_.store(state, std::memory_order_release);
  const bool counts = state == State::Armed && configured_ != nullptr && configured_->counts();
  const bool open = state == State::Open || state == State::Closing;
  std::uint32_t wanted = 0;
  if (counts || state == State::Asked) wanted |= kAttentionCount;
  if (open) wanted |= kAttentionWindow;
  p_.gate.attend(wanted);
  p_.gate.disregard((kAttentionCount | kAttentionWindow) & ~wanted);
  p_.control.page().state.store(static_cast<std::uint32_t>(state));
}

const KernelInfo* Windows::kernel_of(const Operation& operation) noexcept {
  if (operation.launch == nullptr || operation.launch->function == nullptr) return nullptr;
  return p_.kernels.find(operation.launch->function);
}

void Windows::arrive(Gate::Passage& passage, Visit& visit, const Operation& operation) noexcept {
  visit.active = true;
  visit.kind = kind_of(operation.api);
  const bool launch =
      visit.kind == OperationKind::Launch || visit.kind == OperationKind::GraphLaunch;
  visit.runs = launch && p_.captures.id_of(stream_of(operation)) == 0;
  if ((passage.attention() & kAttentionRequest) != 0) take_requests();
  if (state() == State::Open) check_end(visit, operation);
  if (state() == State::Closing) try_end(passage);
  if (state() == State::Armed && visit.runs) check_start(visit, operation);
  if (state() == State::Asked) try_begin(passage);
  // What can't be ended yet goes on.
  if (state() == State::Open || state() == State::Closing) in_window(passage, visit, operation);
}

void Windows::depart(Gate::Passage& passage, Visit& visit, CUresult result) noexcept {
  if (!visit.in_window) return;
  if (visit.exclusive) {
    after_exclusive(visit, result);
    p_.gate.open();
    visit.exclusive = false;
  }
  note_regions();
  check_failures();
  WindowReason reason{};
  if (visit.runs && state() == State::Open) {
    const std::lock_guard lock(mutex_);
    if (active_ != nullptr && active_->is_full(reason)) want_end(reason, "");
  }
  if (state() == State::Closing) try_end(passage);
}

void Windows::check_start(const Visit& visit, const Operation& operation) noexcept {
  const bool by_kernel = configured_->spec().start == WindowStart::Kernel;
  const KernelInfo* kernel = by_kernel ? kernel_of(operation) : nullptr;
  const std::lock_guard lock(mutex_);
  if (state() != State::Armed || !configured_->starts(visit.kind, kernel)) return;
  switch (configured_->spec().start) {
    case WindowStart::Launch: return ask(WindowReason::Launches, configured_.get());
    case WindowStart::GraphLaunch: return ask(WindowReason::GraphLaunches, configured_.get());
    default: return ask(WindowReason::Kernel, configured_.get());
  }
}

void Windows::check_end(const Visit& visit, const Operation& operation) noexcept {
  bool by_kernel = false;
  {
    const std::lock_guard lock(mutex_);
    by_kernel = active_ != nullptr && !active_->spec().until_kernel.empty();
  }
  const KernelInfo* kernel = visit.runs && by_kernel ? kernel_of(operation) : nullptr;
  const std::lock_guard lock(mutex_);
  WindowReason reason{};
  const OperationKind kind = visit.runs ? visit.kind : OperationKind::Other;
  if (state() == State::Open && active_->ends_before(kind, kernel, now_ns(), reason))
    want_end(reason, "");
}

void Windows::ask(WindowReason reason, Triggers* triggers) noexcept {
  active_ = triggers;
  reason_ = reason;
  next_try_ns_ = backoff_ns_ = 0;
  set_state(State::Asked);
}

void Windows::want_end(WindowReason reason, const char* text) noexcept {
  if (state() != State::Open) return;
  reason_ = reason;
  try {
    end_text_ = text;
  } catch (const std::bad_alloc&) {
    end_text_.clear();
  }
  next_try_ns_ = backoff_ns_ = 0;
  failed_ends_ = 0;
  set_state(State::Closing);
}

void Windows::in_window(Gate::Passage& passage, Visit& visit, const Operation& operation) noexcept {
  const bool host_code =
      visit.kind == OperationKind::HostCode && p_.captures.id_of(stream_of(operation)) == 0;
  if (visit.runs || host_code) visit.effect = effect_of_operation(operation);
  bool digest = false;
  {
    const std::lock_guard lock(mutex_);
    digest =
        visit.runs && active_ != nullptr && active_->spec().verify == trace::VerifyLevel::Launch;
  }
  if (visit.effect != trace::EffectReason::None || digest) {
    if (!lock_out(passage, visit) && visit.effect != trace::EffectReason::None)
      p_.session.deviation(Deviation::EffectLost,
                           "a launch that can't run alone had to run beside others' calls");
    if (visit.exclusive && !can_rest(visit)) {
      p_.gate.open();
      visit.exclusive = false;
    }
    if (state() != State::Open && state() != State::Closing) return;
  }
  visit.in_window = true;
  write_payloads(passage, visit, operation);
  if (!visit.runs) return;
  const std::lock_guard lock(mutex_);
  if (active_ == nullptr) return;
  active_->launched(visit.kind);
  p_.control.page().launches.store(active_->launches());
}

/// Memory that came into being by the call that just ended, before another thread can use it.
void Windows::note_regions() noexcept try {
  const std::lock_guard lock(mutex_);
  if (p_.live.generation() == generation_) return;
  generation_ = p_.live.generation();
  const RelaxedCapture relaxed(p_.api);
  for (const LiveRegion& region : p_.live.regions()) {
    if (image_.knows(region.fixed.region)) continue;
    // Memory of pools may be used in stream order only, which has not come to it yet.
    const bool with_content = region.fixed.kind != number_of(trace::RegionKind::Pool) &&
                              region.fixed.kind != number_of(trace::RegionKind::Foreign);
    if (!image_.add(window_, region, with_content))
      return want_end(WindowReason::Failure, image_.failure().c_str());
  }
} catch (const std::bad_alloc&) {
  p_.session.deviation(Deviation::DefinitionDropped, "no memory to list allocations");
}

void Windows::check_failures() noexcept try {
  const std::lock_guard lock(mutex_);
  if (state() != State::Open) return;
  const std::uint64_t stored = spool_.stored_bytes() - stored_bytes_before_;
  if (spool_.error() != 0) return want_end(WindowReason::Failure, spool_.problem().c_str());
  if (p_.session.failed()) return want_end(WindowReason::Failure, "the log can't be written");
  if (active_ != nullptr && stored > active_->spec().budget_bytes)
    return want_end(WindowReason::Bytes, "");
  // A killed process loses no more than this.
  const std::uint64_t now = now_ns();
  if (now - last_flush_ns_ < 200 * kMillisecond) return;
  last_flush_ns_ = now;
  spool_.flush(0);
} catch (const std::bad_alloc&) {
  p_.session.deviation(Deviation::DefinitionDropped, "no memory to end a window");
}

}  // namespace fib::recorder
