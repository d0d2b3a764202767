// SPDX-License-Identifier: Apache-2.0
#include "judge/report/plots.h"

#include <algorithm>

#include "judge/rank/ratios.h"
#include "judge/report/plot_scale.h"
#include "judge/report/text.h"

namespace fib::judge {
namespace {

constexpr double kWidth = 430, kLeft = 6, kRight = 424;
constexpr double kRowHeight = 38, kTop = 8, kAxisHeight = 44;
constexpr double kCurveHeight = 290, kCurveLeft = 48, kCurveTop = 10;
constexpr std::size_t kLabelLength = 36, kFailureLength = 52;
constexpr double kMarkerWidth = 12;
constexpr std::size_t kColours = 8;

Markup line(const char* css, double x1, double y1, double x2, double y2) {
  return element("line",
                 {{"class", css}, {"x1", px(x1)}, {"y1", px(y1)}, {"x2", px(x2)}, {"y2", px(y2)}});
}

Markup label(const char* css, double x, double y, std::string_view text) {
  return element("text", {{"class", css}, {"x", px(x)}, {"y", px(y)}}, escaped(text));
}

Markup picture(const std::string& title, double height, const Markup& content) {
  return element("svg",
                 {{"class", "plot"},
                  {"role", "img"},
                  {"viewBox", "0 0 " + px(kWidth) + ' ' + px(height)},
                  {"aria-label", title}},
                 element("title", title) + content);
}

/// Vertical lines with their values below, and what they are.
Markup x_axis(const PlotScale& scale, double top, double bottom, const std::string& title) {
  Markup axis;
  for (const double tick : scale.ticks()) {
    axis += line("grid", scale.at(tick), top, scale.at(tick), bottom);
    axis += label("tick middle", scale.at(tick), bottom + 15, tick_text(tick));
  }
  axis += line("axis", scale.at(scale.low()), bottom, scale.at(scale.high()), bottom);
  axis += label("axis-title middle", (scale.at(scale.low()) + scale.at(scale.high())) / 2,
                bottom + 34, title);
  return axis;
}

const char* css_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Faster: return "faster";
    case Verdict::Slower: return "slower";
    case Verdict::NoClearDifference: return "unclear";
    case Verdict::Unknown: break;
  }
  return "unknown";
}

/// Verdicts differ in shape, not only in colour.
Markup marker(Verdict verdict, double x, double y) {
  const std::string css = std::string("marker ") + css_of(verdict);
  const auto points = [&](double up) {
    return px(x - 5) + ',' + px(y + up) + ' ' + px(x + 5) + ',' + px(y + up) + ' ' + px(x) + ',' +
           px(y - up);
  };
  if (verdict == Verdict::Faster || verdict == Verdict::Slower)
    return element("polygon",
                   {{"class", css}, {"points", points(verdict == Verdict::Faster ? 4.5 : -4.5)}});
  return element("circle", {{"class", css}, {"cx", px(x)}, {"cy", px(y)}, {"r", "4"}});
}

Markup bar_row(const SpeedupBar& bar, const PlotScale& scale, double top) {
  const double y = top + 26;
  Markup row = label("label", kLeft, top + 13, shortened(clean(bar.label), kLabelLength));
  if (!bar.speedup)
    return row + label("failed", kLeft, y + 4, "✕ " + shortened(clean(bar.note), kFailureLength));
  row += label("note end", kRight, top + 13, bar.note);
  const double low = bar.speedup->low.value_or(bar.speedup->ratio);
  const double high = bar.speedup->high.value_or(bar.speedup->ratio);
  const std::string css = std::string("whisker ") + css_of(bar.verdict);
  if (bar.speedup->has_interval()) {
    row += line(css.c_str(), scale.at(low), y, scale.at(high), y);
    const bool seen = scale.at(high) - scale.at(low) > kMarkerWidth;  // else the marker hides them
    for (const double end : {low, high})
      if (seen) row += line(css.c_str(), scale.at(end), y - 4, scale.at(end), y + 4);
  }
  row += marker(bar.verdict, scale.at(bar.speedup->ratio), y);
  return element("g", element("title", bar.label + ": " + bar.note) + row);
}

