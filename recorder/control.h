// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "trace/control.h"

namespace fib::recorder {

/// This process's control page (trace/control.h). Until publish(), and for ever if that fails, it
/// is private memory: everything works but `fib ctl`.
class Control {
 public:
  explicit Control(trace::ControlMode mode = trace::ControlMode::Record) noexcept;
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Makes the page visible to `fib ctl`. Called once.
  void publish() noexcept;
  /// For a forked child: its parent's descriptor, which would pass for its own. -1: none.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  [[nodiscard]] trace::ControlPage& page() noexcept {
    return *page_.load(std::memory_order_acquire);
  }

 private:
  trace::ControlPage private_{};
  std::atomic<trace::ControlPage*> page_{&private_};
  int descriptor_ = -1;
};

}  // namespace fib::recorder
