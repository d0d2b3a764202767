// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "recorder/control.h"
#include "recorder/gate.h"
#include "recorder/memory_image.h"
#include "recorder/payloads.h"
#include "recorder/ranges.h"
#include "recorder/safe_point.h"
#include "recorder/symbols.h"
#include "recorder/triggers.h"

namespace fib::recorder {

/// One call's way through a hook while something needs attention. Lives on the hook's stack.
struct Visit {
  bool active = false;  ///< depart() must be called
  bool in_window = false;
  bool exclusive = false;  ///< the gate is closed for this call
  OperationKind kind = OperationKind::Other;
  bool runs = false;  ///< a launch that goes to no capture
  trace::EffectReason effect = trace::EffectReason::None;
};

/// Windows of this process: when they begin and end, and what is recorded within. Hooks come here
/// only while attention bits are set. Threads: everything may be called from anywhere. Locks: the
/// gate is closed without mutex_ held; whoever has closed it has mutex_ for itself.
///
/// A safe point is made by the thread that hit the trigger, before its own call: gate closed, no
/// stream capturing, GPUs idle. What can't be had now is tried again later; a failure never
/// reaches the engine.
class Windows : private RangeSink {
 public:
  struct Parts {
    const driver::DriverApi& api;
    Session& session;
    Control& control;
    Gate& gate;
    Captures& captures;
    Live& live;
    Symbols& symbols;
    Kernels& kernels;
    Graphs& graphs;
  };
  Windows(const Options& options, const Parts& parts) noexcept;
  Windows(const Windows&) = delete;
  Windows& operator=(const Windows&) = delete;

  // ---- around the driver's call -----------------------------------------------------------------
  void arrive(Gate::Passage& passage, Visit& visit, const Operation& operation) noexcept;
  void depart(Gate::Passage& passage, Visit& visit, CUresult result) noexcept;

  // ---- what happens to the process --------------------------------------------------------------
  /// The session has started (its files are there).
  void started() noexcept;
  /// From the writer thread, every few milliseconds.
  void tick() noexcept;
  /// Before a context is destroyed or reset; null: all of them. Ends an open window: later the
  /// context's memory could not be looked at.
  void context_ending(CUcontext context) noexcept;
  /// Before the log is closed: ends the window, if one is open, and writes what waits.
  void process_ends() noexcept;
  /// Usable in a signal handler.
  void signalled() noexcept;

 private:
  using State = trace::ControlState;
  enum class Try { Done, Later, Never };

  // RangeSink
  void entered(std::uint64_t entry) noexcept override;
  void left(std::uint64_t entry) noexcept override;

  [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }
  void set_state(State state) noexcept;
  [[nodiscard]] const KernelInfo* kernel_of(const Operation& operation) noexcept;

  // windows.cpp
  [[nodiscard]] bool configure(const char* text) noexcept;
  void check_start(const Visit& visit, const Operation& operation) noexcept;
  void check_end(const Visit& visit, const Operation& operation) noexcept;
  void in_window(Gate::Passage& passage, Visit& visit, const Operation& operation) noexcept;
  void note_regions() noexcept;
  void check_failures() noexcept;
  void ask(trace::WindowReason reason, Triggers* triggers) noexcept;
  void want_end(trace::WindowReason reason, const char* text) noexcept;

  // window_requests.cpp
  void take_requests() noexcept;
  void take_control_request() noexcept;
  void start_by_control(const char* text) noexcept;
  void answer(trace::ControlResult result, const char* text) noexcept;
  void tell(const char* text) noexcept;
  void install_signal() noexcept;

  // window_begin_end.cpp
  void try_begin(Gate::Passage& passage) noexcept;
  void try_end(Gate::Passage& passage) noexcept;
  [[nodiscard]] bool close_gate(Gate::Passage& passage) noexcept;
  [[nodiscard]] bool may_try() noexcept;
  [[nodiscard]] bool wait_for_start() const noexcept;
  void try_later(const char* why) noexcept;
  void refuse(const char* why) noexcept;
  [[nodiscard]] Try begin(std::string& why) noexcept;
  [[nodiscard]] bool describe_state() noexcept;
  [[nodiscard]] trace::WindowRecord record_of(trace::WindowPhase phase, trace::WindowReason reason,
                                              trace::VerifyLevel verify) const noexcept;
  [[nodiscard]] const char* reason_text() const noexcept;
  void fail_end(const char* why) noexcept;
  void end() noexcept;
  void say_end() noexcept;
  void set_idle() noexcept;
  void end_now(Gate::Passage& passage) noexcept;
  [[nodiscard]] std::vector<LiveRegion> regions_now();
  [[nodiscard]] std::vector<LiveRegion> known_regions();

  // window_points.cpp
  [[nodiscard]] trace::EffectReason effect_of_operation(const Operation& operation) noexcept;
  [[nodiscard]] bool lock_out(Gate::Passage& passage, Visit& visit) noexcept;
  [[nodiscard]] bool can_rest(const Visit& visit) noexcept;
  void write_payloads(Gate::Passage& passage, Visit& visit, const Operation& operation) noexcept;
  void after_exclusive(const Visit& visit, CUresult result) noexcept;
  void write_point(const Visit& visit, std::uint64_t changed_pages) noexcept;

  const Options options_;
  const Parts p_;
  PageSpool& spool_;  ///< never destroyed
  MemoryImage image_;
  WindowLog log_;
  Payloads payloads_;

  std::atomic<State> state_{State::Idle};
  std::atomic<bool> started_{false};
  std::atomic<std::uint32_t> signals_{0};
  std::atomic<std::uint32_t> ranges_entered_{0}, ranges_left_{0};
  std::atomic<bool> time_is_up_{false};
  std::uint32_t requests_seen_ = 0;  ///< the writer thread's own

  mutable std::timed_mutex mutex_;  ///< everything below
  std::unique_ptr<Triggers> configured_, controlled_;
  Triggers* active_ = nullptr;  ///< of the window that is asked for, or open
  std::uint32_t windows_left_ = 0;
  std::uint32_t window_ = 0;  ///< number of the last one
  std::uint64_t point_ = 0;
  trace::WindowReason reason_ = trace::WindowReason::Control;  ///< to begin, or to end
  std::string end_text_;
  std::uint32_t request_ = 0;  ///< of the control page, not answered yet
  std::uint64_t next_try_ns_ = 0, backoff_ns_ = 0, last_flush_ns_ = 0;
  std::uint32_t failed_ends_ = 0;
  bool without_digests_ = false;
  std::uint64_t pause_start_ns_ = 0;
  std::uint64_t stored_bytes_before_ = 0;          ///< before the open window
  std::uint64_t told_pages_ = 0, told_bytes_ = 0;  ///< stored by then, as the last record said
  std::uint64_t generation_ = 0;                   ///< of Live, as far as regions were written
  std::uint32_t signals_seen_ = 0, ranges_entered_seen_ = 0, ranges_left_seen_ = 0;
  bool gpu_is_stuck_ = false;          ///< a launch did not end in time: no digests until it does
  std::uint64_t effect_limit_ns_ = 0;  ///< how long to wait for a launch that can't run alone
};

}  // namespace fib::recorder
