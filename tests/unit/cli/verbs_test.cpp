// SPDX-License-Identifier: Apache-2.0
//
// What reads captures: info, ls, dump, export; and the tool's own arguments.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/cli/run_fib.h"
#include "tests/unit/cli/synthetic_log.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::cli {
namespace {

using nlohmann::json;
using testing::run_fib;
using testing::SyntheticLog;
using trace::testing::TempDirectory;

class Verbs : public ::testing::Test {
 protected:
  Verbs() {
    SyntheticLog log;
    log.process(42, "python serve.py").clock(1000, 5000, 1'700'000'000'000'000'000);
    log.clock(3000, 6000, 1'700'000'000'000'001'000);  // two ticks a nanosecond
    log.kernel(1, "_Z4axpyPfS_i").kernel(2, "softmax").thread_name(0, 4242, "main");
    log.launch(0, 1200, 1, 0, 0, 16).launch(0, 1400, 1, 0, 0, 32).launch(1, 1300, 2);
    log.graph(1500, 1, 0, 0xe0, {{0xa, 2}}).graph_launch(0, 1600, 1);
    log.call(0, 1700, "cuMemAlloc_v2", "=dptr bytesize", {0x1000, 64}, 0, 20);
    log.call(0, 1800, "cuModuleGetGlobal_v2", "=dptr =bytes hmod $name", {0x2000, 8, 3, 4}, 0, 0,
             std::string("abc\0\0\0\0\0", 8));
    log.deviation(trace::Deviation::ImageUnknown, "no bytes");
    log.save(directory_.path(), "pid42-1");
  }

  [[nodiscard]] std::string path() const { return directory_.path().string(); }
  [[nodiscard]] std::vector<json> dump(std::vector<std::string> options) const {
    options.insert(options.begin(), {"dump", path()});
    const auto result = run_fib(options);
    EXPECT_EQ(result.code, 0) << result.err;
    std::vector<json> lines;
    std::istringstream text(result.out);
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }

  TempDirectory directory_;
};

TEST_F(Verbs, DumpPrintsLaunchesWithTimesInNanoseconds) {
  const auto lines = dump({"--type", "launch", "--kernel", "^axpy\\("});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].at("kernel"), "_Z4axpyPfS_i");
  EXPECT_EQ(lines[0].at("t"), 100);
  EXPECT_EQ(lines[0].at("dur"), 5);
  EXPECT_EQ(lines[0].at("grid"), (json{16, 1, 1}));
  EXPECT_EQ(lines[0].at("api"), "cuLaunchKernel");
  EXPECT_EQ(lines[0].at("stream"), "0x7");
  EXPECT_EQ(lines[0].at("process"), "pid42-1");
}

TEST_F(Verbs, DumpNamesTheArgumentsOfCalls) {
  const auto lines = dump({"--type", "call"});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].at("args"), (json{{"dptr", 0x1000}, {"bytesize", 64}}));
  EXPECT_EQ(lines[1].at("args").at("name"), "abc");
  EXPECT_EQ(lines[1].at("args").at("bytes"), 8);
}

TEST_F(Verbs, DumpFilters) {
  EXPECT_EQ(dump({"--thread", "1"}).size(), 1u);
  EXPECT_EQ(dump({"--type", "launch,graph_launch"}).size(), 4u);
  EXPECT_EQ(dump({"--limit", "3"}).size(), 3u);
  EXPECT_EQ(dump({"--process", "pid42-1", "--type", "end"}).size(), 1u);
  const auto lines = dump({"--type", "launch", "--params", "none", "--limit", "1"});
  EXPECT_FALSE(lines[0].contains("params"));
  EXPECT_EQ(run_fib({"dump", path(), "--process", "pid1"}).code, 2);
  EXPECT_EQ(run_fib({"dump", path(), "--type", "nonsense"}).code, 2);
  EXPECT_EQ(run_fib({"dump", path(), "--kernel", "("}).code, 2);
}

TEST_F(Verbs, DumpPrintsEveryTypeItKnows) {
  std::set<std::string> types;
  for (const json& line : dump({})) types.insert(line.at("type").get<std::string>());
  EXPECT_EQ(types, (std::set<std::string>{"process", "clock", "kernel", "thread", "graph", "launch",
                                          "graph_launch", "call", "deviation", "end"}));
}

