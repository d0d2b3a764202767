// SPDX-License-Identifier: Apache-2.0
#include "judge/run/gpu_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>

#include "tests/unit/trace/temp_directory.h"

namespace fib::judge {
namespace {

TEST(GpuLock, IsOneAtATime) {
  const trace::testing::TempDirectory place;
  std::optional<GpuLock> first(std::in_place, "GPU-1", nullptr, place.path());
  const GpuLock other(
      "GPU-2", [] { FAIL() << "another GPU is free"; }, place.path());
  std::atomic<bool> waits = false, has = false;
  std::thread second([&] {
    const GpuLock lock(
        "GPU-1", [&] { waits = true; }, place.path());
    has = true;
  });
  while (!waits) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(has);
  first.reset();
  second.join();
  EXPECT_TRUE(has);
}

TEST(GpuLock, GoesWithAProcessThatIsKilled) {
  const trace::testing::TempDirectory place;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const GpuLock lock("GPU-1", nullptr, place.path());
    (void)!::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  bool waited = false;
  const GpuLock lock(
      "GPU-1",
      [&] {
        waited = true;
        ::kill(child, SIGKILL);
      },
      place.path());
  EXPECT_TRUE(waited);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(GpuLock, SaysWhatCanNotBeMade) {
  EXPECT_THROW(GpuLock("GPU-1", nullptr, "/nowhere/at/all"), std::system_error);
  const trace::testing::TempDirectory place;
  std::filesystem::create_symlink("/etc/hostname", place.path() / "fibshim-gpu-GPU-1.lock");
  EXPECT_THROW(GpuLock("GPU-1", nullptr, place.path()), std::system_error) << "a link of somebody";
}

}  // namespace
}  // namespace fib::judge
