// SPDX-License-Identifier: Apache-2.0
#include "judge/report/plot_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace fib::judge {

PlotScale::PlotScale(double low, double high, double from_px, double to_px, double log_above)
    : low_(low), high_(high), from_px_(from_px), to_px_(to_px), log_(false) {
  if (!(low_ < high_)) {
    low_ = low - std::max(std::abs(low) * 0.1, 0.1);
    high_ = low + std::max(std::abs(low) * 0.1, 0.1);
  }
  log_ = low_ > 0 && high_ / low_ > log_above;
  if (log_)
    make_log_ticks();
  else
    make_linear_ticks();
}

double PlotScale::at(double value) const {
  const double v = std::clamp(value, low_, high_);
  const double share =
      log_ ? std::log(v / low_) / std::log(high_ / low_) : (v - low_) / (high_ - low_);
  return from_px_ + share * (to_px_ - from_px_);
}

void PlotScale::make_linear_ticks() {
  const double rough = (high_ - low_) / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * 10;
  for (const double factor : {5.0, 2.0, 1.0})
    if (power * factor >= rough) step = power * factor;
  const auto first = static_cast<long long>(std::ceil(low_ / step - 1e-9));
  const auto last = static_cast<long long>(std::floor(high_ / step + 1e-9));
  for (long long i = first; i <= last && i - first < 16; ++i)
    ticks_.push_back(static_cast<double>(i) * step);
}

void PlotScale::make_log_ticks() {
  // Fewer marks in each decade the more decades there are.
  const double decades = std::log10(high_ / low_);
  const std::vector<double> marks =
      decades < 2 ? std::vector<double>{1, 2, 5} : std::vector<double>{1};
  const int step = std::max(1, static_cast<int>(std::ceil(decades / 8)));
  int power = static_cast<int>(std::floor(std::log10(low_)));
  for (; std::pow(10, power) <= high_ && ticks_.size() < 16; power += step) {
    for (const double mark : marks) {
      const double value = mark * std::pow(10, power);
      if (value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9)) ticks_.push_back(value);
    }
  }
}

std::string px(double value) {
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string tick_text(double value) {
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.10g", std::abs(value) < 1e-12 ? 0 : value);
  return text.data();
}

}  // namespace fib::judge