PlotScale scale_of(std::span<const SpeedupBar> bars) {
  double low = 1, high = 1;
  for (const SpeedupBar& bar : bars) {
    if (!bar.speedup) continue;
    low = std::min({low, bar.speedup->ratio, bar.speedup->low.value_or(bar.speedup->ratio)});
    high = std::max({high, bar.speedup->ratio, bar.speedup->high.value_or(bar.speedup->ratio)});
  }
  const double room = (high - low) * 0.06;
  const bool wide = high / low > 6;
  return {wide ? low / 1.1 : low - room, wide ? high * 1.1 : high + room, kLeft + 4, kRight - 4};
}

/// "s3", dashed from the ninth on.
std::string curve_css(std::size_t index) {
  return "s" + std::to_string(index % kColours) + (index / kColours % 2 == 1 ? " dashed" : "");
}

std::string steps_of(const FastCurve& curve, const PlotScale& x, const PlotScale& y) {
  const auto height = [&](double p) {
    return px(y.at(share_of(curve.ratios, p, Threshold::Above).value()));
  };
  std::string path = "M" + px(x.at(x.low())) + ' ' + height(x.low());
  double before = x.low();
  for (const double ratio : curve.ratios) {
    if (!(ratio > before) || ratio > x.high()) continue;
    path += 'H' + px(x.at(ratio)) + 'V' + height(ratio);
    before = ratio;
  }
  return path + 'H' + px(x.at(x.high()));
}

PlotScale p_scale(std::span<const FastCurve> curves) {
  double low = 1, high = 1.2;
  for (const FastCurve& curve : curves) {
    for (const double ratio : curve.ratios) {
      if (ratio > 0) low = std::min(low, ratio);
      high = std::max(high, ratio);
    }
  }
  const bool wide = high > 6;
  return {wide ? low / 1.2 : 0, high * (wide ? 1.1 : 1.05), kCurveLeft, kRight};
}

Markup legend(std::span<const FastCurve> curves) {
  Markup items;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Markup swatch =
        element("svg", {{"class", "swatch"}, {"viewBox", "0 0 24 8"}, {"aria-hidden", "true"}},
                element("path", {{"class", "curve " + curve_css(i)}, {"d", "M0 4H24"}}));
    const auto count = static_cast<double>(curves[i].ratios.size());
    items += element("li", swatch + escaped(curves[i].name + " (" + count_text(count) + ")"));
  }
  return element("ul", {{"class", "legend"}}, items);
}

}  // namespace

Markup speedup_plot(const std::string& title, std::span<const SpeedupBar> bars) {
  const PlotScale scale = scale_of(bars);
  const double bottom = kTop + kRowHeight * static_cast<double>(bars.size());
  Markup content =
      x_axis(scale, kTop, bottom,
             std::string("speedup over the incumbent, ×") +
                 (scale.is_log() ? " (logarithmic)" : "") + ", with confidence interval");
  content += line("one", scale.at(1), kTop, scale.at(1), bottom);
  for (std::size_t i = 0; i < bars.size(); ++i)
    content += bar_row(bars[i], scale, kTop + kRowHeight * static_cast<double>(i));
  return element("figure",
                 element("figcaption", title) + picture(title, bottom + kAxisHeight, content));
}

Markup fast_p_plot(const std::string& title, std::span<const FastCurve> curves) {
  const double bottom = kCurveHeight - kAxisHeight;
  const PlotScale x = p_scale(curves), y(0, 1, bottom, kCurveTop);
  Markup content = x_axis(
      x, kCurveTop, bottom,
      std::string("p: times as fast as the baseline, ×") + (x.is_log() ? " (logarithmic)" : ""));
  for (const double tick : y.ticks()) {
    content += line("grid", kCurveLeft, y.at(tick), kRight, y.at(tick));
    content += label("tick end", kCurveLeft - 6, y.at(tick) + 4, tick_text(tick * 100) + " %");
  }
  content += line("one", x.at(1), kCurveTop, x.at(1), bottom);
  for (std::size_t i = 0; i < curves.size(); ++i)
    content +=
        element("path", {{"class", "curve " + curve_css(i)}, {"d", steps_of(curves[i], x, y)}},
                element("title", curves[i].name));
  return element("figure", element("figcaption", title) + picture(title, kCurveHeight, content) +
                               legend(curves));
}

Markup share_bar(double share) {
  return element(
      "svg",
      {{"class", "share"},
       {"viewBox", "0 0 100 8"},
       {"preserveAspectRatio", "none"},
       {"aria-hidden", "true"}},
      element("rect", {{"width", px(std::clamp(share, 0.0, 1.0) * 100)}, {"height", "8"}}));
}

}  // namespace fib::judge
