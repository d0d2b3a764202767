// SPDX-License-Identifier: Apache-2.0
//
// Safe points: the begin and the end of a window.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>

#include "recorder/clock.h"
#include "recorder/guard.h"
#include "recorder/nap.h"
#include "recorder/rt_log.h"
#include "recorder/windows.h"

namespace fib::recorder {

using trace::Deviation;
using trace::VerifyLevel;
using trace::WindowPhase;
using trace::WindowReason;

namespace {

constexpr std::uint64_t kGateLimit = 2 * kSecond, kDrainLimit = 5 * kSecond;
constexpr std::uint64_t kFirstBackoff = kSecond / 2, kLongestBackoff = 30 * kSecond;
constexpr std::uint64_t kEffectLimit = 10 * kSecond;

}  // namespace

bool Windows::may_try() noexcept {
  const std::lock_guard lock(mutex_);
  return now_ns() >= next_try_ns_;
}

/// The engine is not to be held up again and again.
void Windows::try_later(const char* why) noexcept {
  const std::lock_guard lock(mutex_);
  p_.session.deviation(Deviation::WindowRefused, "a window has to wait: %s", why);
  tell(why);
  backoff_ns_ = std::clamp(backoff_ns_ * 2, kFirstBackoff, kLongestBackoff);
  next_try_ns_ = now_ns() + backoff_ns_;
}

/// False: not now; it has been said why, and the caller is outside any closed gate.
bool Windows::close_gate(Gate::Passage& passage) noexcept {
  if (!may_try()) return false;
  if (p_.captures.any()) {
    p_.session.deviation(Deviation::WindowRefused,
                         "a window waits for the end of a stream capture");
    tell("waits for the end of a stream capture");
    return false;
  }
  const std::uint64_t start = now_ns();
  std::uint32_t blocker = 0;
  char why[120];
  switch (p_.gate.close(passage.log(), kGateLimit, blocker)) {
    case Gate::Closing::Closed: pause_start_ns_ = start; return true;
    case Gate::Closing::Busy:
      passage.leave();
      passage.enter();
      return false;
    case Gate::Closing::TimedOut:
      std::snprintf(why, sizeof why, "thread %u does not return from a driver call", blocker);
      try_later(why);
      return false;
    case Gate::Closing::Impossible:
      refuse("the kernel has no membarrier(2), or this thread has no log");
      return false;
  }
  return false;
}

/// Another thread may just be making the files; launches before they are there can't be in a
/// window.
bool Windows::wait_for_start() const noexcept {
  for (int i = 0; i < 5000 && !started_.load() && !p_.session.failed(); ++i) nap(kSecond / 1000);
  return started_.load();
}

void Windows::try_begin(Gate::Passage& passage) noexcept {
  if (!p_.session.start()) return refuse("the capture can't be written");
  if (!may_try() || !wait_for_start()) return;
  if (!p_.captures.any()) p_.symbols.prepare();  // which takes its time, so not at the safe point
  if (!close_gate(passage)) return;
  std::string why;
  Try outcome = Try::Done;
  {
    const std::lock_guard lock(mutex_);
    if (state() == State::Asked && !p_.captures.any()) outcome = begin(why);
  }
  p_.gate.open();
  if (outcome == Try::Later) try_later(why.c_str());
  if (outcome == Try::Never) refuse(why.c_str());
}

/// No window, and none by this trigger any more.
void Windows::refuse(const char* why) noexcept {
  const std::lock_guard lock(mutex_);
  if (state() != State::Asked) return;
  char text[400];
  std::snprintf(text, sizeof text, "a window could not begin: %.300s", why);
  p_.session.note(Deviation::WindowRefused, text);
  say("%s; the program and its recording go on", text);
  if (active_ == configured_.get()) windows_left_ = 0;
  answer(trace::ControlResult::Refused, why);
  set_idle();
}

/// Gate closed, mutex held.
Windows::Try Windows::begin(std::string& why) noexcept try {
  const RelaxedCapture relaxed(p_.api);
  const Drain rest = drain(p_.api, p_.live, kDrainLimit);
  if (rest.outcome == Drained::TimedOut)
    return why = "the GPU does not come to rest; does a kernel wait for the host?", Try::Later;
  if (rest.outcome == Drained::Failed)
    return why = std::string("the driver reports ") + error_name(p_.api, rest.error), Try::Never;
  spool_.keep_memory(true);
  if (spool_.start() != 0) return why = spool_.problem(), Try::Never;
  told_pages_ = spool_.stored_pages();
  told_bytes_ = stored_bytes_before_ = spool_.stored_bytes();
  p_.live.drop_dead();
  ++window_;
  generation_ = p_.live.generation();
  const trace::WindowSpec& spec = active_->spec();
  if (!image_.take(window_, regions_now(), spec.budget_bytes))
    return why = image_.failure(), Try::Never;
  if (!describe_state() ||
      !log_.window(record_of(WindowPhase::Begin, reason_, spec.verify), reason_text()))
    return why = "the log can't be written", Try::Never;
  told_pages_ = spool_.stored_pages();
  told_bytes_ = spool_.stored_bytes();
  payloads_.opened();
  active_->opened(now_ns());
  gpu_is_stuck_ = false;
  effect_limit_ns_ = kEffectLimit;
  p_.session.set_complete(true);
  trace::ControlPage& page = p_.control.page();
  page.windows.store(window_);
  page.launches.store(0);
  page.pause_ns.store(now_ns() - pause_start_ns_);
  page.stored_bytes.store(spool_.stored_bytes());
  set_state(State::Open);
  tell("");
  answer(trace::ControlResult::Done, "");
  return Try::Done;
} catch (const std::bad_alloc&) {
  return Try::Never;
}

void Windows::try_end(Gate::Passage& passage) noexcept {
  // Nothing of a capture or a stubborn kernel can be waited for when nothing can be written.
  if (!close_gate(passage)) return;
  {
    const std::lock_guard lock(mutex_);
    if (state() != State::Closing) return p_.gate.open();
    const RelaxedCapture relaxed(p_.api);
    const bool failed = reason_ == WindowReason::Failure;
    const Drain rest = failed ? Drain{} : drain(p_.api, p_.live, kDrainLimit);
    const bool again = rest.outcome == Drained::TimedOut && ++failed_ends_ < 3;
    if (!again) {
      if (rest.outcome == Drained::Failed) fail_end(error_name(p_.api, rest.error));
      if (rest.outcome == Drained::TimedOut) fail_end("the GPU does not come to rest");
      end();
      p_.gate.open();
      return;
    }
  }
  p_.gate.open();
  try_later("the GPU does not come to rest; does a kernel wait for the host?");
}

void Windows::fail_end(const char* why) noexcept {
  try {
    end_text_ = why;
  } catch (const std::bad_alloc&) {
    end_text_.clear();
  }
  if (reason_ != WindowReason::ProcessEnd) reason_ = WindowReason::Failure;
  without_digests_ = true;
}

/// Gate closed, mutex held, GPUs idle unless that failed.
void Windows::end() noexcept {
  VerifyLevel verify = active_->spec().verify;
  if (reason_ == WindowReason::Failure || without_digests_) verify = VerifyLevel::None;
  if (verify != VerifyLevel::None) {
    bool compared = false;
    try {
      compared = image_.compare(window_, known_regions());
    } catch (const std::bad_alloc&) {
      end_text_ = "out of memory";
    }
    if (!compared) {
      fail_end(image_.failure().c_str());
      verify = VerifyLevel::None;
    }
  }
  (void)log_.window(record_of(WindowPhase::End, reason_, verify), end_text_);
  say_end();
  p_.session.set_complete(false);
  trace::ControlPage& page = p_.control.page();
  page.pause_ns.store(now_ns() - pause_start_ns_);
  page.stored_bytes.store(spool_.stored_bytes());
  spool_.flush(0);
  without_digests_ = false;
  if (active_ == configured_.get() && windows_left_ > 0) --windows_left_;
  answer(trace::ControlResult::Done, end_text_.c_str());
  set_idle();
}

/// Waits for the next trigger, or for `fib ctl`.
void Windows::set_idle() noexcept {
  active_ = nullptr;
  controlled_.reset();
  spool_.keep_memory(false);
  const bool armed = configured_ != nullptr && windows_left_ > 0 &&
                     configured_->spec().start != trace::WindowStart::Control &&
                     spool_.error() == 0;
  if (armed) {
    configured_->arm(now_ns());
  } else if (configured_ != nullptr) {
    image_.release();
  }
  set_state(armed ? State::Armed : State::Idle);
}

void Windows::context_ending(CUcontext context) noexcept {
  {
    Gate::Passage passage(p_.gate, Gate::Passage::Within{});
    end_now(passage);
  }
  const std::lock_guard lock(mutex_);
  if (context != nullptr)
    image_.context_ending(context);
  else
    image_.release();
}

/// Ends the window that is open, if there is one, wherever that leaves it.
void Windows::end_now(Gate::Passage& passage) noexcept {
  const State now = state();
  if (now != State::Open && now != State::Closing) return;
  const std::uint64_t start = now_ns();
  std::uint32_t blocker = 0;
  Gate::Closing closing = Gate::Closing::Busy;
  while (closing == Gate::Closing::Busy && now_ns() - start < kGateLimit) {
    closing = p_.gate.close(passage.log(), kGateLimit, blocker);
    if (closing == Gate::Closing::Busy) nap(kSecond / 1000);
  }
  std::unique_lock lock(mutex_, std::defer_lock);
  if (lock.try_lock_for(std::chrono::seconds(1)) && active_ != nullptr) {
    pause_start_ns_ = start;
    const RelaxedCapture relaxed(p_.api);
    const bool quiet = closing == Gate::Closing::Closed && !p_.captures.any();
    reason_ = WindowReason::ProcessEnd;
    end_text_.clear();
    if (!quiet)
      fail_end("threads were still calling the driver");
    else if (const Drain rest = drain(p_.api, p_.live, kDrainLimit); rest.outcome != Drained::Idle)
      fail_end("the GPU could not be asked any more");
    end();
  }
  if (closing == Gate::Closing::Closed) p_.gate.open();
}

void Windows::process_ends() noexcept {
  {
    const RecursionGuard guard;
    Gate::Passage passage(p_.gate);
    end_now(passage);
  }
  if (spool_.stored_pages() > 0) spool_.flush(20 * kSecond);
}

}  // namespace fib::recorder
