// SPDX-License-Identifier: Apache-2.0
#include "judge/report/text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "judge/report/html.h"
#include "registry/model/json.h"

namespace fib::judge {
namespace {

TEST(Text, CleanLeavesOnlyWhatCanBeShown) {
  EXPECT_EQ(clean("größe µ 中 😀"), "größe µ 中 😀");
  EXPECT_EQ(clean("a\x1b[1m\x7f"), "a\xEF\xBF\xBD[1m\xEF\xBF\xBD");
  EXPECT_EQ(clean("a\nb\tc"), "a b c");
  EXPECT_EQ(clean("a\nb", true), "a\nb");
  EXPECT_EQ(clean("\xE2\x80\xAE"), "\xEF\xBF\xBD");  // would turn the direction of what follows
  EXPECT_EQ(clean("\xC2\x85"), "\xEF\xBF\xBD");      // a control character beyond ASCII
  EXPECT_EQ(clean(std::string_view("\0", 1)), "\xEF\xBF\xBD");
}

TEST(Text, CleanReplacesWhatIsNoUtf8) {
  EXPECT_EQ(clean("\xFFz"), "\xEF\xBF\xBDz");
  EXPECT_EQ(clean("\xC3"), "\xEF\xBF\xBD");                          // cut
  EXPECT_EQ(clean("\xC0\xBC"), "\xEF\xBF\xBD\xEF\xBF\xBD");          // '<' in two bytes
  EXPECT_EQ(clean("\xED\xA0\x80").find('\xED'), std::string::npos);  // a surrogate
  EXPECT_EQ(clean("\xE2\x28z"), "\xEF\xBF\xBD(z");
}

TEST(Text, HtmlEscapesMarkupAndQuotes) {
  EXPECT_EQ(html_escape("<a href=\"x\" b='c'>&amp;"),
            "&lt;a href=&quot;x&quot; b=&#39;c&#39;&gt;&amp;amp;");
}

TEST(Text, MarkdownEscapesWhatWouldBeMarkup) {
  EXPECT_EQ(markdown_escape("a|b_c*d`[x](y)<z>@all#1"),
            "a\\|b\\_c\\*d\\`\\[x\\](y)\\<z\\>\\@all\\#1");
  EXPECT_EQ(markdown_escape("https://x"), "https\\://x");
  EXPECT_EQ(markdown_escape("two\nlines"), "two lines");
}

TEST(Text, ShellQuoteKeepsOneWordOne) {
  EXPECT_EQ(shell_quote("reg/a-b_c.json"), "reg/a-b_c.json");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("a b;$(c)"), "'a b;$(c)'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
}

TEST(Text, ScriptJsonCanNotEndItsScript) {
  const std::string text = R"({"a":"</script><!--&)"
                           "\xE2\x80\xA8"
                           R"("})";
  const std::string safe = script_json(text);
  EXPECT_EQ(safe.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(safe.find("\xE2\x80\xA8"), std::string::npos);
  EXPECT_EQ(registry::parse_json(safe).value, registry::parse_json(text).value);
}

TEST(Text, ShortenedCountsCharactersNotBytes) {
  EXPECT_EQ(shortened("µµµµ", 4), "µµµµ");
  EXPECT_EQ(shortened("µµµµµ", 4), "µµµ…");
  EXPECT_EQ(shortened("", 4), "");
}

TEST(Text, NumbersHaveThreeDigits) {
  EXPECT_EQ(figure_text(0), "0");
  EXPECT_EQ(figure_text(1.234), "1.23");
  EXPECT_EQ(figure_text(0.01234), "0.0123");
  EXPECT_EQ(figure_text(-123.4), "-123");
  EXPECT_EQ(figure_text(1234567), "1234567");
  EXPECT_EQ(figure_text(1e-9), "1.00e-09");
  EXPECT_EQ(figure_text(NAN), "NaN");
  EXPECT_EQ(time_text(0.0123), "12.3 µs");
  EXPECT_EQ(time_text(1.5), "1.50 ms");
  EXPECT_EQ(time_text(-2500), "-2.50 s");
  EXPECT_EQ(time_text(5e-5), "50.0 ns");
  EXPECT_EQ(percent_text(0.1234), "12.3 %");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(-1234), "-1,234");
  EXPECT_EQ(count_text(-123), "-123");
}

}  // namespace
}  // namespace fib::judge
