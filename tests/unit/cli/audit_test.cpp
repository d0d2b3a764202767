// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/audit_compare.h"
#include "cli/exit_codes.h"
#include "tests/unit/cli/run_fib.h"
#include "tests/unit/cli/synthetic_log.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::cli {
namespace {

using testing::run_fib;
using testing::ScopedVariable;
using testing::SyntheticLog;
using trace::testing::TempDirectory;

ProcessFacts ran(std::uint32_t pid, const std::map<std::string, int>& kernels) {
  SyntheticLog log;
  log.process(pid);
  std::uint32_t id = 0;
  for (const auto& [name, count] : kernels) {
    log.kernel(++id, name);
    for (int i = 0; i < count; ++i) log.launch(0, 1, id);
  }
  return log.census();
}

CaptureFacts capture_of(std::vector<ProcessFacts> processes) {
  CaptureFacts capture;
  capture.processes = std::move(processes);
  return capture;
}

WitnessCounts saw(std::uint32_t pid, const KernelCounts& kernels) {
  WitnessCounts counts;
  counts.pid = pid;
  counts.kernels = kernels;
  return counts;
}

TEST(AuditCompare, EqualCountsAreClean) {
  const AuditReport report =
      compare({saw(1, {{"a", 2}, {"b", 1}})}, capture_of({ran(1, {{"a", 2}, {"b", 1}})}));
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.witness, 3u);
  EXPECT_EQ(report.capture, 3u);
  EXPECT_EQ(report.rows.size(), 2u);
}

TEST(AuditCompare, FindsWhatEitherMissed) {
  const AuditReport report =
      compare({saw(1, {{"a", 5}, {"missed", 1}})}, capture_of({ran(1, {{"a", 3}, {"extra", 1}})}));
  EXPECT_FALSE(report.clean());
  EXPECT_EQ(report.difference(), 4u);
  ASSERT_EQ(report.rows.size(), 3u);
  EXPECT_EQ(report.rows[0].name, "a") << "the largest difference comes first";
  EXPECT_EQ(report.rows[0].difference(), -2);
}

TEST(AuditCompare, DifferencesInTwoProcessesDoNotCancelOut) {
  const AuditReport report = compare({saw(1, {{"a", 2}}), saw(2, {{"a", 1}})},
                                     capture_of({ran(1, {{"a", 1}}), ran(2, {{"a", 2}})}));
  EXPECT_EQ(report.rows[0].difference(), 0);
  EXPECT_EQ(report.difference(), 2u);
  EXPECT_FALSE(report.clean());
}

TEST(AuditCompare, AProcessThatOnlyOneKnowsIsADifference) {
  const AuditReport report = compare({saw(1, {{"a", 1}})}, capture_of({ran(2, {{"a", 1}})}));
  ASSERT_EQ(report.processes.size(), 2u);
  EXPECT_FALSE(report.processes[0].in_capture);
  EXPECT_FALSE(report.processes[1].in_witness);
  EXPECT_EQ(report.difference(), 2u);
}

TEST(AuditCompare, OneProcessMayHaveSeveralKernelsOfAName) {
  SyntheticLog log;
  log.process(1).kernel(1, "a").kernel(2, "a").launch(0, 1, 1).launch(0, 2, 2);
  EXPECT_TRUE(compare({saw(1, {{"a", 2}})}, capture_of({log.census()})).clean());
}

TEST(AuditCompare, LossesAreNeverClean) {
  WitnessCounts lossy = saw(1, {{"a", 1}});
  lossy.dropped = 1;
  EXPECT_FALSE(compare({lossy}, capture_of({ran(1, {{"a", 1}})})).clean());
  SyntheticLog log;
  log.process(1).kernel(1, "a").launch(0, 1, 1).drops(0, 1, 0);
  EXPECT_FALSE(compare({saw(1, {{"a", 1}})}, capture_of({log.census()})).clean());
}

TEST(AuditCompare, WhatCannotBeCountedIsSaid) {
  SyntheticLog log;
  log.process(1).kernel(1, "a").kernel(2, "left_out", 0, trace::kKernelFiltered);
  log.graph(1, 1, 0, 9, {{.handle = 1, .kernel = 1, .flags = trace::kNodeConditionalBody}});
  log.graph_launch(0, 2, 1).graph_launch(0, 3, 0);
  const AuditReport report = compare({}, capture_of({log.census()}));
  EXPECT_EQ(report.uncountable.size(), 3u);
  EXPECT_FALSE(report.clean());
  EXPECT_EQ(report.difference(), 0u);
}

