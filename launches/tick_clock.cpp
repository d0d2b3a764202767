// SPDX-License-Identifier: Apache-2.0
#include "launches/tick_clock.h"

#include <algorithm>
#include <cmath>

namespace fib::launches {
namespace {

// Unsigned differences may be negative here; doubles hold 52 bits, which is weeks in nanoseconds.
double difference(std::uint64_t later, std::uint64_t earlier) {
  return later >= earlier ? static_cast<double>(later - earlier)
                          : -static_cast<double>(earlier - later);
}

}  // namespace

void TickClock::add(const trace::Clock& clock) {
  const Point point{clock.ticks, clock.fixed.monotonic_ns, clock.fixed.unix_ns};
  const auto at =
      std::lower_bound(points_.begin(), points_.end(), point,
                       [](const Point& a, const Point& b) { return a.ticks < b.ticks; });
  const bool known = at != points_.end() && at->ticks == point.ticks;
  // A damaged log may hold clocks that run backwards; they would make the interpolation jump.
  const bool backwards = (at != points_.end() && at->monotonic_ns < point.monotonic_ns) ||
                         (at != points_.begin() && (at - 1)->monotonic_ns > point.monotonic_ns);
  if (!known && !backwards) points_.insert(at, point);
  start_at(std::min(first_ticks_, points_.front().ticks));
}

void TickClock::set_rate(std::uint64_t ticks_per_second) {
  if (ticks_per_second > 0) ns_per_tick_ = 1e9 / static_cast<double>(ticks_per_second);
  if (first_ticks_ != UINT64_MAX) start_at(first_ticks_);
}

double TickClock::average_rate() const {
  if (points_.size() < 2) return ns_per_tick_;
  const Point &first = points_.front(), &last = points_.back();
  return difference(last.monotonic_ns, first.monotonic_ns) / difference(last.ticks, first.ticks);
}

void TickClock::start_at(std::uint64_t ticks) {
  first_ticks_ = ticks;
  start_ns_ = since_first_clock(ticks);
}

double TickClock::since_start(std::uint64_t ticks) const {
  return since_first_clock(ticks) - start_ns_;
}

double TickClock::since_first_clock(std::uint64_t ticks) const {
  if (points_.empty()) return static_cast<double>(ticks) * ns_per_tick_;
  const Point& origin = points_.front();
  if (points_.size() == 1) return difference(ticks, origin.ticks) * ns_per_tick_;
  const auto after = std::upper_bound(points_.begin() + 1, points_.end() - 1, ticks,
                                      [](std::uint64_t t, const Point& p) { return t < p.ticks; });
  const Point &low = *(after - 1), &high = *after;
  const double rate =
      difference(high.monotonic_ns, low.monotonic_ns) / difference(high.ticks, low.ticks);
  return difference(low.monotonic_ns, origin.monotonic_ns) + difference(ticks, low.ticks) * rate;
}

double TickClock::duration(std::uint64_t ticks) const {
  return static_cast<double>(ticks) * average_rate();
}

std::uint64_t TickClock::start_unix_ns() const {
  if (points_.empty()) return 0;
  // Added as integers: a double holds the time since 1970 to 256 ns only.
  return points_.front().unix_ns + static_cast<std::uint64_t>(std::llround(start_ns_));
}

}  // namespace fib::launches
