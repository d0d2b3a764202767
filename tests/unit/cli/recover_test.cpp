// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/cli/run_fib.h"
#include "tests/unit/cli/synthetic_log.h"
#include "tests/unit/trace/page_file_builder.h"
#include "trace/edit/recover.h"

namespace fib::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::run_fib;
using testing::SyntheticLog;
using trace::WindowReason;
using trace::testing::noise_page;
using trace::testing::TempDirectory;

/// A process that was killed within its second window.
class Recover : public ::testing::Test {
 protected:
  Recover() {
    log_.closed = false;
    log_.process(1u << 30, "serve").kernel(1, "gemm").window(1, 100, 200, WindowReason::Range);
    log_.window(2, 300, 0, WindowReason::Signal).drops(0, 5, 2);
    log_.launch(0, 110, 1).launch(0, 350, 1).call(0, 380, "cuEventCreate", "=e", {1}, 0, 7);
  }
  void save() { log_.save(directory_.path(), "pid42-1.partial"); }
  [[nodiscard]] std::string path() const { return directory_.path().string(); }
  [[nodiscard]] std::vector<json> dump(const std::string& type) const {
    std::vector<json> lines;
    std::istringstream text(run_fib({"dump", path(), "--type", type}).out);
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }
  [[nodiscard]] trace::RecoverSummary recover() const {
    const trace::Capture capture = trace::open_capture(path());
    return trace::recover_process(capture, capture.processes.at(0));
  }

  TempDirectory directory_;
  SyntheticLog log_;
};

TEST_F(Recover, ClosesTheLogAndEndsTheWindowWithoutDigests) {
  save();
  const std::string whole = directory_.read("pid42-1.partial/log.fib");
  directory_.write("pid42-1.partial/log.fib", whole + "FCHK, and half a chunk");
  const auto result = run_fib({"recover", path()});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out,
            "pid42-1: 3 records, 2 launches among them; cut off 22 B\n"
            "  window 2 was cut with its process; recovered without digests\n");
  EXPECT_FALSE(fs::exists(directory_.path() / "pid42-1.partial"));
  const auto windows = dump("window");
  ASSERT_EQ(windows.size(), 4u);
  EXPECT_EQ(windows[3].at("phase"), "end");
  EXPECT_EQ(windows[3].at("reason"), "failure");
  EXPECT_EQ(windows[3].at("verify"), "none");
  EXPECT_EQ(windows[3].at("t"), 388 - 110 + 0) << "behind the last record, which took 7 ticks";
  EXPECT_EQ(dump("deviation").size(), 1u);
  const json end = dump("end").at(0);
  EXPECT_EQ(end.at("records"), 3);
  EXPECT_EQ(end.at("launches"), 2);
  EXPECT_EQ(end.at("dropped_launches"), 2);
  const json info = json::parse(run_fib({"info", path(), "--json"}).out);
  EXPECT_EQ(info.at("processes").at(0).at("log").at("status"), "complete");
  EXPECT_EQ(info.at("processes").at(0).at("windows").at(1).at("launches"), 1);
}

TEST_F(Recover, ALogCutAtEveryByteReadsAsComplete) {
  save();
  const std::string whole = directory_.read("pid42-1.partial/log.fib");
  std::uint64_t records = 0;
  for (std::size_t size = sizeof(trace::FileHeader); size <= whole.size(); ++size) {
    fs::remove_all(directory_.path() / "pid42-1");
    directory_.write("pid42-1.partial/log.fib", whole.substr(0, size));
    const auto summary = recover();
    EXPECT_GE(summary.records, records);
    records = summary.records;
    trace::Visitor ignore;
    const auto result = trace::read_log_file(directory_.path() / "pid42-1/log.fib", ignore);
    ASSERT_EQ(result.status, trace::ReadStatus::Complete) << size << ' ' << result.message;
  }
  EXPECT_EQ(records, 3u);
}

TEST_F(Recover, AWindowEndsBeforeContentsThatAreMissing) {
  const auto stored = noise_page(1, 300), lost = noise_page(2, 300);
  const auto zero = trace::testing::page_of(trace::testing::ByteVector(300));
  log_.payload(0, 360, 0x1000, 300, {stored.hash}).payload(0, 365, 0x1000, 300, {zero.hash});
  log_.payload(0, 370, 0x1000, 300, {lost.hash});
  save();
  trace::testing::ByteVector pages = trace::testing::page_file({stored, lost}, 1);
  pages.resize(pages.size() - 5);
  const std::string text(reinterpret_cast<const char*>(pages.data()), pages.size());
  directory_.write("pages/pid42-1-0.fib", text);
  directory_.write("pages/pid421-1-0.fib", text);
  const auto summary = recover();
  EXPECT_EQ(summary.cut_bytes, 32u + 24u + 32u + 304u - 5u);
  EXPECT_EQ(dump("window").at(3).at("t"), 370 - 110);
  trace::PageStore store(trace::open_capture(path()));
  ASSERT_EQ(store.problems().size(), 1u) << "the page file of another process is left alone";
  EXPECT_NE(store.problems()[0].find("pid421-1-0.fib"), std::string::npos);
}

TEST_F(Recover, AnIncompleteMemoryImageIsTold) {
  SyntheticLog log;
  log.closed = false;
  log.process(1u << 30).region(1, 1, 90, 0x7000, 300, {noise_page(2, 300).hash});
  log.window(1, 100, 0, WindowReason::Signal).launch(0, 110, 1);
  log.save(directory_.path(), "pid42-1.partial");
  const auto summary = recover();
  ASSERT_EQ(summary.windows.size(), 1u);
  EXPECT_NE(summary.windows[0].find("memory image is not complete"), std::string::npos);
}

TEST_F(Recover, WhatStillRecordsIsRefused) {
  SyntheticLog log;
  log.closed = false;
  log.process(static_cast<std::uint32_t>(getpid())).launch(0, 1, 1);
  log.save(directory_.path(), "pid42-1.partial");
  std::ifstream open(directory_.path() / "pid42-1.partial/log.fib");
  const auto result = run_fib({"recover", path()});
  EXPECT_EQ(result.code, 4);
  EXPECT_NE(result.err.find("still records into it"), std::string::npos) << result.err;
  open.close();
  EXPECT_EQ(run_fib({"recover", path()}).code, 0);
}

TEST_F(Recover, AClosedLogIsOnlyRenamed) {
  log_.closed = true;
  save();
  const std::string before = directory_.read("pid42-1.partial/log.fib");
  EXPECT_EQ(recover().cut_bytes, 0u);
  EXPECT_EQ(before, directory_.read("pid42-1/log.fib"));
  const auto nothing = run_fib({"recover", path()});
  EXPECT_EQ(nothing.code, 0);
  EXPECT_NE(nothing.out.find("nothing to recover"), std::string::npos);
  EXPECT_THROW((void)recover(), trace::CaptureError);
}

TEST_F(Recover, RefusesWhatItWouldOverwriteAndWhatIsNoLog) {
  save();
  fs::create_directory(directory_.path() / "pid42-1");
  EXPECT_THROW((void)recover(), trace::CaptureError);
  fs::remove_all(directory_.path() / "pid42-1");
  directory_.write("pid42-1.partial/log.fib", "FIBTR");
  EXPECT_THROW((void)recover(), trace::CaptureError);
  EXPECT_TRUE(fs::exists(directory_.path() / "pid42-1.partial"));
}

}  // namespace
}  // namespace fib::cli
