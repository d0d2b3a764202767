// SPDX-License-Identifier: Apache-2.0
// Eight threads launch without a pause while the main thread, by argument, forks 40 children that
// end in different ways (`fork`), or leaves main while they go on (`exit`).
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

std::atomic<bool> stop{false};
std::atomic<long> launched{0};

/// Launches until the driver says that it is going away; the last calls may run into exit.
void work(CUcontext context, CUfunction nothing) {
  if (cuCtxSetCurrent(context) != CUDA_SUCCESS) return;
  while (!stop.load()) {
    if (cuLaunchKernel(nothing, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr) != CUDA_SUCCESS)
      return;
    if (launched.fetch_add(1) % 64 == 0)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

void fork_children() {
  for (int i = 0; i < 40; ++i) {
    const pid_t child = fork();
    FIB_CHECK(child >= 0);
    if (child == 0) {
      if (i % 4 == 0) _exit(0);
      if (i % 4 == 1) std::quick_exit(0);
      if (i % 4 == 2) execl("/bin/true", "true", static_cast<char*>(nullptr));
      std::_Exit(0);
    }
    int status = 0;
    FIB_CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
}

}  // namespace

int main(int, char** argv) {
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  // Leaked: the threads may be using it until the process is gone.
  auto* module = new Module("it_basic");
  const CUfunction nothing = module->function(kNothing);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) threads.emplace_back(work, context, nothing);
  while (launched.load() < 1000) std::this_thread::yield();
  if (std::string(argv[1]) == "exit") {
    std::puts("EXIT-SUCCESS");
    std::exit(0);
  }
  fork_children();
  stop = true;
  for (auto& thread : threads) thread.join();
  return finish();
}
