// SPDX-License-Identifier: Apache-2.0
//
// Commands that may not run for ever.
#include "cli/bounded_child.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "cli/exit_codes.h"
#include "cli/temporary_directory.h"

namespace fib::cli {
namespace {

class Bounded : public ::testing::Test {
 protected:
  BoundedResult run(const std::vector<std::string>& command, double seconds = 60) {
    return run_bounded(command, Environment(), directory_.path() / "out", directory_.path() / "err",
                       seconds);
  }
  BoundedResult shell(const std::string& script, double seconds = 60) {
    return run({"sh", "-c", script}, seconds);
  }
  std::string read(const std::string& name) {
    std::ifstream in(directory_.path() / name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  TemporaryDirectory directory_{"fib-bounded"};
};

TEST_F(Bounded, OutputGoesToFilesAndTheCodeIsTheCommands) {
  const BoundedResult result = shell("echo out; echo err >&2; cat; exit 3");
  EXPECT_EQ(result.child.exit_code, 3);
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(read("out"), "out\n");
  EXPECT_EQ(read("err"), "err\n");
  EXPECT_EQ(describe(result), "exit code 3");
}

TEST_F(Bounded, ASignalIsTold) {
  const BoundedResult result = shell("kill -SEGV $$");
  EXPECT_EQ(result.child.signal, SIGSEGV);
  EXPECT_EQ(result.child.exit_code, 128 + SIGSEGV);
}

TEST_F(Bounded, WhoHangsIsKilledWithItsChildren) {
  const BoundedResult result = shell("sleep 1000 & echo $!; wait", 0.5);
  EXPECT_TRUE(result.timed_out);
  EXPECT_LT(result.seconds, 30);
  EXPECT_EQ(describe(result).substr(0, 13), "no end within");
  const pid_t child = std::stoi(read("out"));
  for (int i = 0; i < 500 && kill(child, 0) == 0; ++i) {
    // A zombie until its new parent has looked.
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string line;
    std::getline(stat, line);
    if (line.find(") Z") != std::string::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_NE(kill(child, 0), 0) << "the child lives on";
}

TEST_F(Bounded, ChildrenThatAreLeftDoNotOutliveTheCommand) {
  const BoundedResult result = shell("sleep 1000 & echo $!");
  EXPECT_FALSE(result.timed_out);
  EXPECT_LT(result.seconds, 30);
}

TEST_F(Bounded, WhatCannotStartAndFilesThatCannotBeWrittenAreTold) {
  EXPECT_NE(run({"/no/such/program"}).child.start_error, 0);
  EXPECT_THROW((void)run_bounded({"true"}, Environment(), "/no/such/place/out", "/dev/null", 1),
               CliError);
}

}  // namespace
}  // namespace fib::cli
