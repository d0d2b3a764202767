// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/cli/run_fib.h"
#include "tests/unit/cli/synthetic_log.h"
#include "tests/unit/trace/page_file_builder.h"
#include "trace/page_file.h"

namespace fib::cli {
namespace {

using nlohmann::json;
using testing::run_fib;
using testing::SyntheticLog;
using trace::Hash;
using trace::WindowReason;
using trace::testing::noise_page;
using trace::testing::Page;
using trace::testing::TempDirectory;

/// Two windows with pages of their own and a shared one; two kernels in different images.
class Trim : public ::testing::Test {
 protected:
  void make(trace::VerifyLevel verify) {
    for (unsigned i = 0; i < 8; ++i) pages_.push_back(noise_page(i + 1, 500));
    directory_.write("in/pages/pid42-1-0.fib", text_of(trace::testing::page_file(pages_, 2)));
    SyntheticLog log;
    log.verify = verify;
    log.process(42, "serve").kernel(1, "_Z4gemmPf", 1).kernel(2, "softmax", 2);
    log.load(1, "").load(2, "").stored_image(1, store("gemm code")).stored_image(2, store("soft"));
    log.graph(20, 1, 0, 0xe1, {{0xa, 2}}).graph(20, 2, 0, 0xe2, {{0xa, 1}, {0xb, 2}});
    log.call(0, 30, "cuEventCreate", "=e flags", {0x77, 2});
    log.call(0, 40, "cuMemcpyHtoD_v2", "dst src bytes", {1, 2, 3}).launch(0, 50, 1);
    window(log, 1, 100, {hash(0), hash(1)});
    window(log, 2, 300, {hash(1), hash(2)});
    log.call(0, 450, "cuEventCreate", "=e flags", {0x78, 2}).launch(0, 460, 2);
    log.save(directory_.path() / "in", "pid42-1");
    SyntheticLog other;
    other.process(43, "helper").launch(0, 10, 1).save(directory_.path() / "in", "pid43-1");
  }
  /// 100 ticks from `begin`: a copy, both kernels, both graphs, each with a point.
  void window(SyntheticLog& log, std::uint32_t number, std::uint64_t begin,
              const std::vector<Hash>& state) {
    log.region(number, 10 * number, begin - 2, 0x7000, 1000, state);
    log.region(number, 10 * number + 1, begin - 2, 0x9000, 500, {hash(3)}, 2);
    log.window(number, begin, begin + 100, WindowReason::Range);
    log.payload(0, begin + 5, 0x1000, 500, {hash(2 + 2 * number)});
    log.call(0, begin + 5, "cuMemcpyHtoD_v2", "dst src bytes", {1, 2, 3});
    log.launch(0, begin + 10, 1).point(0, begin + 11, 1);
    log.launch(0, begin + 20, 2)
        .changed(number, 10 * number, begin + 21, 2, {hash(3 + 2 * number)});
    log.point(0, begin + 21, 2).graph_launch(0, begin + 30, 1).point(0, begin + 31, 3);
    log.graph_launch(0, begin + 40, 2).point(0, begin + 41, 4);
  }
  [[nodiscard]] static std::string text_of(const trace::testing::ByteVector& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] Hash hash(std::size_t page) const { return pages_.at(page).hash; }
  [[nodiscard]] Hash store(const std::string& image) const {
    const Hash hash = trace::content_hash(std::as_bytes(std::span(image)));
    directory_.write("in/images/" + trace::hash_hex(hash), image);
    return hash;
  }
  [[nodiscard]] std::string in() const { return (directory_.path() / "in").string(); }
  [[nodiscard]] std::string out() const { return (directory_.path() / "out").string(); }
  testing::FibResult trim(std::vector<std::string> options) const {
    options.insert(options.begin(), {"trim", in(), "-o", out()});
    return run_fib(options);
  }
  [[nodiscard]] std::vector<json> dump(const std::string& type) const {
    std::vector<json> lines;
    std::istringstream text(run_fib({"dump", out(), "--type", type}).out);
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }
  [[nodiscard]] std::set<std::size_t> pages_left() const {
    trace::PageStore store(trace::open_capture(out()));
    EXPECT_TRUE(store.problems().empty());
    std::set<std::size_t> left;
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      if (!store.read(hash(i)).empty()) left.insert(i);
    }
    return left;
  }
  [[nodiscard]] std::size_t images_left() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(out() + "/images"))
      ++count;
    return count;
  }

  std::vector<Page> pages_;
  TempDirectory directory_;
};

