// SPDX-License-Identifier: Apache-2.0
//
// `fib record` with an empty library in the shim's place.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/cli/run_fib.h"
#include "tests/unit/cli/synthetic_log.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::cli {
namespace {

using testing::run_fib;
using testing::ScopedVariable;
using testing::SyntheticLog;
using trace::testing::TempDirectory;

class Record : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory_.path() / name).string();
  }
  /// A capture of one process, for commands that pretend to record: they copy it.
  [[nodiscard]] std::string canned(int launches) const {
    SyntheticLog log;
    log.process(42, "pretender").kernel(1, "a");
    for (int i = 0; i < launches; ++i) log.launch(0, 10 + static_cast<std::uint64_t>(i), 1);
    log.save(path("canned"), "pid42-1");
    return "cp -r " + path("canned/pid42-1") + " $FIBSHIM_CAPTURE_DIR/";
  }

  TempDirectory directory_;
  ScopedVariable shim_{"FIBSHIM_LIB", FIB_TEST_EMPTY_LIBRARY};
};

TEST_F(Record, PassesExitCodesOn) {
  EXPECT_EQ(run_fib({"record", "-o", path("a"), "--", "/bin/true"}).code, 0);
  EXPECT_EQ(run_fib({"record", "-o", path("b"), "--", "/bin/sh", "-c", "exit 7"}).code, 7);
  const auto killed = run_fib({"record", "-o", path("c"), "--", "/bin/sh", "-c", "kill -15 $$"});
  EXPECT_EQ(killed.code, 143);
  EXPECT_NE(killed.err.find("signal 15"), std::string::npos) << killed.err;
}

TEST_F(Record, GivesTheCommandItsEnvironment) {
  const ScopedVariable preload("LD_PRELOAD", FIB_TEST_OTHER_LIBRARY);
  const auto result =
      run_fib({"record", "-o", path("capture"), "--filter", "ge(mm|lu)", "--process", "serve", "--",
               "/bin/sh", "-c", "env | grep -E '^(FIBSHIM_|LD_PRELOAD)' | sort > " + path("env")});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(directory_.read("env"),
            "FIBSHIM_CAPTURE_DIR=" + path("capture") +
                "\nFIBSHIM_FILTER=ge(mm|lu)\nFIBSHIM_LIB=" FIB_TEST_EMPTY_LIBRARY
                "\nFIBSHIM_MODE=record\nFIBSHIM_PROCESS=serve\nLD_PRELOAD=" FIB_TEST_EMPTY_LIBRARY
                ":" FIB_TEST_OTHER_LIBRARY "\n");
}

TEST_F(Record, LeavesTheCommandsOptionsAlone) {
  const auto result =
      run_fib({"record", "-o", path("a"), "--", "/bin/sh", "-c", "echo \"$@\" > " + path("args"),
               "x", "--json", "--", "-o", "", "info"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(directory_.read("args"), "--json -- -o  info\n");
}

TEST_F(Record, SaysThatNothingWasRecordedAndWhatToDo) {
  const auto result = run_fib({"record", "-o", path("a"), "--", "/bin/sh", "-c", "exit 0"});
  EXPECT_NE(result.err.find("nothing was recorded"), std::string::npos);
  EXPECT_NE(result.err.find("fib doctor -- /bin/sh -c 'exit 0'"), std::string::npos) << result.err;
}

TEST_F(Record, SummarizesWhatThisRunAdded) {
  const auto first = run_fib({"record", "-o", path("a"), "--", "/bin/sh", "-c", canned(3)});
  EXPECT_EQ(first.code, 0);
  EXPECT_NE(first.err.find("1 process, 1 kernel, 3 launches"), std::string::npos) << first.err;
  EXPECT_NE(first.err.find("nothing dropped"), std::string::npos) << first.err;
  const auto refused = run_fib({"record", "-o", path("a"), "--", "/bin/true"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("--append"), std::string::npos) << refused.err;
  const auto second = run_fib({"record", "-o", path("a"), "--append", "--", "/bin/true"});
  EXPECT_EQ(second.code, 0);
  EXPECT_NE(second.err.find("nothing was recorded"), std::string::npos) << second.err;
}

TEST_F(Record, RefusesADirectoryOfOtherThings) {
  directory_.write("other/file", "x");
  for (const bool append : {false, true}) {
    std::vector<std::string> arguments = {"record", "-o", path("other")};
    if (append) arguments.push_back("--append");
    arguments.insert(arguments.end(), {"--", "/bin/true"});
    EXPECT_EQ(run_fib(arguments).code, 2);
  }
}

TEST_F(Record, ExplainsWrongUsage) {
  EXPECT_EQ(run_fib({"record", "--", "/bin/true"}).code, 2) << "no directory";
  EXPECT_EQ(run_fib({"record", "-o", path("a")}).code, 2) << "no command";
  EXPECT_EQ(run_fib({"record", "-o", path("a"), "--filter", "(", "--", "/bin/true"}).code, 2);
  EXPECT_EQ(run_fib({"record", "-o", path("a"), "--config", path("no"), "--", "/bin/true"}).code,
            2);
  EXPECT_FALSE(std::filesystem::exists(path("a"))) << "nothing is made before all is checked";
  const ScopedVariable wrong("FIBSHIM_LIB", path("no.so"));
  const auto result = run_fib({"record", "-o", path("a"), "--", "/bin/true"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("FIBSHIM_LIB"), std::string::npos) << result.err;
}

TEST_F(Record, ACommandThatCantBeStartedLeavesNoDirectory) {
  const auto result = run_fib({"record", "-o", path("a"), "--", "/no/such/program"});
  EXPECT_EQ(result.code, 127);
  EXPECT_NE(result.err.find("No such file"), std::string::npos) << result.err;
  EXPECT_FALSE(std::filesystem::exists(path("a")));
}

}  // namespace
}  // namespace fib::cli
