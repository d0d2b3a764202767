// SPDX-License-Identifier: Apache-2.0
//
// What begins and ends windows from outside: `fib ctl`, signals, NVTX ranges, time.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "recorder/clock.h"
#include "recorder/rt_log.h"
#include "recorder/windows.h"

namespace fib::recorder {

using trace::ControlCommand;
using trace::ControlResult;
using trace::WindowReason;
using trace::WindowStart;

namespace {

/// For handlers of signals and of the exit. A forked child has its parent's handlers, but no
/// windows yet.
std::atomic<Windows*> g_windows{nullptr};
std::atomic<pid_t> g_windows_pid{0};
struct sigaction g_previous {};

Windows* own_windows() noexcept {
  return g_windows_pid.load() == getpid() ? g_windows.load() : nullptr;
}

/// Exit handlers run in the reverse order of their registration. The driver registers its own with
/// cuInit, ours comes later (a kernel has been launched): so the GPU can still be asked.
void at_exit() noexcept {
  if (Windows* windows = own_windows()) windows->process_ends();
}

void register_at_exit() noexcept {
  static std::atomic<bool> done{false};  // children inherit the handler
  if (done.exchange(true)) return;
  std::atexit(at_exit);
  std::at_quick_exit(at_exit);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  const int saved = errno;
  if (Windows* windows = own_windows()) windows->signalled();
  errno = saved;
  if ((g_previous.sa_flags & SA_SIGINFO) != 0)
    g_previous.sa_sigaction(signal, info, context);
  else if (g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN)
    g_previous.sa_handler(signal);
}

void copy_text(char* to, std::size_t size, const char* text) noexcept {
  std::snprintf(to, size, "%s", text);
}

}  // namespace

void Windows::install_signal() noexcept {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  const auto signal = static_cast<int>(configured_->spec().at);
  struct sigaction present {};
  // A child of a recorded process has our handler already.
  if (sigaction(signal, nullptr, &present) == 0 && present.sa_sigaction == on_signal &&
      (present.sa_flags & SA_SIGINFO) != 0)
    return;
  if (sigaction(signal, &action, &g_previous) != 0)
    say("signal %d can't be used to start a window: %s", signal, std::strerror(errno));
}

void Windows::started() noexcept {
  p_.control.publish();
  p_.control.page().state.store(static_cast<std::uint32_t>(state()));
  (void)p_.gate.prepare();
  g_windows_pid.store(getpid());
  g_windows.store(this);
  register_at_exit();
  if (configured_ != nullptr) {
    if (configured_->spec().start == WindowStart::Signal) install_signal();
    if (configured_->spec().start == WindowStart::Time) configured_->arm(now_ns());
  }
  started_.store(true);
}

void Windows::tick() noexcept {
  if (!started_.load()) return;
  const trace::ControlPage& page = p_.control.page();
  if (page.request.load(std::memory_order_relaxed) != requests_seen_) {
    requests_seen_ = page.request.load(std::memory_order_relaxed);
    p_.gate.attend(kAttentionRequest);
  }
  if (state() != State::Armed || time_is_up_.load() || !configured_->is_time(now_ns())) return;
  time_is_up_.store(true);
  p_.gate.attend(kAttentionRequest);
}

void Windows::signalled() noexcept {
  signals_.fetch_add(1);
  p_.gate.attend(kAttentionRequest);
}

void Windows::entered(std::uint64_t) noexcept {
  ranges_entered_.fetch_add(1);
  p_.gate.attend(kAttentionRequest);
}

void Windows::left(std::uint64_t) noexcept {
  ranges_left_.fetch_add(1);
  p_.gate.attend(kAttentionRequest);
}

/// Something has happened since the last look; several things may have.
void Windows::take_requests() noexcept {
  const std::lock_guard lock(mutex_);
  p_.gate.disregard(kAttentionRequest);
  const bool signal = signals_.load() != signals_seen_;
  const bool left = ranges_left_.load() != ranges_left_seen_;
  const bool entered = ranges_entered_.load() != ranges_entered_seen_;
  signals_seen_ = signals_.load();
  ranges_left_seen_ = ranges_left_.load();
  ranges_entered_seen_ = ranges_entered_.load();
  const bool time = time_is_up_.exchange(false);
  if (state() == State::Open && active_ == configured_.get()) {
    if (signal) want_end(WindowReason::Signal, "");
    if (left) want_end(WindowReason::Range, configured_->spec().start_name.c_str());
  } else if (state() == State::Asked && active_ == configured_.get() && left && !entered) {
    set_idle();  // the range is over before its window could begin
  } else if (state() == State::Armed) {
    if (signal) ask(WindowReason::Signal, configured_.get());
    if (entered && !left) ask(WindowReason::Range, configured_.get());
    if (time) ask(WindowReason::Time, configured_.get());
  }
  take_control_request();
}

void Windows::take_control_request() noexcept {
  trace::ControlPage& page = p_.control.page();
  const std::uint32_t request = page.request.load(std::memory_order_acquire);
  if (request == page.answered.load() || request == request_) return;
  if (request_ != 0) answer(ControlResult::Refused, "another request came before it was done");
  request_ = request;
  char text[sizeof page.argument];
  std::memcpy(text, page.argument, sizeof text);  // another process may change it meanwhile
  text[sizeof text - 1] = '\0';
  switch (static_cast<ControlCommand>(request & 0xff)) {
    case ControlCommand::Start: return start_by_control(text);
    case ControlCommand::Stop:
      if (state() == State::Open) return want_end(WindowReason::Control, "");
      if (state() == State::Closing) return;
      if (state() == State::Asked) {
        set_idle();
        return answer(ControlResult::Done, "no window had begun yet; it is called off");
      }
      return answer(ControlResult::Refused, "no window is open");
    default: return answer(ControlResult::Refused, "the request is not known to this version");
  }
}

void Windows::start_by_control(const char* text) noexcept try {
  if (state() == State::Open || state() == State::Closing)
    return answer(ControlResult::Refused, "a window is open already");
  if (spool_.error() != 0) return answer(ControlResult::Refused, "pages can't be stored any more");
  trace::WindowSpec spec;
  std::string error;
  if (!trace::parse_window_spec(text, spec, error))
    return answer(ControlResult::Refused, error.c_str());
  if (spec.start != WindowStart::Control)
    return answer(ControlResult::Refused, "a window that is asked for has no at-...");
  controlled_ = std::make_unique<Triggers>(spec);
  ask(WindowReason::Control, controlled_.get());
} catch (const std::bad_alloc&) {
  answer(ControlResult::Refused, "out of memory");
}

void Windows::answer(ControlResult result, const char* text) noexcept {
  if (request_ == 0) return;
  trace::ControlPage& page = p_.control.page();
  copy_text(page.text, sizeof page.text, text);
  page.result.store(static_cast<std::uint32_t>(result));
  page.answered.store(request_, std::memory_order_release);
  request_ = 0;
}

void Windows::tell(const char* text) noexcept {
  trace::ControlPage& page = p_.control.page();
  copy_text(page.text, sizeof page.text, text);
}

}  // namespace fib::recorder
