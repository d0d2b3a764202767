// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "trace/edit/trim.h"
#include "trace/reader.h"

namespace fib::trace {

/// What to keep of one process. Made by two readings of its log, as definitions can stand behind
/// what refers to them.
class TrimPlan {
 public:
  TrimPlan(const ProcessLog& log, const TrimOptions& options);

  [[nodiscard]] bool empty() const { return windowed_ && spans_.empty(); }
  [[nodiscard]] bool filters_kernels() const { return filters_kernels_; }
  [[nodiscard]] std::uint64_t start_unix_ns() const { return start_unix_ns_; }
  [[nodiscard]] std::size_t windows() const { return spans_.size(); }
  [[nodiscard]] std::uint64_t launches_before() const { return launches_before_; }

  [[nodiscard]] bool keeps_window(std::uint32_t number) const { return numbers_.contains(number); }
  /// Whether something that began then belongs to a window that is kept.
  [[nodiscard]] bool in_window(std::uint64_t time) const;
  /// Definitions of later times serve no window.
  [[nodiscard]] bool keeps_definition(std::uint64_t time) const { return time <= last_time_; }
  [[nodiscard]] bool keeps_image(std::uint32_t load) const {
    return !filters_kernels_ || loads_.contains(load);
  }
  [[nodiscard]] bool keeps_region(std::uint32_t region) const {
    return !lost_symbols_.contains(region);
  }
  /// Of calls outside the windows: those that change more than what the next memory image shows.
  [[nodiscard]] bool keeps_call(const RecordHeader& header, std::uint16_t api) const;
  /// Of launches outside the windows.
  [[nodiscard]] bool keeps_launch(std::uint32_t kernel) const;
  [[nodiscard]] bool keeps_graph_launch(std::uint32_t exec) const;
  /// Whether this launch is to run as it is, or (false) gives way to its effect.
  [[nodiscard]] bool wants_kernel(std::uint32_t kernel) const;
  [[nodiscard]] bool wants_graph(std::uint32_t exec) const;

 private:
  class Definitions;
  class Uses;
  struct Span {
    std::uint32_t number;
    std::uint64_t begin, end;  ///< UINT64_MAX without an end
    std::uint32_t verify;
  };
  struct KernelUse {
    bool wanted;
    std::uint32_t load;
  };

  void choose_windows(const ProcessLog& log, const std::vector<Span>& all);

  const TrimOptions& options_;
  bool windowed_;  ///< only what belongs to windows is kept
  bool filters_kernels_;
  std::vector<Span> spans_;  ///< that are kept, by begin
  std::set<std::uint32_t> numbers_;
  std::uint64_t last_time_ = UINT64_MAX;
  std::uint64_t launches_before_ = 0, start_unix_ns_ = 0;
  std::unordered_map<std::uint32_t, KernelUse> kernels_;
  std::unordered_map<std::uint32_t, std::set<std::uint32_t>> graphs_;  ///< exec -> kernels
  std::unordered_set<std::uint16_t> transient_apis_;
  std::unordered_set<std::uint32_t> loads_, lost_symbols_;
};

}  // namespace fib::trace
