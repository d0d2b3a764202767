// SPDX-License-Identifier: Apache-2.0
//
// Many threads launch while another one installs generations, demotes, and works the switch. For
// the thread sanitizer above all.
#include <atomic>
#include <thread>

#include "tests/unit/dispatch/sim_dispatch_test.h"

namespace fib::dispatch::testing {
namespace {

class StressTest : public SimDispatchTest {
 protected:
  static constexpr int kThreads = 16;
  static constexpr int kRounds = 200;

  /// Every launch must be somebody's: the original's or a candidate's.
  void work() {
    ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
    CUstream stream = nullptr;
    ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    const CUdeviceptr out = allocate();
    for (int i = 0; i < kRounds; ++i) {
      EngineLaunch engine(engine_add_, x_, out, kN, stream);
      const CUresult rc = launch_quietly(engine.call);
      float value = 0;
      ASSERT_EQ(rc, CUDA_SUCCESS);
      ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
      ASSERT_EQ(cuMemcpyDtoH_v2(&value, out, sizeof value), CUDA_SUCCESS);
      ASSERT_TRUE(value == 1 || value == 100 || value == 200 || value == 300) << value;
    }
    dispatcher_->stream_ending(stream);
    ASSERT_EQ(cuStreamDestroy_v2(stream), CUDA_SUCCESS);
    ++done_;
  }

  CUresult launch_quietly(const driver::LaunchCall& call) {
    const ReadSection reading;
    return dispatcher_->launch(call, [&]() noexcept {
      return cuLaunchKernel(call.function, call.grid[0], 1, 1, call.block[0], 1, 1, 0, call.stream,
                            call.params, nullptr);
    });
  }

  std::atomic<int> done_{0};
};

TEST_F(StressTest, ReloadsWhileSixteenThreadsLaunch) {
  install("add_100");
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([this] { work(); });
  const char* const pinned[] = {"add_200", "staged", "add_100"};
  for (unsigned i = 0; done_.load() < kThreads; ++i) {
    ASSERT_TRUE(dispatcher_->install(add_deployment(pinned[i % 3], std::to_string(i))));
    dispatcher_->tick();
    if (i % 4 == 0) dispatcher_->demote("add_100", "for now");
    if (i % 8 == 0) dispatcher_->switch_off();
    dispatcher_->switch_on();
    if (i % 16 == 0) dispatcher_->code_ending(nullptr);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(dispatcher_->generation_number(), 2u);
  EXPECT_GT(candidate("add_200").eager.load(), 0u);
}

TEST_F(StressTest, AReloadWaitsForReadersOnly) {
  install("add_100");
  std::atomic<bool> inside{false}, leave{false};
  std::thread reader([&] {
    const ReadSection reading;
    inside.store(true);
    while (!leave.load()) std::this_thread::yield();
  });
  while (!inside.load()) std::this_thread::yield();
  EXPECT_FALSE(wait_for_readers(1000000));
  install("add_200");  // does not wait for ever
  EXPECT_EQ(added(), 200);
  leave.store(true);
  reader.join();
  EXPECT_TRUE(wait_for_readers(1000000));
  dispatcher_->tick();
}

TEST(ReadSection, SlotsAreUsedAgainByLaterThreads) {
  const ReadSlot* first = nullptr;
  const ReadSlot* second = nullptr;
  std::thread([&] {
    const ReadSection reading;
    first = t_read_slot;
  }).join();
  std::thread([&] {
    const ReadSection reading;
    second = t_read_slot;
  }).join();
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace fib::dispatch::testing