TEST_F(Trim, OneWindowTakesWhatItNeeds) {
  make(trace::VerifyLevel::Window);
  const auto result = trim({"--window", "2"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, out() +
                            ": 1 process, 1 window, 4 of 10 launches, 2 images, 5 pages "
                            "(2.44 KiB)\n");
  EXPECT_EQ(pages_left(), (std::set<std::size_t>{1, 2, 3, 6, 7}));
  const auto windows = dump("window");
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].at("window"), 2);
  EXPECT_EQ(dump("region").size(), 2u);
  EXPECT_EQ(dump("point").size(), 4u);
  EXPECT_EQ(dump("payload").size(), 1u);
  EXPECT_EQ(dump("graph").size(), 2u);
  const auto calls = dump("call");
  ASSERT_EQ(calls.size(), 2u) << "one that lasts from before, one within";
  EXPECT_EQ(calls[0].at("api"), "cuEventCreate");
  EXPECT_EQ(calls[1].at("api"), "cuMemcpyHtoD_v2");
  EXPECT_EQ(dump("end").at(0).at("launches"), 4);
  EXPECT_EQ(dump("process").size(), 1u) << "the other process has no such window";
}

TEST_F(Trim, AllWindowsKeepAll) {
  make(trace::VerifyLevel::Window);
  ASSERT_EQ(trim({"--window", "1", "--window", "2"}).code, 0);
  EXPECT_EQ(pages_left().size(), 8u);
  EXPECT_EQ(dump("launch").size(), 4u);
}

TEST_F(Trim, KernelsThatGoAreReplayedByTheirEffect) {
  make(trace::VerifyLevel::Launch);
  const auto result = trim({"--window", "1", "--kernel", "^gemm\\("});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("4 of 10 launches (2 by their effect)"), std::string::npos)
      << result.out;
  const auto points = dump("point");
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[0].at("kind"), "digest");
  EXPECT_EQ(points[1].at("kind"), "effect") << "softmax";
  EXPECT_EQ(points[1].at("reason"), "pattern");
  EXPECT_EQ(points[2].at("kind"), "effect") << "the graph with softmax alone";
  EXPECT_EQ(points[3].at("kind"), "digest") << "a graph runs as a whole";
  EXPECT_EQ(images_left(), 2u) << "that graph needs softmax";
  EXPECT_TRUE(pages_left().contains(5)) << "what softmax wrote";
}

TEST_F(Trim, KernelsOutsideOfWindows) {
  make(trace::VerifyLevel::Launch);
  ASSERT_EQ(trim({"--kernel", "softmax"}).code, 0);
  EXPECT_EQ(dump("launch").size(), 5u) << "four in windows, one of softmax outside";
  EXPECT_EQ(dump("process").size(), 2u);
}

TEST_F(Trim, GlobalsGoWithTheirImage) {
  make(trace::VerifyLevel::Launch);
  directory_.write("plain/x", "");
  SyntheticLog log;
  log.verify = trace::VerifyLevel::Launch;
  log.kernel(1, "gemm", 1).kernel(2, "softmax", 2);
  log.stored_image(1, store("gemm code")).stored_image(2, store("soft"));
  log.region(1, 1, 98, 0x7000, 500, {hash(0)}).region(1, 2, 98, 0x9000, 500, {hash(1)}, 2);
  log.window(1, 100, 200, WindowReason::Range).launch(0, 110, 1).point(0, 111, 1);
  log.launch(0, 120, 2).point(0, 121, 2);
  log.save(directory_.path() / "in", "pid42-1");
  ASSERT_EQ(trim({"--window", "1", "--kernel", "gemm"}).code, 0);
  EXPECT_EQ(dump("region").size(), 1u);
  EXPECT_EQ(pages_left(), std::set<std::size_t>{0});
  EXPECT_EQ(images_left(), 1u);
}

TEST_F(Trim, SaysWhyItCant) {
  make(trace::VerifyLevel::Window);
  EXPECT_EQ(trim({}).code, 2);
  EXPECT_EQ(trim({"--kernel", "("}).code, 2);
  const auto level = trim({"--kernel", "gemm"});
  EXPECT_EQ(level.code, 4);
  EXPECT_NE(level.err.find("window 1 was not recorded with --verify launch"), std::string::npos);
  const auto none = trim({"--window", "7"});
  EXPECT_EQ(none.code, 4);
  EXPECT_NE(none.err.find("has none of these windows"), std::string::npos) << none.err;
  EXPECT_FALSE(std::filesystem::exists(out())) << "nothing is left behind";
  directory_.write("out/file", "precious");
  const auto there = trim({"--window", "1"});
  EXPECT_EQ(there.code, 4);
  EXPECT_NE(there.err.find("there already"), std::string::npos) << there.err;
  EXPECT_EQ(run_fib({"trim", "/no/such", "-o", out(), "--window", "1"}).code, 3);
}

TEST_F(Trim, AWindowWithoutPointsCantLoseKernels) {
  SyntheticLog log;
  log.verify = trace::VerifyLevel::Launch;
  log.kernel(1, "gemm").kernel(2, "softmax").window(1, 100, 200, WindowReason::Range);
  log.launch(0, 110, 2).launch(0, 120, 1).save(directory_.path() / "in", "pid42-1");
  const auto result = trim({"--kernel", "gemm"});
  EXPECT_EQ(result.code, 4);
  EXPECT_NE(result.err.find("a launch within a window has no digest"), std::string::npos);
}

}  // namespace
}  // namespace fib::cli
