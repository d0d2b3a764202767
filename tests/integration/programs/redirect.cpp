// SPDX-License-Identifier: Apache-2.0
// redirect FORM WAY STEPS: one kernel, `blend`, in one of the forms of support/work_form.h, with
// other arguments in every step; prints what came out. WAY says how the arguments are:
//   plain        in and out are two buffers
//   misaligned   both begin 4 bytes behind a multiple of 16
//   overlapping  out begins in the middle of in
//   in_place     out is in
//   empty        no rows
//   ragged       rows of 5 values
//   dependent    launched with the attribute of dependent launches (eager only)
//   priority     launched with a priority (eager only)
//   slow         2 ms between steps, and the number of each step on stderr
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "support/work_form.h"
#include "tests/integration/kernels/apply.h"

using namespace fib::test;

namespace {

constexpr int kRows = 8, kValues = 512;  // one block

struct Arguments {
  const int* in;
  int* out;
  int rows, width;
};

Arguments arguments(const std::string& way, const Guarded<int>& in, const Guarded<int>& out) {
  Arguments plain{in.data(), out.data(), kRows, 32};
  if (way == "misaligned") ++plain.in, ++plain.out;
  if (way == "overlapping") plain.out = in.data() + kRows * 16;
  if (way == "in_place") plain.out = in.data();
  if (way == "empty") plain.rows = 0;
  if (way == "ragged") plain.width = 5;
  return plain;
}

CUlaunchAttribute attribute(const std::string& way) {
  CUlaunchAttribute made{};
  made.id = way == "dependent" ? CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION
                               : CU_LAUNCH_ATTRIBUTE_PRIORITY;
  if (way == "dependent") made.value.programmaticStreamSerializationAllowed = 1;
  return made;
}

unsigned long long digest(const Guarded<int>& in, const Guarded<int>& out) {
  unsigned long long sum = 14695981039346656037ull;
  for (const Guarded<int>* all : {&in, &out})
    for (const int value : all->read())
      sum = (sum ^ static_cast<unsigned>(value)) * 1099511628211ull;
  return sum;
}

void one_step(WorkForm& work, CUfunction blend, const Arguments& a, const std::string& way,
              int step) {
  if (way == "dependent" || way == "priority") {
    CUlaunchAttribute attributes[] = {attribute(way)};
    launch_ex(blend, kBlend, Shape{{1, 1, 1}, {kValues, 1, 1}}, work.stream(), attributes, 1, a.in,
              a.out, a.rows, a.width, step, step + 1);
    return;
  }
  work.begin();
  work.kernel(blend, kValues, a.in, a.out, a.rows, a.width, step, step + 1);
  work.end();
}

void run(LaunchForm form, const std::string& way, int steps) {
  const Module module("it_apply");
  const CUfunction blend = module.function(kBlend);
  Guarded<int> in(kValues), out(kValues);
  WorkForm work(form);
  for (int step = 0; step < steps; ++step) {
    CU(cuMemsetD32Async(in.address(), static_cast<unsigned>(step) * 3, kValues / 2, work.stream()));
    one_step(work, blend, arguments(way, in, out), way, step);
    CU(cuStreamSynchronize(work.stream()));
    if (way == "slow") {
      std::fprintf(stderr, "%d\n", step);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (way != "empty" && way != "overlapping" && way != "in_place" && way != "misaligned")
      FIB_CHECK(out.first() == step * 3 * 2 + step);
  }
  std::printf("%llx\n", digest(in, out));
}

}  // namespace

int main(int, char** argv) {
  start();
  run(launch_form(argv[1]), argv[2], std::atoi(argv[3]));
  return finish();
}
