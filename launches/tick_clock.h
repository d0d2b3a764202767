// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "trace/records.h"

namespace fib::launches {

/// Turns a log's ticks into nanoseconds by interpolating between its Clock records; before the
/// first and after the last the nearest pair's rate goes on. Without any clock one tick is one
/// nanosecond.
class TickClock {
 public:
  /// In any order.
  void add(const trace::Clock& clock);
  /// The rate to use while there are fewer than two different clocks; 0 is ignored.
  void set_rate(std::uint64_t ticks_per_second);

  /// Something happened at `ticks`: the log starts there, unless it starts earlier.
  void cover(std::uint64_t ticks) {
    if (ticks < first_ticks_) start_at(ticks);
  }

  /// Nanoseconds since the log's start: its first Clock record, or what was covered if that is
  /// earlier; negative before it.
  [[nodiscard]] double since_start(std::uint64_t ticks) const;
  /// Nanoseconds that `ticks` last, at the average rate of the whole log.
  [[nodiscard]] double duration(std::uint64_t ticks) const;
  /// Real time of the log's start, in nanoseconds since 1970; 0 without a Clock record.
  [[nodiscard]] std::uint64_t start_unix_ns() const;

 private:
  struct Point {
    std::uint64_t ticks, monotonic_ns, unix_ns;
  };
  [[nodiscard]] double average_rate() const;
  [[nodiscard]] double since_first_clock(std::uint64_t ticks) const;
  void start_at(std::uint64_t ticks);

  std::vector<Point> points_;  ///< ordered by ticks, no two alike
  std::uint64_t first_ticks_ = UINT64_MAX;
  double start_ns_ = 0;  ///< of the log, since its first Clock record
  double ns_per_tick_ = 1;
};

}  // namespace fib::launches
