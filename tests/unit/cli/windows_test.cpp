// SPDX-License-Identifier: Apache-2.0
//
// What the tool tells of windows.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/capture_facts.h"
#include "tests/unit/cli/run_fib.h"
#include "tests/unit/cli/synthetic_log.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::cli {
namespace {

using nlohmann::json;
using testing::run_fib;
using testing::SyntheticLog;
using trace::WindowReason;
using trace::testing::TempDirectory;

class Windows : public ::testing::Test {
 protected:
  Windows() {
    SyntheticLog log;
    log.definitions_last = true;
    log.process(42, "python serve.py").kernel(1, "gemm");
    log.region(1, 1, 90, 0x7000, 100, {trace::Hash{0xab}}).region(1, 2, 90, 0x8000, 50);
    log.window(1, 100, 200, WindowReason::Range, "decode");
    log.window(2, 300, 0, WindowReason::Signal);
    log.launch(0, 50, 1).launch(0, 100, 1).launch(1, 150, 1).launch(0, 200, 1).launch(0, 900, 1);
    log.graph_launch(0, 160, 1).graph_launch(0, 250, 1);
    log.payload(0, 140, 0x1000, 70000, {trace::Hash{1}, trace::Hash{2}});
    log.point(0, 155, 1).point(0, 165, 2, trace::EffectReason::Foreign).point(1, 250, 3);
    log.save(directory_.path(), "pid42-1");
    directory_.write("pages/pid42-1-0.fib", std::string(3 << 20, 'x'));
  }
  [[nodiscard]] std::string path() const { return directory_.path().string(); }
  [[nodiscard]] std::vector<json> dump(const std::string& type, const std::string& params) const {
    const auto result = run_fib({"dump", path(), "--type", type, "--params", params});
    EXPECT_EQ(result.code, 0) << result.err;
    std::vector<json> lines;
    std::istringstream text(result.out);
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }

  TempDirectory directory_;
};

TEST_F(Windows, LaunchesBelongToTheWindowThatTheyBeganIn) {
  const auto windows = read_capture(path()).processes.at(0).windows;
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].launches, 2u);
  EXPECT_EQ(windows[0].graph_launches, 1u);
  EXPECT_EQ(windows[1].launches, 1u) << "a window without an end goes on to the end";
  EXPECT_EQ(windows[1].end_ticks, 0u);
  EXPECT_EQ(windows[0].points, 2u);
  EXPECT_EQ(windows[0].effects, 1u);
  EXPECT_EQ(windows[0].regions, 2u);
  EXPECT_EQ(windows[0].pause_ns, 2000u) << "both marks";
}

TEST_F(Windows, InfoPrintsThem) {
  const auto result = run_fib({"info", path()});
  for (const char* part :
       {"window 1", "range decode, 2 launches, 1 graph launch, ", "ended by launches",
        "1.00 MiB live in 2 regions, 16 pages stored", "paused 2.00 µs", "verify window",
        "1 effect", "window 2", "signal, 1 launch, never ended", "3.00 MiB pages"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << "\n" << result.out;
  }
  const json info = json::parse(run_fib({"info", path(), "--json"}).out);
  const json& window = info.at("processes").at(0).at("windows").at(0);
  EXPECT_EQ(window.at("reason"), "range");
  EXPECT_EQ(window.at("launches"), 2);
  EXPECT_EQ(window.at("stored_bytes"), 16 * 65536);
  EXPECT_EQ(info.at("page_bytes"), 3 << 20);
}

TEST_F(Windows, DumpPrintsTheirRecords) {
  const auto marks = dump("window", "hex");
  ASSERT_EQ(marks.size(), 3u);
  EXPECT_EQ(marks[0].at("phase"), "begin");
  EXPECT_EQ(marks[1].at("phase"), "end");
  const auto regions = dump("region", "hex");
  EXPECT_EQ(regions.at(0).at("kind"), "device");
  EXPECT_EQ(regions.at(0).at("address"), "0x7000");
  const json run = dump("page_hashes", "hex").at(0).at("runs").at(0);
  EXPECT_EQ(run.at("hashes").at(0), "ab000000000000000000000000000000");
  EXPECT_FALSE(dump("page_hashes", "none").at(0).at("runs").at(0).contains("hashes"));
  EXPECT_EQ(dump("payload", "none").at(0).at("pages"), 2);
  const auto points = dump("point", "hex");
  EXPECT_EQ(points.at(1).at("reason"), "foreign memory");
  EXPECT_EQ(points.at(0).at("kind"), "digest");
}

TEST_F(Windows, LsIsUnaffected) {
  EXPECT_EQ(json::parse(run_fib({"ls", path(), "--json"}).out).at(0).at("executed"), 5);
}

}  // namespace
}  // namespace fib::cli