TEST_F(Verbs, InfoAsJsonHoldsTheFacts) {
  const auto result = run_fib({"info", path(), "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const json info = json::parse(result.out);
  EXPECT_EQ(info.at("launches"), 3);
  EXPECT_EQ(info.at("graph_launches"), 1);
  EXPECT_EQ(info.at("executed"), 4);
  const json& process = info.at("processes").at(0);
  EXPECT_EQ(process.at("strings").at("command"), "python serve.py");
  EXPECT_EQ(process.at("memory").at("device_live_bytes"), 64);
  EXPECT_EQ(process.at("api_calls").at("cuLaunchKernel"), 3);
  EXPECT_EQ(info.at("kernels").at(0).at("executed"), 2);
}

TEST_F(Verbs, InfoForPeopleNamesWhatMatters) {
  const auto result = run_fib({"info", path()});
  for (const char* part : {"4 by 3 launches and 1 graph launch", "python serve.py", "axpy",
                           "image unknown", "CUDA 13.0"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << "\n" << result.out;
  }
  EXPECT_EQ(result.out.find('\033'), std::string::npos) << "no colours off a terminal";
  EXPECT_NE(run_fib({"--color", "always", "info", path()}).out.find('\033'), std::string::npos);
}

TEST_F(Verbs, LsSortsAndLimits) {
  const auto by_name = json::parse(run_fib({"ls", path(), "--sort", "name", "--json"}).out);
  EXPECT_EQ(by_name.at(0).at("name"), "_Z4axpyPfS_i");
  EXPECT_EQ(by_name.at(0).at("shapes").size(), 2u);
  const auto by_grid =
      json::parse(run_fib({"ls", path(), "--sort", "grid", "--limit", "1", "--json"}).out);
  ASSERT_EQ(by_grid.size(), 1u);
  EXPECT_EQ(by_grid.at(0).at("demangled"), "axpy(float*, float*, int)");
  EXPECT_NE(run_fib({"ls", path(), "--limit", "1"}).out.find("1 more"), std::string::npos);
  EXPECT_NE(run_fib({"ls", path(), "--mangled"}).out.find("_Z4axpyPfS_i"), std::string::npos);
  EXPECT_EQ(run_fib({"ls", path(), "--sort", "size"}).code, 2);
}

TEST_F(Verbs, ExportWritesATimeline) {
  const std::string file = (directory_.path() / "timeline.json").string();
  const auto result = run_fib({"export", path(), "--perfetto", file});
  ASSERT_EQ(result.code, 0) << result.err;
  const json trace = json::parse(directory_.read("timeline.json"));
  std::map<std::string, int> phases;
  for (const json& event : trace.at("traceEvents")) ++phases[event.at("ph").get<std::string>()];
  EXPECT_EQ(phases["X"], 6) << "launches, graph launches and calls";
  EXPECT_EQ(phases["C"], 1) << "live memory";
  EXPECT_EQ(phases["i"], 1) << "deviations";
  EXPECT_EQ(phases["M"], 2) << "names of the process and of a thread";
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("name") != "axpy") continue;
    EXPECT_DOUBLE_EQ(event.at("ts").get<double>(), 0.1);
    EXPECT_EQ(event.at("args").at("grid"), "16,1,1");
    break;
  }
  EXPECT_EQ(run_fib({"export", path(), "--perfetto", "/no/such/directory/x"}).code, 4);
}

TEST_F(Verbs, ADamagedLogGivesWhatItHoldsAndOneWarning) {
  std::string log = directory_.read("pid42-1/log.fib");
  directory_.write("pid42-1/log.fib", log.substr(0, log.size() - 10));
  const auto result = run_fib({"info", path()});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_NE(result.out.find("axpy"), std::string::npos);
}

TEST_F(Verbs, WhatIsNoCaptureIsUnreadable) {
  directory_.write("pid42-1/log.fib", "not a log at all, really not");
  for (const char* verb : {"info", "ls", "dump"}) {
    EXPECT_EQ(run_fib({verb, path()}).code, 3) << verb;
    EXPECT_EQ(run_fib({verb, "/no/such/capture"}).code, 3) << verb;
  }
  EXPECT_EQ(run_fib({"export", path(), "--perfetto", "/dev/null"}).code, 3);
}

TEST(App, ExplainsItself) {
  EXPECT_EQ(run_fib({}).code, 2);
  EXPECT_EQ(run_fib({"--version"}).code, 0);
  EXPECT_NE(run_fib({"--version"}).out.find("fib "), std::string::npos);
  const auto help = run_fib({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("Exit codes"), std::string::npos);
  EXPECT_EQ(run_fib({"nonsense"}).code, 2);
  EXPECT_EQ(run_fib({"info"}).code, 2);
  EXPECT_EQ(run_fib({"info", "x", "--nonsense"}).code, 2);
  EXPECT_EQ(run_fib({"--color", "blue", "info", "x"}).code, 2);
  EXPECT_EQ(run_fib({"info", "x", "--", "y"}).code, 2) << "info runs no command";
}

TEST(App, DoctorReportsEveryCheckAsJson) {
  const testing::ScopedVariable shim("FIBSHIM_LIB", FIB_TEST_EMPTY_LIBRARY);
  const json checks = json::parse(run_fib({"doctor", "--json"}).out);
  std::map<std::string, std::string> health;
  for (const json& check : checks) health[check.at("name")] = check.at("health");
  EXPECT_EQ(health.at("glibc"), "ok");
  EXPECT_EQ(health.at("shim"), "ok");
  EXPECT_EQ(health.at("captures"), "ok");
}

TEST(App, DoctorSeesAShimThatCannotBeLoadedAndACommandItDoesNotReach) {
  TempDirectory directory;
  const testing::ScopedVariable shim("FIBSHIM_LIB",
                                     directory.write("broken.so", "not ELF").string());
  const auto result = run_fib({"doctor", "--", "/bin/true"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.out.find("can't be loaded"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("no process launched a kernel"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace fib::cli