class Audit : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory_.path() / name).string();
  }
  /// A command that leaves a capture with 3 runs of "a" in process 42.
  [[nodiscard]] std::string recording() const {
    SyntheticLog log;
    log.process(42).kernel(1, "a").launch(0, 1, 1).launch(0, 2, 1).launch(0, 3, 1);
    log.save(path("canned"), "pid42-1");
    return "cp -r " + path("canned/pid42-1") + " $FIBSHIM_CAPTURE_DIR/; ";
  }
  [[nodiscard]] testing::FibResult audit(const std::string& script, bool json = false) const {
    std::vector<std::string> arguments = {"audit", "--against", path("count")};
    if (json) arguments.push_back("--json");
    arguments.insert(arguments.end(), {"--", "/bin/sh", "-c", script});
    return run_fib(arguments);
  }

  TempDirectory directory_;
  ScopedVariable shim_{"FIBSHIM_LIB", FIB_TEST_EMPTY_LIBRARY};
};

TEST_F(Audit, ZeroDifferenceIsZero) {
  const auto result = audit(recording() + "printf '   3 a  \\n' > $FIBSIM_COUNT_FILE.42");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("no difference"), std::string::npos) << result.out;
}

TEST_F(Audit, ADifferenceIsOne) {
  const auto result = audit(recording() + "echo '4 a' > $FIBSIM_COUNT_FILE.42", true);
  EXPECT_EQ(result.code, 1);
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("difference"), 1);
  EXPECT_EQ(json.at("kernels").at(0).at("difference"), -1);
  EXPECT_EQ(json.at("clean"), false);
}

TEST_F(Audit, NoCountsAtAllIsASetupProblem) {
  const auto result = audit("exit 0");
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("nothing to compare with"), std::string::npos) << result.err;
}

TEST_F(Audit, SaysThatNeitherCountedAnything) {
  const auto result = audit(": > $FIBSIM_COUNT_FILE.42");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("nothing was counted by either"), std::string::npos) << result.out;
}

TEST_F(Audit, TheCommandsFailureComesFirst) {
  const auto result = audit(recording() + "echo '3 a' > $FIBSIM_COUNT_FILE.42; exit 9");
  EXPECT_EQ(result.code, 9);
  EXPECT_NE(result.out.find("no difference"), std::string::npos) << result.out;
  EXPECT_EQ(run_fib({"audit", "--against", path("x"), "--", "/no/such"}).code, 127);
}

TEST_F(Audit, RefusesOldAndDamagedCounts) {
  EXPECT_EQ(audit("echo 'x a' > $FIBSIM_COUNT_FILE.42").code, 2);
  directory_.write("count.42", "3 a\n");
  const auto again = audit("exit 0");
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.err.find("already"), std::string::npos) << again.err;
}

TEST_F(Audit, KeepsTheCaptureOnRequest) {
  EXPECT_EQ(run_fib({"audit", "-o", path("kept"), "--against", path("count"), "--", "/bin/sh", "-c",
                     recording() + "echo '3 a' > $FIBSIM_COUNT_FILE.42"})
                .code,
            0);
  EXPECT_TRUE(std::filesystem::exists(path("kept/pid42-1/log.fib")));
}

TEST_F(Audit, ComparesACaptureThatIsThere) {
  (void)recording();
  directory_.write("count.42", "3 a\n");
  const auto equal = run_fib({"audit", "--against", path("count"), path("canned")});
  EXPECT_EQ(equal.code, 0) << equal.err;
  directory_.write("count.43", "1 b\n");
  EXPECT_EQ(run_fib({"audit", "--against", path("count"), path("canned")}).code, 1);
  EXPECT_EQ(run_fib({"audit", path("canned")}).code, 2) << "no CUPTI counts in it";
  directory_.write("canned/audit/audit-42.json",
                   R"({"pid":42,"command":"","kernels":{"a":3},"dropped":0})");
  EXPECT_EQ(run_fib({"audit", path("canned")}).code, 0);
  EXPECT_EQ(run_fib({"audit", path("nowhere")}).code, 3);
  EXPECT_EQ(run_fib({"audit", path("canned"), "--", "/bin/true"}).code, 2);
}

TEST_F(Audit, ReadsTheAuditLibrarysFiles) {
  directory_.write("audit-7.json",
                   R"({"pid":7,"command":"c","kernels":{"a":2},"dropped":1,"error":"no CUPTI"})");
  directory_.write("audit-8.json.partial", "{");
  const auto counts = read_cupti_counts(directory_.path().string());
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].pid, 7u);
  EXPECT_EQ(counts[0].kernels.at("a"), 2u);
  EXPECT_EQ(counts[0].dropped, 1u);
  EXPECT_EQ(counts[0].error, "no CUPTI");
  directory_.write("audit-9.json", "{\"pid\":9}");
  EXPECT_THROW((void)read_cupti_counts(directory_.path().string()), CliError);
}

}  // namespace
}  // namespace fib::cli
