// SPDX-License-Identifier: Apache-2.0
#include "shim/state.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <new>

#include "recorder/ranges.h"
#include "recorder/rt_log.h"
#include "shim/config.h"
#include "shim/disable.h"
#include "shim/hook_table.h"
#include "shim/real_driver.h"

namespace fib::shim {

std::atomic<Mode> g_mode{Mode::Cold};
std::atomic<recorder::Recorder*> g_recorder{nullptr};
std::atomic<dispatch::Runtime*> g_runtime{nullptr};

namespace {

constexpr std::uint64_t kLateFlushNs = 1000u * 1000 * 1000;

/// pthread's, not std::mutex: a forked child makes it anew, whatever state the parent's was in.
pthread_mutex_t g_prepare_lock = PTHREAD_MUTEX_INITIALIZER;

/// The child has none of the parent's other threads, writer included, and CUDA does not survive a
/// fork: it starts cold, with a log of its own as soon as it launches something. What the parent
/// had is left where it is; nothing of it may be flushed or freed here.
void after_fork_in_child() noexcept {
  target_hooks();
  g_mode.store(Mode::Cold);
  // `fib ctl` would take the parent's control page for the child's.
  if (const auto* parents = g_recorder.exchange(nullptr);
      parents != nullptr && parents->control.descriptor() >= 0)
    close(parents->control.descriptor());
  if (const auto* parents = g_runtime.exchange(nullptr)) parents->close_shared();
  dispatch::forget_readers();
  recorder::t_log = nullptr;
  recorder::watch_range(nullptr, nullptr);
  g_prepare_lock = PTHREAD_MUTEX_INITIALIZER;
}

void register_handlers() noexcept {
  static bool done = false;  // under the lock; stays true in children, which inherit the handlers
  if (done) return;
  done = true;
  pthread_atfork(nullptr, nullptr, after_fork_in_child);
  std::atexit(finish);
  std::at_quick_exit(finish);
}

Mode decide_apply(const Config& config, const RealDriver& real) noexcept {
  // Somebody else's environment must not choose what a privileged program runs.
  if (getauxval(AT_SECURE) != 0) {
    recorder::say("this program has more rights than its caller; nothing is redirected");
    return Mode::Off;
  }
  auto* made = new (std::nothrow) dispatch::Runtime(config.dispatch, real.api);
  if (made == nullptr) {
    recorder::say("out of memory; nothing is redirected in this process");
    return Mode::Off;
  }
  g_runtime.store(made, std::memory_order_release);
  return Mode::Apply;
}

Mode decide() noexcept {
  const RealDriver* real = real_driver();
  if (real == nullptr || is_disabled()) return Mode::Off;
  const Config* config = load_config();
  if (config == nullptr) return Mode::Off;
  if (config->apply) return decide_apply(*config, *real);
  if (!config->record) return Mode::Off;
  auto* made = new (std::nothrow) recorder::Recorder(config->recorder, real->api);
  if (made == nullptr) {
    recorder::say("out of memory; this process is not recorded");
    return Mode::Off;
  }
  g_recorder.store(made, std::memory_order_release);
  return Mode::Record;
}

}  // namespace

Mode prepare() noexcept {
  pthread_mutex_lock(&g_prepare_lock);
  Mode now = g_mode.load(std::memory_order_acquire);
  if (now == Mode::Cold) {
    now = decide();
    register_handlers();
    g_mode.store(now, std::memory_order_release);
    if (const RealDriver* real = g_real.load(); now == Mode::Off && real != nullptr)
      target_driver(real->api);
  }
  pthread_mutex_unlock(&g_prepare_lock);
  return now;
}

void flush_late() noexcept {
  if (auto* recorder = g_recorder.load(std::memory_order_acquire))
    recorder->session.flush(kLateFlushNs);
}

void finish() noexcept {
  if (auto* runtime = g_runtime.load(std::memory_order_acquire);
      runtime != nullptr && runtime->pid == getpid())
    runtime->finish();
  auto* recorder = g_recorder.load(std::memory_order_acquire);
  // A vfork child that exits shares our memory but is not us.
  if (recorder == nullptr || recorder->session.pid() != getpid()) return;
  recorder->windows.process_ends();
  g_mode.store(Mode::Late, std::memory_order_release);
  recorder->session.finish();
}

}  // namespace fib::shim

/// Python's multiprocessing, among others, ends its children without exit handlers.
extern "C" __attribute__((visibility("default"), noreturn)) void _exit(int status) {
  fib::shim::finish();
  if (const auto real = fib::shim::real_exit(); real != nullptr) real(status);
  std::abort();  // libc without _exit: not reachable
}
extern "C" __attribute__((visibility("default"), noreturn)) void _Exit(int status) noexcept {
  _exit(status);
}
