// SPDX-License-Identifier: Apache-2.0
#include "dispatch/control.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>

#include "dispatch/control_report.h"
#include "recorder/background_thread.h"
#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

using recorder::say;
using trace::ControlCommand;
using trace::ControlPage;
using trace::ControlResult;

constexpr long kTickNs = 5'000'000;       ///< between ticks; a request ends it at once
constexpr unsigned kTurnsPerReport = 40;  ///< 200 ms
constexpr int kMostStopTurns = 200;       ///< of stop(), 5 ms each

void sleep_ns(long length_ns) noexcept {
  const struct timespec length { 0, length_ns };
  ::nanosleep(&length, nullptr);
}

}  // namespace

ControlThread::ControlThread(Dispatcher& dispatcher, RegistrySource& source) noexcept
    : dispatcher_(dispatcher),
      source_(source),
      control_(dispatcher.is_shadow_only() ? trace::ControlMode::Shadow
                                           : trace::ControlMode::Apply) {}

std::unique_ptr<Deployment> ControlThread::read(std::span<const Gpu> gpus) noexcept {
  start();
  return source_.read(gpus);
}

void ControlThread::start() noexcept {
  if (started_.exchange(true)) return;
  control_.publish();
  threads_.fetch_add(1);
  const int error = recorder::start_background_thread("fibshim-control", &run, this);
  if (error == 0) return;
  threads_.fetch_sub(1);
  say("no thread can be started (%s): fib ctl does not reach this process", std::strerror(error));
}

void ControlThread::stop() noexcept {
  stopping_.store(true);
  ::syscall(SYS_futex, &control_.page().request, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  for (int turn = 0; threads_.load() != 0 && turn < kMostStopTurns; ++turn) sleep_ns(kTickNs);
}

void ControlThread::run(void* self) noexcept {
  auto& control = *static_cast<ControlThread*>(self);
  while (!control.stopping_.load()) control.serve();
  control.threads_.fetch_sub(1);
}

void ControlThread::run_reload(void* self) noexcept {
  auto& control = *static_cast<ControlThread*>(self);
  control.reload();
  control.reload_.store(Reload::Done, std::memory_order_release);
  control.threads_.fetch_sub(1);
}

void ControlThread::serve() noexcept {
  take_request();
  end_reload();
  dispatcher_.tick();
  if (turns_++ % kTurnsPerReport == 0) refresh();
  wait();
}

/// Until the next tick, or a request.
void ControlThread::wait() noexcept {
  std::atomic<std::uint32_t>& word = control_.page().request;
  const struct timespec limit { 0, kTickNs };
  ::syscall(SYS_futex, &word, FUTEX_WAIT, request_, &limit, nullptr, 0);
}

void ControlThread::take_request() noexcept try {
  const ControlPage& page = control_.page();
  const std::uint32_t request = page.request.load(std::memory_order_acquire);
  if (request == request_) return;
  request_ = request;
  char argument[sizeof page.argument];
  std::memcpy(argument, page.argument, sizeof argument);  // another process may change it meanwhile
  handle(static_cast<ControlCommand>(request & 0xff),
         {argument, strnlen(argument, sizeof argument)});
} catch (const std::exception&) {
  answer(ControlResult::Refused, "out of memory");
}

void ControlThread::handle(ControlCommand command, std::string_view argument) {
  switch (command) {
    case ControlCommand::Off:
      dispatcher_.switch_off();
      return answer(ControlResult::Done, "off: all launches are the originals");
    case ControlCommand::On: dispatcher_.switch_on(); return answer(ControlResult::Done, "on");
    case ControlCommand::Reload: return begin_reload();
    case ControlCommand::Demote: return demote(argument);
    default:
      return answer(ControlResult::Refused,
                    "this process redirects launches and records none: it knows reload, demote, "
                    "off, on and status");
  }
}

void ControlThread::demote(std::string_view name) {
  if (dispatcher_.demote(name, "by fib ctl"))
    return answer(ControlResult::Done, std::string(name) + " is demoted");
  answer(ControlResult::Refused, "there is no candidate '" + std::string(name) + "' in use");
}

void ControlThread::begin_reload() {
  if (reload_.load(std::memory_order_acquire) != Reload::None)
    return answer(ControlResult::Refused, "a reload is under way");
  if (dispatcher_.gpus().empty())
    return answer(ControlResult::Refused,
                  "the process has no GPU context yet; it reads the registry when it has one");
  reload_request_ = request_;
  reload_.store(Reload::Running, std::memory_order_relaxed);
  threads_.fetch_add(1);
  const int error = recorder::start_background_thread("fibshim-reload", &run_reload, this);
  if (error == 0) return;
  threads_.fetch_sub(1);
  reload_.store(Reload::None);
  answer(ControlResult::Refused, std::string("no thread can be started: ") + std::strerror(error));
}

std::string ControlThread::unchanged() const {
  const std::uint32_t number = dispatcher_.generation_number();
  if (number == 0) return "nothing is redirected: ";
  return "generation " + std::to_string(number) + " stays: ";
}

void ControlThread::reload() noexcept {
  reloaded_ = false;
  try {
    auto deployment = source_.read(dispatcher_.gpus());
    if (deployment == nullptr) {
      const std::string why = source_.refusal();
      reload_text_ = unchanged() + (why.empty() ? "the process says why on stderr" : why);
    } else if (!dispatcher_.install(std::move(deployment))) {
      reload_text_ = unchanged() + "the new registry can't be made ready";
    } else {
      reloaded_ = true;
      reload_text_ = "generation " + std::to_string(dispatcher_.generation_number());
    }
  } catch (const std::exception&) {
    reload_text_.clear();
  }
}

void ControlThread::end_reload() noexcept {
  if (reload_.load(std::memory_order_acquire) != Reload::Done) return;
  if (request_ == reload_request_)  // else another request took its place
    answer(reloaded_ ? ControlResult::Done : ControlResult::Refused, reload_text_);
  reload_.store(Reload::None);
}

void ControlThread::answer(ControlResult result, std::string_view text) noexcept {
  refresh();
  ControlPage& page = control_.page();
  std::snprintf(page.text, sizeof page.text, "%.*s", static_cast<int>(text.size()), text.data());
  page.result.store(static_cast<std::uint32_t>(result), std::memory_order_relaxed);
  page.answered.store(request_, std::memory_order_release);
}

void ControlThread::refresh() noexcept {
  if (dispatcher_.counters().is_valid())
    write_report(dispatcher_.counters().page(), control_.page());
}

}  // namespace fib::dispatch
