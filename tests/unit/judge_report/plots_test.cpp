// SPDX-License-Identifier: Apache-2.0
#include "judge/report/plots.h"

#include <gtest/gtest.h>

#include <regex>

namespace fib::judge {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

TEST(SpeedupPlot, DrawsIntervalsMarkersAndFailures) {
  const std::vector<SpeedupBar> bars = {
      {"fast", "2.00 [1.50, 2.50] ×", Speedup{2, 1.5, 2.5, 0.95}, Verdict::Faster},
      {"slow", "0.50 ×", Speedup{0.5, std::nullopt, std::nullopt, 0}, Verdict::Slower},
      {"same", "1.00 ×", Speedup{1, 0.9, 1.1, 0.95}, Verdict::NoClearDifference},
      {"bad", "TIMEOUT", std::nullopt, Verdict::Unknown}};
  const std::string svg = speedup_plot("norm", bars).text;
  EXPECT_EQ(count(svg, "class=\"whisker faster\""), 3U);  // the line and its ends
  EXPECT_EQ(count(svg, "class=\"whisker slower\""), 0U);  // nobody measured an interval
  EXPECT_EQ(count(svg, "<polygon class=\"marker faster\""), 1U);
  EXPECT_EQ(count(svg, "<polygon class=\"marker slower\""), 1U);
  EXPECT_EQ(count(svg, "<circle class=\"marker unclear\""), 1U);
  EXPECT_EQ(count(svg, "✕ TIMEOUT"), 1U);
  EXPECT_EQ(count(svg, "class=\"one\""), 1U);
  EXPECT_NE(svg.find("speedup over the incumbent, ×"), std::string::npos);
}

TEST(FastPPlot, IsAStaircaseOfSharesAbove) {
  const std::vector<FastCurve> curves = {{"ada", {0, 0.5, 1, 1}}};
  const std::string svg = fast_p_plot("t", curves).text;
  // x: 0 is 48, 1.26 is 424; y: 0 is 246, 1 is 10. Three of four are above 0, two above 0.5.
  EXPECT_NE(svg.find("d=\"M48.0 69.0H197.2V128.0H346.4V246.0H424.0\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("ada (4)"), std::string::npos);
  EXPECT_EQ(count(svg, " %</text>"), 6U);
}

TEST(FastPPlot, TellsMoreThanEightCurvesApart) {
  const std::vector<FastCurve> curves(10, {"x", {1}});
  const std::string svg = fast_p_plot("t", curves).text;
  EXPECT_EQ(count(svg, "class=\"curve s1\""), 2U);
  EXPECT_EQ(count(svg, "class=\"curve s1 dashed\""), 2U);
}

TEST(FastPPlot, HoldsRatiosOfManySizes) {
  const std::vector<FastCurve> curves = {{"x", {0, 0.01, 300}}};
  const std::string svg = fast_p_plot("t", curves).text;
  EXPECT_NE(svg.find("(logarithmic)"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Plots, EscapeTheirTexts) {
  const std::string bad = "</svg><script>";
  const std::vector<SpeedupBar> bars = {{bad, bad, std::nullopt, Verdict::Unknown}};
  const std::vector<FastCurve> curves = {{bad, {1}}};
  for (const std::string& svg : {speedup_plot(bad, bars).text, fast_p_plot(bad, curves).text}) {
    EXPECT_EQ(svg.find("<script"), std::string::npos);
    EXPECT_EQ(count(svg, "</svg>"), count(svg, "<svg"));
  }
}

TEST(ShareBar, StaysWithinItsCell) {
  EXPECT_NE(share_bar(0.5).text.find("width=\"50.0\""), std::string::npos);
  EXPECT_NE(share_bar(7).text.find("width=\"100.0\""), std::string::npos);
}

}  // namespace
}  // namespace fib::judge
