// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <regex>
#include <vector>

#include "judge/report/assets.h"
#include "judge/report/report_input.h"
#include "tests/unit/judge_report/made_report.h"

namespace fib::judge {
namespace {

using testing::hostile_report;
using testing::made_report;

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

bool has(const std::string& text, const std::string& what) { return count(text, what) > 0; }

/// Without what the build put in.
std::string without_assets(std::string page) {
  for (const std::string_view asset : {kReportCss, kReportJs})
    page.erase(page.find(asset), asset.size());
  return page;
}

/// The tags of the page in order, without attributes: "table", "/table".
std::vector<std::string> tags(const std::string& page) {
  std::vector<std::string> names;
  const std::regex tag("<(/?[a-zA-Z][a-zA-Z0-9]*)");
  for (std::sregex_iterator it(page.begin(), page.end(), tag), end; it != end; ++it)
    names.push_back((*it)[1]);
  return names;
}

TEST(HtmlReport, HasAllItsParts) {
  const std::string page = html_report(made_report());
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  for (const char* id : {"saving", "engine", "candidates", "fast-p", "leaderboard", "commands"}) {
    EXPECT_TRUE(has(page, std::string("<section id=\"") + id + "\">")) << id;
    EXPECT_TRUE(has(page, std::string("href=\"#") + id + "\"")) << id;
  }
  EXPECT_TRUE(has(page, "name=\"viewport\""));
  EXPECT_TRUE(has(page, "prefers-color-scheme: dark"));
}

TEST(HtmlReport, OpensAndClosesEveryElement) {
  std::vector<std::string> open;
  for (const std::string& tag : tags(without_assets(html_report(made_report())))) {
    if (tag == "meta" || tag == "link") continue;
    if (tag[0] != '/') {
      open.push_back(tag);
      continue;
    }
    ASSERT_FALSE(open.empty()) << tag;
    ASSERT_EQ(open.back(), tag.substr(1));
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(HtmlReport, HostileTextsMakeNoElement) {
  const std::string mild = without_assets(html_report(made_report()));
  const std::string page = without_assets(html_report(hostile_report()));
  EXPECT_EQ(count(page, "<script"), count(mild, "<script"));
  EXPECT_EQ(count(page, "</script"), count(mild, "</script"));
  EXPECT_FALSE(has(page, "<img"));
  EXPECT_FALSE(has(page, "\x1b"));
  // An attribute that a quote ended early would leave its rest outside of the quotes.
  const std::regex broken("\"[^<>=\"]*onerror=alert");
  EXPECT_FALSE(std::regex_search(page, broken));
  EXPECT_TRUE(has(page, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;"));
}

TEST(HtmlReport, NothingIsFetchedAndOnlyItsOwnScriptRuns) {
  const std::string page = html_report(made_report());
  const std::string policy = "script-src '" + std::string(kReportJsHash) + "'";
  EXPECT_TRUE(has(page, policy));
  EXPECT_TRUE(has(page, "default-src 'none'"));
  EXPECT_FALSE(has(page, "unsafe-inline"));
  EXPECT_FALSE(has(page, "http://") || has(page, "https://"));
  EXPECT_FALSE(has(page, " src=") || has(page, "@import") || has(page, "url("));
  EXPECT_FALSE(has(page, " style="));  // the policy would not let it act
}

TEST(HtmlReport, IsTheSameEveryTime) {
  EXPECT_EQ(html_report(made_report()), html_report(made_report()));
}

TEST(HtmlReport, EveryTableHasCaptionAndTitlesThatSayHowItIsSorted) {
  const std::string page = html_report(made_report());
  const std::size_t tables = count(page, "<table class=\"sortable\">");
  EXPECT_GE(tables, 7U);
  EXPECT_EQ(count(page, "<table class=\"sortable\"><caption>"), tables);
  EXPECT_EQ(count(page, "class=\"scroll\" role=\"region\""), tables);
  EXPECT_GE(count(page, "aria-sort=\"none\""), tables * 5);
}

TEST(HtmlReport, NumbersNameTheirCommands) {
  const std::string page = html_report(made_report());
  const std::string rank = "fib rank --registry reg --by saved --gpu GPU";
  EXPECT_EQ(count(page, "<code>" + rank + "</code>"), 1U);
  EXPECT_TRUE(has(page, "<li id=\"command-1\"><code>" + rank));
  EXPECT_TRUE(has(page, "<code>fib report --registry reg --solution good --json -</code>"));
  // Every mark leads to a command of the list.
  const std::regex mark("href=\"#(command-[0-9]+)\"");
  for (std::sregex_iterator it(page.begin(), page.end(), mark), end; it != end; ++it)
    EXPECT_TRUE(has(page, "id=\"" + (*it)[1].str() + "\"")) << (*it)[1];
}

TEST(HtmlReport, CommandsQuoteHostileWords) {
  const std::string page = html_report(hostile_report());
  EXPECT_TRUE(has(page, "--registry &#39;&lt;/script&gt;"));
  EXPECT_TRUE(has(page, "&#39;\\&#39;&#39;"));  // a quote within quotes, for a shell
}

TEST(HtmlReport, SaysWhereGpuTimesComeFrom) {
  ReportInput input = made_report();
  EXPECT_TRUE(has(html_report(input), "GPU times: CUPTI, in a replay of window 1."));
  EXPECT_TRUE(has(html_report(input), "75.0 %"));  // norm_kernel: 3 of 4 ms
  // Half of the kernel's launches are the Definition's: 1.5 of 4 ms.
  EXPECT_TRUE(has(html_report(input), "37.5 %"));
  input.engine->gpu_source.clear();
  for (EngineKernel& kernel : input.engine->kernels) kernel.gpu_ms.reset();
  EXPECT_TRUE(has(html_report(input), "GPU times are not known"));
  EXPECT_FALSE(has(html_report(input), "75.0 %"));
}

TEST(HtmlReport, OfNothingSaysSo) {
  ReportInput input;
  input.registry = "reg";
  const std::string page = html_report(input);
  EXPECT_TRUE(has(page, "The registry has no results."));
  EXPECT_TRUE(has(page, "no saving is known"));
  EXPECT_FALSE(has(page, "<section id=\"engine\">"));
}

TEST(HtmlReport, TheEnginesNumbersNameTheReplayThatTheyAreFrom) {
  ReportInput input = made_report();
  input.replay = "replay.json";
  EXPECT_TRUE(
      has(html_report(input), "fib report capture --registry reg --replay replay.json --json -"));
}

TEST(HtmlReport, OfACaptureAloneIsAboutTheEngine) {
  ReportInput input = made_report();
  input.registry.clear();
  input.results.clear();
  const std::string page = html_report(input);
  EXPECT_TRUE(has(page, "<h1>Kernels of capture</h1>"));
  EXPECT_TRUE(has(page, "norm_kernel"));
  EXPECT_FALSE(has(page, "<section id=\"candidates\">") || has(page, "href=\"#candidates\""));
  EXPECT_TRUE(has(page, "<code>fib report capture --json -</code>"));
  EXPECT_FALSE(has(page, "--registry"));
}

TEST(HtmlReport, WithoutABaselineSaysWhy) {
  ReportInput input = made_report();
  input.baseline_author = "nobody";
  EXPECT_TRUE(has(html_report(input), "author &#39;nobody&#39; has no Solution for norm"));
}

}  // namespace
}  // namespace fib::judge
