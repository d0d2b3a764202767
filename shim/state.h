// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "dispatch/runtime.h"
#include "recorder/recorder.h"

namespace fib::shim {

/// What hooks do. Cold: nothing was decided yet. Off: pass through. Record: write down. Late: the
/// process is exiting; write down and wait until it is on disk, since nobody flushes later. Apply:
/// launch replacements (FIBSHIM_MODE=apply and shadow).
enum class Mode : int { Cold, Off, Record, Late, Apply };

extern std::atomic<Mode> g_mode;

/// Valid in Record and Late.
extern std::atomic<recorder::Recorder*> g_recorder;
/// Valid in Apply.
extern std::atomic<dispatch::Runtime*> g_runtime;

/// Leaves Cold: reads the configuration, makes the recorder, registers fork and exit handlers.
/// Called by the first hook of a process (and of a forked child). Takes a lock, but waits for no
/// driver call.
[[nodiscard]] Mode prepare() noexcept;

/// The mode, decided if need be.
[[nodiscard]] inline Mode mode() noexcept {
  const Mode now = g_mode.load(std::memory_order_acquire);
  return now != Mode::Cold ? now : prepare();
}

/// After a record was written while the process exits.
void flush_late() noexcept;

/// Before the process ends by whatever way we can see: writes everything, closes the log.
void finish() noexcept;

}  // namespace fib::shim
