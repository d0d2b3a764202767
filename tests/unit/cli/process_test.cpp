// SPDX-License-Identifier: Apache-2.0
//
// Environments and child processes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "cli/child_process.h"
#include "cli/environment.h"
#include "cli/executable.h"
#include "cli/exit_codes.h"
#include "cli/recording.h"

namespace fib::cli {
namespace {

TEST(Environment, PreloadGoesBeforeWhatIsThere) {
  Environment environment({"PATH=/bin", "LD_PRELOAD=/x.so /y.so", "LD_PRELOADED=no"});
  environment.preload({"/a.so", "/b.so"});
  EXPECT_EQ(environment.get("LD_PRELOAD"), "/a.so:/b.so:/x.so /y.so");
  EXPECT_EQ(environment.get("LD_PRELOADED"), "no");
  Environment empty({"LD_PRELOAD="});
  empty.preload({"/a.so"});
  EXPECT_EQ(empty.get("LD_PRELOAD"), "/a.so");
}

TEST(Environment, RefusesPathsThatTheLoaderWouldSplit) {
  Environment environment(std::vector<std::string>{});
  EXPECT_THROW(environment.preload({"/with blank/a.so"}), CliError);
  EXPECT_THROW(environment.preload({"/with:colon/a.so"}), CliError);
}

TEST(Environment, SetsAndUnsets) {
  Environment environment({"A=1", "B=2", "A=3"});
  environment.set("A", "");
  EXPECT_EQ(environment.get("A"), "");
  environment.unset("A");
  EXPECT_EQ(environment.get("A"), std::nullopt);
  EXPECT_EQ(environment.pointers().size(), 2u);
  EXPECT_EQ(environment.pointers().back(), nullptr);
}

TEST(ChildProcess, PassesExitCodesOn) {
  EXPECT_EQ(run_child({"true"}, Environment()).exit_code, 0);
  EXPECT_EQ(run_child({"sh", "-c", "exit 7"}, Environment()).exit_code, 7);
}

TEST(ChildProcess, TellsSignalsFromExitCodes) {
  const ChildResult result = run_child({"sh", "-c", "kill -9 $$"}, Environment());
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_EQ(describe(result), "signal 9 (Killed)");
  EXPECT_EQ(run_child({"sh", "-c", "exit 137"}, Environment()).signal, 0);
}

TEST(ChildProcess, SaysWhyACommandCantBeStarted) {
  const ChildResult result = run_child({"/no/such/program"}, Environment());
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_EQ(describe(result), "could not be started: No such file or directory");
  EXPECT_EQ(run_child({"/etc/passwd"}, Environment()).exit_code, 127);
}

TEST(ChildProcess, GivesTheEnvironmentAndNothingElse) {
  std::string output;
  const ChildResult result =
      run_captured({"/bin/sh", "-c", "echo $A; echo $B >&2; cat"}, Environment({"A=1"}), output);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(output, "1\n\n");
}

// The signal is sent until it is seen: at first the child may not have set its trap.
TEST(ChildProcess, HandsOnSignalsThatOthersSend) {
  // Signals outside run_child would end this test, so it takes them itself meanwhile.
  struct sigaction before {
  }, handler{};
  handler.sa_handler = [](int) {};
  sigaction(SIGTERM, &handler, &before);
  std::atomic<bool> done = false;
  std::thread sender([&] {
    while (!done) {
      kill(getpid(), SIGTERM);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  const ChildResult result =
      run_child({"sh", "-c", "trap 'exit 42' TERM; while :; do sleep 0.01; done"}, Environment());
  done = true;
  sender.join();
  sigaction(SIGTERM, &before, nullptr);
  EXPECT_TRUE(result.exit_code == 42 || result.signal == SIGTERM) << describe(result);
}

TEST(Recording, ChecksRegularExpressions) {
  EXPECT_NO_THROW(check_regex("--filter", "gemm|attn(_fwd)?"));
  EXPECT_NO_THROW(check_regex("--filter", ""));
  EXPECT_THROW(check_regex("--filter", "(open"), CliError);
}

TEST(Recording, QuotesForAShell) {
  EXPECT_EQ(quoted({"python", "-c", "print('x y')", ""}), "python -c 'print('\\''x y'\\'')' ''");
}

TEST(Executable, KnowsWhatCannotBePreloaded) {
  EXPECT_EQ(preload_obstacle("/bin/sh"), "");
  EXPECT_EQ(preload_obstacle("/no/such/file"), "");
  EXPECT_EQ(find_in_path("sh").filename(), "sh");
  EXPECT_EQ(find_in_path("no-such-program-here"), "");
}

}  // namespace
}  // namespace fib::cli
