// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "judge/report/report_input.h"
#include "tests/unit/judge_report/made_report.h"

namespace fib::judge {
namespace {

using testing::hostile_report;
using testing::made_report;

TEST(MarkdownReport, HasTotalsCandidatesAndFailures) {
  const std::string text = markdown_report(made_report());
  // bad failed on w1, so only good counts: 10 x 2 ms of w1, of 80 ms of both workloads.
  EXPECT_NE(text.find("**GPU**: 20.0 ms of 80.0 ms (25.0 %), 1 of 2 workloads improved"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("| good | norm | w1 | GPU | faster | 4.00 ms | 2.00 ms | "
                      "2.00 \\[1.90, 2.10\\] | 10 | 20.0 ms |"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("INCORRECT\\_NUMERICAL: writes too much | 12 bytes behind the output | "
                      "y\\[3, 17\\]: expected 1.50, got 2.50 |"),
            std::string::npos)
      << text;
}

TEST(MarkdownReport, HostileTextsStayInTheirCells) {
  const std::string text = markdown_report(hostile_report());
  EXPECT_EQ(text.find("\n\x1b"), std::string::npos);
  EXPECT_EQ(text.find(" <img"), std::string::npos);
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    if (!line.starts_with("| ")) continue;
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i)
      bars += line[i] == '|' && line[i - (i > 0)] != '\\';
    EXPECT_TRUE(bars == 11 || bars == 7 || bars == 5) << line;  // 10, 6 or 4 columns
  }
}

TEST(MarkdownReport, TellsWhatTheEngineRuns) {
  const std::string text = markdown_report(made_report());
  EXPECT_NE(text.find("| norm\\_kernel | 60 | 75.0 % | norm |"), std::string::npos) << text;
  EXPECT_NE(text.find("GPU times: CUPTI, in a replay of window 1."), std::string::npos);
}

TEST(MarkdownReport, CutsLongTablesAndSaysSo) {
  ReportInput input = made_report();
  input.results.assign(130, input.results[0]);
  EXPECT_NE(markdown_report(input).find("… 30 more"), std::string::npos);
}

TEST(MarkdownReport, OfNothingSaysSo) {
  ReportInput input;
  input.registry = "reg";
  EXPECT_NE(markdown_report(input).find("No results."), std::string::npos);
}

}  // namespace
}  // namespace fib::judge
