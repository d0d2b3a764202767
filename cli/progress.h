// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fib::cli {

/// One line on stderr that tells how far a long job is: only on a terminal, only after a second,
/// and gone when the job ends.
class Progress {
 public:
  explicit Progress(std::string job);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What is being worked on now, such as "process 2/5".
  void step(std::string what) { step_ = std::move(what); }
  /// `count` more records are done. Cheap: looks at the clock only now and then.
  void advance(std::uint64_t count = 1) {
    done_ += count;
    if (enabled_ && done_ >= next_look_) look();
  }

 private:
  using Clock = std::chrono::steady_clock;
  void look();

  std::string job_, step_;
  bool enabled_ = false, shown_ = false;
  std::uint64_t done_ = 0, next_look_ = 0;
  Clock::time_point next_show_;
};

}  // namespace fib::cli
