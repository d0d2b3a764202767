// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <atomic>
#include <cstdint>
#include <unordered_map>

#include "recorder/kernels.h"
#include "recorder/operation.h"
#include "trace/window_spec.h"

namespace fib::recorder {

/// A regular expression over kernel names, asked once a kernel. Not thread-safe.
class KernelPattern {
 public:
  explicit KernelPattern(const std::string& pattern) noexcept;
  ~KernelPattern();
  KernelPattern(const KernelPattern&) = delete;
  KernelPattern& operator=(const KernelPattern&) = delete;
  [[nodiscard]] bool used() const noexcept { return used_; }
  [[nodiscard]] bool matches(const KernelInfo& kernel) noexcept;

 private:
  regex_t regex_{};
  bool used_ = false;
  std::unordered_map<std::uint32_t, bool> known_;  ///< by kernel
};

/// Counts launches for the start of windows, and within them for their end. Not thread-safe. No
/// driver calls but to identify a kernel.
class Triggers {
 public:
  explicit Triggers(const trace::WindowSpec& spec) noexcept;
  Triggers(const Triggers&) = delete;
  Triggers& operator=(const Triggers&) = delete;

  [[nodiscard]] const trace::WindowSpec& spec() const noexcept { return spec_; }
  /// Whether hooks must be looked at for the start.
  [[nodiscard]] bool counts() const noexcept;

  /// From now on everything counts anew.
  void arm(std::uint64_t now_ns) noexcept;
  /// A launch that is about to be made: does a window begin before it?
  [[nodiscard]] bool starts(OperationKind kind, const KernelInfo* kernel) noexcept;
  [[nodiscard]] bool is_time(std::uint64_t now_ns) const noexcept;

  void opened(std::uint64_t now_ns) noexcept;
  /// In a window: must it end before this call? `kernel`: of a launch.
  [[nodiscard]] bool ends_before(OperationKind kind, const KernelInfo* kernel, std::uint64_t now_ns,
                                 trace::WindowReason& reason) noexcept;
  /// The launch belongs to the window.
  void launched(OperationKind kind) noexcept;
  /// The window has all that it was to have.
  [[nodiscard]] bool is_full(trace::WindowReason& reason) const noexcept;
  [[nodiscard]] std::uint64_t launches() const noexcept { return launches_ + graph_launches_; }

 private:
  const trace::WindowSpec spec_;
  KernelPattern start_, until_;
  std::uint64_t seen_ = 0;                           ///< launches since arm()
  std::uint64_t launches_ = 0, graph_launches_ = 0;  ///< in the window
  std::atomic<std::uint64_t> armed_ns_{0};
  std::uint64_t opened_ns_ = 0;
};

}  // namespace fib::recorder
