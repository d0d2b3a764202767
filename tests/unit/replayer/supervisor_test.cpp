// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "replay_test.h"
#include "replayer/preload.h"
#include "replayer/supervisor.h"

namespace fib::replayer::testing {
namespace {

using driver::Api;
using trace::RegionKind;
using Json = nlohmann::json;

class SupervisedReplay : public ::testing::Test {
 protected:
  Json supervised(ReplayOptions options = {}) {
    options.gpu_times = false;
    return Json::parse(supervise({capture.path(), "", 0}, options, supervision));
  }
  void make_simple() {
    const std::uint32_t fill = capture.kernel(kFill, capture.load());
    const std::size_t x = capture.region(RegionKind::Device, capture.address(0), floats(64, 2));
    capture.begin();
    capture.launch(fill, 64, pack(capture.address(0), 3.0F, 64));
    capture.content(x) = floats(64, 3);
    capture.end();
  }
  CaptureBuilder capture;
  Supervision supervision;
};

TEST_F(SupervisedReplay, ReportsFromTheChild) {
  make_simple();
  const Json report = supervised();
  EXPECT_EQ(report["status"], "done") << report;
  EXPECT_EQ(report["outcome"]["verdict"], "exact") << report;
  EXPECT_EQ(report["launches"].size(), 1u);
}

TEST_F(SupervisedReplay, TriesAnotherLayout) {
  make_simple();
  char address[32];
  std::snprintf(address, sizeof address, "0x%llx",
                static_cast<unsigned long long>(capture.address(0)));
  ::setenv("FIBSIM_TAKEN", address, 1);
  ::setenv("FIBSIM_TAKEN_ONCE", (capture.path() / "taken").c_str(), 1);
  const Json second = supervised();
  EXPECT_EQ(second["status"], "done") << second;
  ::unsetenv("FIBSIM_TAKEN_ONCE");
  supervision.layouts = 3;
  const Json never = supervised();
  ::unsetenv("FIBSIM_TAKEN");
  EXPECT_EQ(never["status"], "address taken") << never;
  EXPECT_NE(never["message"].get<std::string>().find(address), std::string::npos) << never;
}

TEST_F(SupervisedReplay, NamesTheLaunchThatHangs) {
  const std::uint32_t load = capture.load();
  const std::uint32_t fill = capture.kernel(kFill, load), spin = capture.kernel(kSpin, load);
  capture.region(RegionKind::Device, capture.address(0), floats(64, 2));
  capture.begin();
  capture.launch(fill, 64, pack(capture.address(0), 2.0F, 64));
  capture.launch(spin, 1, pack(60'000'000));
  capture.launch(fill, 64, pack(capture.address(0), 2.0F, 64));
  capture.end();
  supervision.timeout_seconds = 1.5;
  const Json report = supervised();
  EXPECT_EQ(report["status"], "hung") << report;
  EXPECT_EQ(report["launch"], 2) << report;
}

TEST_F(SupervisedReplay, NamesTheLaunchThatCrashes) {
  const std::uint32_t load = capture.load();
  const std::uint32_t fill = capture.kernel(kFill, load);
  capture.region(RegionKind::Device, capture.address(0), floats(64, 2));
  capture.begin();
  capture.launch(fill, 64, pack(capture.address(0), 2.0F, 64));
  capture.launch(fill, 64, pack(std::uint64_t{0x1000}, 2.0F, 64));  // nothing is there
  capture.end();
  const Json report = supervised();
  EXPECT_EQ(report["status"], "failed") << report;
  EXPECT_EQ(report["launch"], 2) << report;
}

TEST_F(SupervisedReplay, RefusesAnotherGpu) {
  capture.set_device_name("another GPU");
  make_simple();
  const Json refused = supervised();
  EXPECT_EQ(refused["status"], "refused") << refused;
  EXPECT_NE(refused["message"].get<std::string>().find("another GPU"), std::string::npos);
  ReplayOptions force;
  force.force = true;
  EXPECT_EQ(supervised(force)["outcome"]["verdict"], "exact");
}

TEST_F(SupervisedReplay, RefusesAnotherDriver) {
  capture.set_driver_version(12080);
  make_simple();
  const Json refused = supervised();
  EXPECT_EQ(refused["status"], "refused") << refused;
}

TEST_F(SupervisedReplay, RefusesWithoutEnoughMemory) {
  make_simple();
  ::setenv("FIBSIM_MEMORY_MB", "1", 1);
  const Json refused = supervised();
  ::unsetenv("FIBSIM_MEMORY_MB");
  EXPECT_EQ(refused["status"], "refused") << refused;
  EXPECT_NE(refused["message"].get<std::string>().find("needs"), std::string::npos) << refused;
}

TEST_F(SupervisedReplay, RefusesACaptureWithoutAWindow) {
  capture.write();
  const Json refused = supervised();
  EXPECT_EQ(refused["status"], "refused") << refused;
  EXPECT_NE(refused["message"].get<std::string>().find("no window"), std::string::npos) << refused;
}

TEST_F(SupervisedReplay, NamesAPageThatIsMissing) {
  make_simple();
  std::filesystem::remove_all(capture.path() / "pages");
  const Json refused = supervised();
  EXPECT_EQ(refused["status"], "refused") << refused;
  EXPECT_NE(refused["message"].get<std::string>().find("page 0 of device memory"),
            std::string::npos)
      << refused;
}

TEST(Preload, IsWithoutTheShim) {
  const char* const environment[] = {
      "A=1", "LD_PRELOAD=/x/libfibshim.so:/y/other.so /z/libfibaudit.so", nullptr};
  EXPECT_EQ(environment_without_shim(environment),
            (std::vector<std::string>{"A=1", "LD_PRELOAD=/y/other.so"}));
}

}  // namespace
}  // namespace fib::replayer::testing
