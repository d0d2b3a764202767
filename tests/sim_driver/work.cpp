// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/work.h"

#include <utility>

#include "tests/sim_driver/copy.h"
#include "tests/sim_driver/counter.h"
#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/mem_ops.h"

namespace fib::sim {
namespace {

void run_one(const Empty&) {}
void run_one(const ChildGraph&) {}
void run_one(const MemAlloc&) {}
void run_one(const MemFree&) {}
void run_one(const Copy& copy) { run_copy(copy); }
void run_one(const Memset& set) { run_memset(set.what); }
void run_one(const MemOps& ops) { run_mem_ops(ops); }

void run_one(const KernelLaunch& launch) {
  const LoadedKernel& kernel = *launch.function->kernel;
  const FibsimGeometry geometry{launch.grid, launch.block};
  launch.function->image->module().run(kernel.entry, &geometry, launch.params.data());
  count_execution(kernel.name);
}

void run_one(const HostCall& host) {
  ThreadState& thread = this_thread();
  thread.in_host_callback = true;
  host.function(host.data);
  thread.in_host_callback = false;
}

// Event nodes of graphs; eager records are completions of their own.
void run_one(const EventRecord& record) {
  auto now = std::make_shared<Completion>();
  now->finish();
  const std::lock_guard lock(Driver::get().mutex);
  record.event->recorded = std::move(now);
}

void run_one(const EventWait& wait) {
  CompletionPtr recorded;
  {
    const std::lock_guard lock(Driver::get().mutex);
    recorded = wait.event->recorded;
  }
  if (recorded) recorded->wait();
}

}  // namespace

void run(const Work& work) {
  std::visit([](const auto& what) { run_one(what); }, work);
}

CompletionPtr issue(Call& c, const StreamPtr& stream, Work work) {
  guard_legacy(c, *stream);
  if (stream->capture) {
    capture_work(c, *stream, std::move(work));
    return nullptr;
  }
  auto held = std::make_shared<const Work>(std::move(work));
  return enqueue(c.driver, stream, [held] { run(*held); });
}

}  // namespace fib::sim
