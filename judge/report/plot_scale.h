// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fib::judge {

/// Maps a range of values to a range of pixels, linear where the values lie close together, else
/// logarithmic.
class PlotScale {
 public:
  /// `low` < `high`, or both are widened. Logarithmic only if 0 < low and high / low > `log_above`.
  PlotScale(double low, double high, double from_px, double to_px, double log_above = 6);

  /// Values beyond the range stick to its ends.
  [[nodiscard]] double at(double value) const;
  /// 3 to 8 round values within the range.
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }
  [[nodiscard]] bool is_log() const { return log_; }
  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }

 private:
  void make_linear_ticks();
  void make_log_ticks();

  double low_, high_, from_px_, to_px_;
  bool log_;
  std::vector<double> ticks_;
};

/// A pixel position with one decimal.
[[nodiscard]] std::string px(double value);
/// A tick's value as it is written: "0.25", "2".
[[nodiscard]] std::string tick_text(double value);

}  // namespace fib::judge
