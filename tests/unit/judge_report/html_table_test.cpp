// SPDX-License-Identifier: Apache-2.0
#include "judge/report/html_table.h"

#include <gtest/gtest.h>

#include <limits>

namespace fib::judge {
namespace {

TEST(HtmlTable, NumbersSortByTheirValueNotTheirText) {
  HtmlTable table("Times", {{"name", false, "who"}, {"time", true, "how long"}});
  EXPECT_TRUE(table.empty());
  table.add({text_cell("a<b"), number_cell(1500, "1.5 s")}, {3});
  table.add({long_cell("c"), number_cell(std::nullopt, "never shown")}, {3});
  table.add({text_cell("d"), number_cell(std::numeric_limits<double>::quiet_NaN(), "NaN")}, {3});
  const std::string html = table.markup().text;
  EXPECT_NE(html.find("<caption>Times</caption>"), std::string::npos);
  EXPECT_NE(html.find("<td class=\"number\" data-sort=\"1500\">1.5 s</td>"), std::string::npos);
  EXPECT_NE(html.find("<td class=\"number\">–</td>"), std::string::npos);
  EXPECT_NE(html.find("<td class=\"number\">NaN</td>"), std::string::npos);
  EXPECT_NE(html.find("<td>a&lt;b</td>"), std::string::npos);
  EXPECT_NE(html.find("<td class=\"long\">c</td>"), std::string::npos);
  EXPECT_NE(html.find("<tr data-command=\"3\">"), std::string::npos);
  EXPECT_EQ(html.find("never shown"), std::string::npos);
}

TEST(Commands, StandOnceAndAreQuoted) {
  Commands commands;
  EXPECT_EQ(commands.add({"fib", "ls", "a b"}).number, 1U);
  EXPECT_EQ(commands.add({"fib", "ls", "it's"}).number, 2U);
  EXPECT_EQ(commands.add({"fib", "ls", "a b"}).number, 1U);
  EXPECT_EQ(commands.lines(), (std::vector<std::string>{"fib ls 'a b'", "fib ls 'it'\\''s'"}));
}

}  // namespace
}  // namespace fib::judge
