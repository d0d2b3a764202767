// SPDX-License-Identifier: Apache-2.0
// What dispatch/kernels/compare.cu does, for the simulated driver: it runs this for that PTX. The
// first thread does everything.
#include "dispatch/kernels/compare_core.h"
#include "tests/sim_driver/sim_kernel.h"

using namespace fib::dispatch;

namespace {

CompareResult compare(const CompareTask& task) {
  CompareSums sums{};
  const CompareWord chunks = compare_chunks(task);
  for (CompareWord chunk = 0; chunk < chunks; ++chunk) compare_chunk(task, chunk, sums);
  for (unsigned i = 0; i < 2 * kCanaryBytes; ++i) compare_canary(task, i, sums);
  return sums.result();
}

}  // namespace

SIM_KERNEL_C(fib_compare, (CompareJob job)) {
  if (fib::sim::block_index().x != 0 || fib::sim::thread_index().x != 0) return;
  auto& report = *reinterpret_cast<CompareReport*>(job.report);
  for (CompareWord i = 0; i < job.count; ++i) report.results[i] = compare(job.tasks[i]);
  __atomic_store_n(&report.sequence, job.sequence, __ATOMIC_RELEASE);
}
