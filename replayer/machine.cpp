// SPDX-License-Identifier: Apache-2.0
#include "replayer/machine.h"

#include "driver/check.h"
#include "replayer/address_space.h"

namespace fib::replayer {
namespace {

/// Whether two regions may be views of the same memory: where both are known they agree.
bool same_content(const Plan& plan, std::size_t a, std::size_t b) {
  const RegionPlan& first = plan.regions[a];
  const RegionPlan& second = plan.regions[b];
  const std::uint64_t begin = std::max(first.fixed.offset, second.fixed.offset);
  const std::uint64_t end =
      std::min(first.fixed.offset + first.fixed.bytes, second.fixed.offset + second.fixed.bytes);
  for (std::uint64_t at = begin; at < end; at += trace::kPageBytes) {
    const auto page_in = [&](const RegionPlan& region) {
      return region.first_page +
             static_cast<std::uint32_t>((at - region.fixed.offset) / trace::kPageBytes);
    };
    if (plan.state[page_in(first)] != plan.state[page_in(second)]) return false;
  }
  return begin < end;
}

}  // namespace

Machine::Machine(const driver::DriverApi& driver, const trace::Capture& capture, const Plan& window,
                 const ReplayOptions& how, Progress& watched)
    : api(driver),
      plan(window),
      options(how),
      progress(watched),
      usage(usage_of(window)),
      device_map(how.device_map),
      contents(capture),
      contexts(api, plan, device_map, deviations),
      code(api, capture, plan, contexts, deviations),
      memory(api, plan, contexts, device_map, deviations, progress),
      pages(api, plan, contexts, memory, deviations),
      table(plan, pages, contents, memory, deviations, progress),
      streams(api, plan, contexts, deviations),
      events(api, plan),
      graphs(api, contexts, code, memory, events, buffers, deviations),
      capture_(capture) {}

MemoryLayout Machine::layout() const {
  return lay_out(plan, [this](std::size_t a, std::size_t b) { return same_content(plan, a, b); });
}

void Machine::require_images() const {
  if (options.force) return;
  for (const std::uint32_t load : usage.loads)
    if (const auto plan_of = plan.loads.find(load); plan_of != plan.loads.end())
      LoadedImage::require(capture_, plan_of->second);
}

void Machine::open(const std::function<void()>& init) {
  require_images();
  const MemoryLayout memory_layout = layout();
  progress.phase("taking addresses");
  reserve_host(memory_layout);
  init();
  FIB_DRIVER_CHECK(api, cuInit(0));
  check_devices(api, plan, usage.devices, device_map, options.force, deviations);
  reserve_device(api, memory_layout);
  progress.phase("making contexts");
  contexts.create(usage);
  progress.phase("mapping memory");
  memory.map(memory_layout);
  progress.phase("loading code");
  memory.find_symbols(code, usage.loads);
  // Code that is loaded lazily would be loaded by the first launch, which waits for the GPU then.
  for (const std::uint32_t kernel : usage.kernels) {
    code.kernel(kernel, contexts.all().front());
    progress.beat();
  }
}

void Machine::restore() {
  graphs.reset();
  events.reset();
  streams.reset();
  code.reset_attributes();
  progress.phase("bringing memory back");
  memory.reset_symbols();
  table.restore(options.force);
}

CUresult Machine::synchronize() {
  const CUresult rc = contexts.synchronize();
  if (rc == CUDA_SUCCESS) buffers.release();
  return rc;
}

}  // namespace fib::replayer
