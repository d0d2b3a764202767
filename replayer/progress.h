// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace fib::replayer {

/// What a replaying process is doing, for the process that watches it. Plain memory shared by both;
/// text may be read half written.
struct ProgressPage {
  std::atomic<std::uint64_t> beats;   ///< grows while something gets done
  std::atomic<std::uint64_t> launch;  ///< number of the launch at hand, from 1; 0: none
  char phase[64];
  char kernel[448];  ///< of the launch at hand
};

/// Writes a ProgressPage. Cheap enough for every operation.
class Progress {
 public:
  /// Into memory of its own, which nobody watches.
  Progress() : page_(&own_) {}
  explicit Progress(ProgressPage* page) : page_(page) {}

  void beat() { page_->beats.fetch_add(1, std::memory_order_relaxed); }
  void phase(std::string_view text);
  void launch(std::uint64_t number, std::string_view kernel);
  [[nodiscard]] std::uint64_t current_launch() const {
    return page_->launch.load(std::memory_order_relaxed);
  }

 private:
  ProgressPage own_{};
  ProgressPage* page_;
};

}  // namespace fib::replayer
