// SPDX-License-Identifier: Apache-2.0
// endless COUNT WAY: COUNT launches (0: without end), numbered by their parameter, saying every 100
// how far it is; then leaves by `return`, `abort`, `segv` or `term`. At least 50 µs per launch.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "support/check.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main(int, char** argv) {
  const int count = std::atoi(argv[1]);
  const std::string way = argv[2];
  start();
  const Module module("it_basic");
  const CUfunction add = module.function(kAdd);
  CUdeviceptr memory = 0;
  CU(cuMemAlloc(&memory, 64));
  int n = 1;
  for (int i = 1; count == 0 || i <= count; ++i) {
    void* params[] = {&memory, &n, &i};
    CU(cuLaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
    if (i % 100 == 0) {
      std::printf("%d\n", i);
      std::fflush(stdout);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  CU(cuCtxSynchronize());
  if (way == "abort") std::abort();
  if (way == "segv") std::raise(SIGSEGV);
  if (way == "term") std::raise(SIGTERM);
  return finish();
}
