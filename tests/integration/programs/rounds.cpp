// SPDX-License-Identifier: Apache-2.0
// rounds COUNT [WAY]: COUNT rounds of the same work, each on top of what the one before left: bytes
// from the heap, two launches, a graph launch, and bytes back. What happens besides, by WAY:
//   plain      nothing
//   slow       2 ms between rounds, and the number of each round on stderr
//   signal     SIGUSR2 before rounds 3 and 6
//   range      rounds 3 to 5 are within the NVTX range "middle"
//   capture    round 3 is captured from its first launch on, while another thread launches
//   fork       a child is forked before round 3, does nothing with the driver, and ends
//   threads    16 threads do the rounds, each on its own stream and memory
//   synchronous  one thread waits for streams again and again while another does the rounds
#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#else
inline int nvtxRangePushA(const char*) { return -2; }
inline int nvtxRangePop() { return -2; }
#endif
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

constexpr int kValues = 40000;  // more than two pages of 64 KiB
constexpr Shape kShape{{40, 1, 1}, {1000, 1, 1}, 0};

/// Stream, memory and a graph that doubles the values.
class Worker {
 public:
  explicit Worker(const Module& module)
      : add_(module.function(kAdd)), twice_(module.function(kTwice)), values_(kValues) {
    CU(cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING));
    CUgraph graph = nullptr;
    CU(cuStreamBeginCapture(stream_, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    launch(add_, kAdd, kShape, stream_, values_.data(), kValues, 1);
    CU(cuStreamEndCapture(stream_, &graph));
    CU(cuGraphInstantiateWithFlags(&exec_, graph, 0));
    CU(cuGraphDestroy(graph));
  }
  ~Worker() {
    CU(cuGraphExecDestroy(exec_));
    CU(cuStreamDestroy(stream_));
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void round(int number) {
    feed(number);
    launches();
    CU(cuGraphLaunch(exec_, stream_));
    check();
  }
  /// The same, but that the launches are captured and then run as a graph.
  void captured_round(int number, const std::function<void()>& meanwhile) {
    feed(number);
    CU(cuStreamBeginCapture(stream_, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    launches();
    meanwhile();
    CUgraph graph = nullptr;
    CUgraphExec exec = nullptr;
    CU(cuStreamEndCapture(stream_, &graph));
    CU(cuGraphInstantiateWithFlags(&exec, graph, 0));
    CU(cuGraphLaunch(exec, stream_));
    CU(cuGraphLaunch(exec_, stream_));
    check();
    CU(cuGraphExecDestroy(exec));
    CU(cuGraphDestroy(graph));
  }
  CUstream stream() const { return stream_; }
  int total() const { return expected_; }

 private:
  /// 16 values from the heap, which is overwritten as soon as the driver has returned.
  void feed(int number) {
    std::vector<int> some(16, expected_ + number);
    CU(cuMemcpyHtoDAsync(values_.address(), some.data(), sizeof(int) * some.size(), stream_));
    CU(cuStreamSynchronize(stream_));
    std::fill(some.begin(), some.end(), -1);
    number_ = number;
  }
  void launches() {
    launch(add_, kAdd, kShape, stream_, values_.data(), kValues, 3);
    launch(twice_, kTwice, kShape, stream_, values_.data(), kValues);
  }
  void check() {
    std::vector<int> all(kValues);
    CU(cuMemcpyDtoHAsync(all.data(), values_.address(), sizeof(int) * kValues, stream_));
    CU(cuStreamSynchronize(stream_));
    const int first = (expected_ + number_ + 3) * 2 + 1;
    expected_ = (expected_ + 3) * 2 + 1;
    for (std::size_t i = 0; i < all.size(); ++i) FIB_CHECK(all[i] == (i < 16 ? first : expected_));
    if (expected_ > 1 << 20) reset();
  }
  void reset() {
    CU(cuMemsetD32Async(values_.address(), 0, kValues, stream_));
    CU(cuStreamSynchronize(stream_));
    expected_ = 0;
  }

  CUfunction add_, twice_;
  Guarded<int> values_;
  CUstream stream_ = nullptr;
  CUgraphExec exec_ = nullptr;
  int expected_ = 0, number_ = 0;
};

void before_round(int number, const std::string& way) {
  if (way == "slow") {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::fprintf(stderr, "%d\n", number);
  }
  if (way == "signal" && (number == 3 || number == 6)) FIB_CHECK(std::raise(SIGUSR2) == 0);
  if (way == "range" && number == 3) nvtxRangePushA("middle");
  if (way == "range" && number == 6) nvtxRangePop();
  if (way == "fork" && number == 3) {
    const pid_t child = fork();
    if (child == 0) _exit(7);
    int status = 0;
    FIB_CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
  }
}

void run(const Module& module, Worker& worker, int count, const std::string& way) {
  for (int i = 1; i <= count; ++i) {
    before_round(i, way);
    if (way == "capture" && i == 3) {
      CUcontext context = nullptr;
      CU(cuCtxGetCurrent(&context));
      Worker other(module);
      const auto beside = [&] {
        CU(cuCtxSetCurrent(context));
        other.round(1);
      };
      worker.captured_round(i, [&] { std::thread(beside).join(); });
    } else {
      worker.round(i);
    }
  }
  std::printf("%d\n", worker.total());
}

void run_threads(const Module& module, int count) {
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  // Made and ended by one thread: what waits for all streams must not meet a capture.
  std::vector<std::unique_ptr<Worker>> workers;
  for (int t = 0; t < 16; ++t) workers.push_back(std::make_unique<Worker>(module));
  std::vector<std::thread> threads;
  for (const auto& worker : workers)
    threads.emplace_back([&] {
      CU(cuCtxSetCurrent(context));
      for (int i = 1; i <= count; ++i) worker->round(i);
    });
  for (std::thread& thread : threads) thread.join();
  int total = 0;
  for (const auto& worker : workers) total += worker->total();
  std::printf("%d\n", total);
}

void run_beside_waiting(const Module& module, int count) {
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  Worker worker(module);
  std::atomic<bool> stop{false};
  std::thread waiter([&] {
    CU(cuCtxSetCurrent(context));
    while (!stop) CU(cuCtxSynchronize());
  });
  run(module, worker, count, "plain");
  stop = true;
  waiter.join();
}

}  // namespace

int main(int argc, char** argv) {
  const int count = std::atoi(argv[1]);
  const std::string way = argc > 2 ? argv[2] : "plain";
  if (way == "signal") std::signal(SIGUSR2, SIG_IGN);
  start();
  Module module("it_basic");
  if (way == "threads") {
    run_threads(module, count);
  } else if (way == "synchronous") {
    run_beside_waiting(module, count);
  } else {
    Worker worker(module);
    run(module, worker, count, way);
  }
  module.unload();
  return finish();
}
