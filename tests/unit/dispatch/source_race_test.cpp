// SPDX-License-Identifier: Apache-2.0
//
// A registry that changes while it is read gives one of its states, or nothing: never a mix.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "dispatch/source/registry_source.h"
#include "tests/unit/dispatch/disk_registry.h"

namespace fib::dispatch {
namespace {

using namespace testing;
using std::chrono::milliseconds;

/// Does something again and again until it goes.
class Repeatedly {
 public:
  template <class Action>
  explicit Repeatedly(Action action)
      : thread_([this, action] {
          for (int turn = 0; !stop_.load(); ++turn) action(turn);
        }) {}
  ~Repeatedly() {
    stop_.store(true);
    thread_.join();
  }
  Repeatedly(const Repeatedly&) = delete;
  Repeatedly& operator=(const Repeatedly&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// A second and a half from now.
class Deadline {
 public:
  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() >= end_; }

 private:
  std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + milliseconds(1500);
};

/// Code and tolerances come from different files, and have to be of one state: "A" or "B".
class SourceRace : public ::testing::Test {
 protected:
  static void write_state(DiskRegistry& disk, bool is_a) {
    disk.write("bindings/policies.json",
               is_a ? R"({"default": {"max_atol": 1}})" : R"({"default": {"max_atol": 2}})");
    disk.set_solution(is_a ? "A" : "B");
  }

  /// 'A', 'B', '-' for nothing, '?' for a mix.
  static char state_of(const Deployment* deployment) {
    if (deployment == nullptr) return '-';
    if (deployment->candidates.size() != 1 || deployment->candidates[0].images.empty()) return '?';
    const CandidateCode& code = deployment->candidates[0];
    const double atol = code.tolerances[0].max_atol;
    if (code.images[0].bytes == "code of A" && atol == 1) return 'A';
    if (code.images[0].bytes == "code of B" && atol == 2) return 'B';
    return '?';
  }

  char read(RegistrySource& source) const {
    const Gpu gpu = {kGpuName, 90};
    return state_of(source.read({&gpu, 1}).get());
  }

  DiskRegistry disk_, other_;
};

TEST_F(SourceRace, ExchangedAsAWhole) {
  write_state(disk_, true);
  write_state(other_, false);
  RegistrySource source(disk_.root().string(), "");
  std::set<char> seen;
  {
    const Repeatedly exchange([&](int turn) {
      ::syscall(SYS_renameat2, AT_FDCWD, disk_.root().c_str(), AT_FDCWD, other_.root().c_str(),
                RENAME_EXCHANGE);
      std::this_thread::sleep_for(milliseconds(turn % 8 != 0 ? 1 : 90));
    });
    for (const Deadline end; !end.is_over();) seen.insert(read(source));
  }
  EXPECT_FALSE(seen.contains('?'));
  const char last = read(source);
  EXPECT_TRUE(last == 'A' || last == 'B') << last;
}

/// On disk the policies are never older than the code, and at most one state newer.
TEST_F(SourceRace, RewrittenFileByFile) {
  const auto write = [&](int number) {
    disk_.write("bindings/policies.json",
                R"({"default": {"max_atol": )" + std::to_string(number) + "}}");
    disk_.set_solution(std::to_string(number));
  };
  write(1);
  RegistrySource source(disk_.root().string(), "");
  const Gpu gpu = {kGpuName, 90};
  const Repeatedly rewrite([&](int turn) {
    write(turn + 2);
    if (turn % 8 == 7) std::this_thread::sleep_for(milliseconds(80));
  });
  for (const Deadline end; !end.is_over();) {
    const auto deployment = source.read({&gpu, 1});
    if (deployment == nullptr || deployment->candidates.size() != 1) continue;
    const CandidateCode& code = deployment->candidates[0];
    if (code.images.empty()) continue;  // its build was not there yet
    const int policy = static_cast<int>(code.tolerances[0].max_atol);
    const int built = std::stoi(code.images[0].bytes.substr(8));
    EXPECT_TRUE(built == policy || built + 1 == policy) << built << ' ' << policy;
  }
}

TEST_F(SourceRace, GoneAndBack) {
  write_state(disk_, true);
  RegistrySource source(disk_.root().string(), "");
  const fs::path aside = disk_.above() / "aside";
  {
    const Repeatedly move([&](int) {
      fs::rename(disk_.root(), aside);
      std::this_thread::sleep_for(milliseconds(10));
      fs::rename(aside, disk_.root());
      std::this_thread::sleep_for(milliseconds(60));
    });
    for (const Deadline end; !end.is_over();) {
      const char state = read(source);
      EXPECT_TRUE(state == 'A' || state == '-') << state;
    }
  }
  EXPECT_EQ(read(source), 'A');
}

}  // namespace
}  // namespace fib::dispatch
