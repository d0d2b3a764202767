// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "recorder/session.h"

namespace fib::recorder {

// Bits of Gate::attention(): why a hook must look closer. Zero, and a hook costs one load.
inline constexpr std::uint32_t kAttentionGate = 1;     ///< a thread wants all hooks to be quiet
inline constexpr std::uint32_t kAttentionCount = 2;    ///< launches are counted for a trigger
inline constexpr std::uint32_t kAttentionWindow = 4;   ///< a window is open
inline constexpr std::uint32_t kAttentionRequest = 8;  ///< `fib ctl`, a signal, a time, a range

/// Keeps all other threads out of the hooks for a while, at no cost for hooks while nobody wants
/// that: entering is a plain store and a load of a word that hardly ever changes. The price is paid
/// by the thread that closes the gate, which makes all others' stores visible with membarrier(2).
///
/// Entering: own flag = 1; attention? Closing: attention = 1; membarrier; everybody's flag == 0?
/// Either the thread that enters sees the attention bit, or the one that closes sees its flag.
/// A thread that finds the gate closed takes its flag down and waits outside.
class Gate {
 public:
  explicit Gate(Session& session) noexcept : session_(session) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Hot path. The calling thread's log: it is inside now, nothing needs attention, and leave()
  /// must follow. Null: make a Passage instead.
  [[nodiscard]] ThreadLog* enter() noexcept {
    ThreadLog* const log = t_log;
    if (log == nullptr) [[unlikely]]
      return nullptr;
    log->inside.store(1, std::memory_order_relaxed);
    // The processor may still let the load pass the store: see membarrier above.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return attention_.load(std::memory_order_relaxed) == 0 ? log : nullptr;
  }
  static void leave(ThreadLog& log) noexcept { log.inside.store(0, std::memory_order_release); }

  /// Sets and clears bits. Usable in signal handlers.
  void attend(std::uint32_t bits) noexcept { attention_.fetch_or(bits); }
  void disregard(std::uint32_t bits) noexcept { attention_.fetch_and(~bits); }

  /// A hook on its way through while something needs attention; lives on the hook's stack.
  class Passage {
   public:
    explicit Passage(Gate& gate) noexcept : gate_(gate), log_(t_log) {
      if (log_ == nullptr) [[unlikely]]
        gate.get_log(log_);
      enter();
    }
    /// For code that a hook calls: the hook's own passage is what counts.
    struct Within {};
    Passage(Gate& gate, Within) noexcept : gate_(gate), log_(t_log), within_(true) {}
    ~Passage() {
      if (!within_) leave();
    }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;

    /// Attention bits as they were on entering: 0, and the hook need do nothing special.
    [[nodiscard]] std::uint32_t attention() const noexcept { return attention_; }

    /// Around a driver call that only waits: meanwhile the thread does not count as inside.
    void leave() noexcept {
      if (log_ != nullptr) [[likely]]
        log_->inside.store(0, std::memory_order_release);
      else
        gate_.homeless_inside_.fetch_sub(1);
    }
    void enter() noexcept {
      if (log_ != nullptr) [[likely]]
        log_->inside.store(1, std::memory_order_relaxed);
      else
        gate_.homeless_inside_.fetch_add(1);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      attention_ = gate_.attention_.load(std::memory_order_relaxed);
      if ((attention_ & kAttentionGate) != 0) [[unlikely]]
        gate_.wait_outside(*this);
    }

    /// Null for threads that got no log; they never close the gate.
    [[nodiscard]] ThreadLog* log() const noexcept { return log_; }

   private:
    friend class Gate;
    Gate& gate_;
    ThreadLog* log_;
    std::uint32_t attention_ = 0;
    bool within_ = false;
  };

  /// Tells the kernel that this process will use membarrier. False: it can't, and close() neither.
  bool prepare() noexcept;

  enum class Closing { Closed, Busy, TimedOut, Impossible };
  /// Waits until no other thread is inside, at most `limit_ns`; on TimedOut `blocker` is the thread
  /// (of the operating system) that did not leave. Busy: another thread has the gate; the caller
  /// steps aside with passage.leave(), passage.enter(). Held until open().
  [[nodiscard]] Closing close(const ThreadLog* own, std::uint64_t limit_ns,
                              std::uint32_t& blocker) noexcept;
  void open() noexcept;

 private:
  void get_log(ThreadLog*& log) noexcept;
  void wait_outside(Passage& passage) noexcept;
  [[nodiscard]] bool is_quiet(const ThreadLog* own, std::uint32_t& blocker) noexcept;

  Session& session_;
  std::atomic<std::uint32_t> attention_{0};
  std::atomic<bool> possible_{false};
  /// The truth; the attention bit only makes threads look.
  std::atomic<bool> closed_{false};
  std::atomic<const ThreadLog*> owner_{nullptr};
  std::atomic<std::uint32_t> homeless_inside_{0};
};

}  // namespace fib::recorder
