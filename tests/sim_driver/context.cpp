// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/context.h"

#include <algorithm>

#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/memory.h"

namespace fib::sim {
namespace {

constexpr unsigned kApiVersion = 3020;

std::map<CUlimit, size_t> default_limits() {
  return {{CU_LIMIT_STACK_SIZE, 1024},
          {CU_LIMIT_PRINTF_FIFO_SIZE, 7 << 20},
          {CU_LIMIT_MALLOC_HEAP_SIZE, 8 << 20},
          {CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH, 2},
          {CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT, 2048},
          {CU_LIMIT_MAX_L2_FETCH_GRANULARITY, 64},
          {CU_LIMIT_PERSISTING_L2_CACHE_SIZE, 0}};
}

void push(CUcontext handle) {
  ThreadState& thread = this_thread();
  require(thread.depth < ThreadState::kStackSize, CUDA_ERROR_OUT_OF_MEMORY);
  thread.stack[thread.depth++] = handle;
}

CUcontext pop() {
  ThreadState& thread = this_thread();
  require(thread.depth > 0, CUDA_ERROR_INVALID_CONTEXT);
  return thread.stack[--thread.depth];
}

ContextPtr find_context(const Driver& driver, CUcontext handle) {
  ContextPtr context = driver.contexts.find(handle);
  require(context != nullptr, CUDA_ERROR_INVALID_CONTEXT);
  return context;
}

void create_and_push(Call& c, CUcontext* out, unsigned flags, CUdevice device) {
  require(out != nullptr);
  *out = create_context(c.driver, c.driver.device(device).ordinal, flags)->handle;
  push(*out);
}

void destroy_explicit(Call& c, CUcontext handle) {
  const ContextPtr context = find_context(c.driver, handle);
  require(!context->primary, CUDA_ERROR_INVALID_CONTEXT);
  destroy_context(c, context);
  ThreadState& thread = this_thread();
  if (thread.depth > 0 && thread.stack[thread.depth - 1] == handle) --thread.depth;
}

void release_primary(Call& c, CUdevice ordinal) {
  Device& device = c.driver.device(ordinal);
  require(device.primary_references > 0, CUDA_ERROR_INVALID_CONTEXT);
  if (--device.primary_references > 0) return;
  const ContextPtr context = std::move(device.primary);
  device.primary = nullptr;
  destroy_context(c, context);
}

void reset_primary(Call& c, CUdevice ordinal) {
  Device& device = c.driver.device(ordinal);
  if (!device.primary) return;
  device.primary_references = 1;
  release_primary(c, ordinal);
}

void set_primary_flags(Call& c, CUdevice ordinal, unsigned flags) {
  Device& device = c.driver.device(ordinal);
  device.primary_flags = flags;
  if (device.primary) device.primary->flags = flags;
}

template <class Table, class Match>
auto take_matching(Table& table, Match&& match) {
  std::vector<std::decay_t<decltype(table.live().begin()->second)>> taken;
  for (const auto& [slot, object] : table.live())
    if (match(*object)) taken.push_back(object);
  for (const auto& object : taken) table.erase(object->handle);
  return taken;
}

void free_memory_of(Driver& driver, CUcontext context) {
  std::vector<Allocation> doomed;
  for (const auto& [base, range] : driver.memory.live())
    if (range.context == context) doomed.push_back(range);
  for (const Allocation& range : doomed) free_allocation(driver, range);
}

}  // namespace

ContextPtr create_context(Driver& driver, int device, unsigned flags) {
  static uint64_t next_id = 1;
  auto context = std::make_shared<Context>();
  context->handle = driver.contexts.insert(context);
  context->id = next_id++;
  context->device = device;
  context->flags = flags;
  context->limits = default_limits();
  context->legacy = std::make_shared<Stream>(Stream::Kind::legacy, context->handle, device, 0);
  return context;
}

void destroy_context(Call& c, const ContextPtr& context) {
  wait_for(c, pending_in_context(c.driver, context->handle));
  for (const StreamPtr& stream : context->streams) stream->close();
  context->legacy->close();
  const auto of_context = [&](const auto& object) { return object.context == context->handle; };
  take_matching(c.driver.streams, of_context);
  take_matching(c.driver.events, of_context);
  for (const auto& [slot, library] : c.driver.libraries.live())
    library->modules.erase(context->handle);
  std::vector<ModulePtr> modules;
  for (const auto& [slot, module] : c.driver.modules.live())
    if (of_context(*module)) modules.push_back(module);
  for (const ModulePtr& module : modules) remove_module(c.driver, module);
  free_memory_of(c.driver, context->handle);
  c.driver.contexts.erase(context->handle);
  c.unlocked([&] { modules.clear(); });
}

StreamPtr per_thread_stream(Context& context) {
  StreamPtr& stream = context.per_thread[this_thread_id()];
  if (!stream) {
    stream = std::make_shared<Stream>(Stream::Kind::per_thread, context.handle, context.device, 0);
    context.streams.push_back(stream);
  }
  return stream;
}

SIM_API(cuCtxCreate_v2, (CUcontext * out, unsigned flags, CUdevice device),
        create_and_push(c, out, flags, device))
SIM_API(cuCtxCreate_v3,
        (CUcontext * out, CUexecAffinityParam*, int, unsigned flags, CUdevice device),
        create_and_push(c, out, flags, device))
SIM_API(cuCtxCreate_v4, (CUcontext * out, CUctxCreateParams*, unsigned flags, CUdevice device),
        create_and_push(c, out, flags, device))
SIM_API(cuCtxCreate, (CUcontext * out, unsigned flags, CUdevice device),
        create_and_push(c, out, flags, device))
SIM_API(cuCtxDestroy, (CUcontext handle), destroy_explicit(c, handle))
SIM_API(cuCtxDestroy_v2, (CUcontext handle), destroy_explicit(c, handle))

SIM_API(cuCtxPushCurrent_v2, (CUcontext handle), push(find_context(c.driver, handle)->handle))
SIM_API(cuCtxPushCurrent, (CUcontext handle), push(find_context(c.driver, handle)->handle))
SIM_API(cuCtxPopCurrent_v2, (CUcontext * out), store_if(out, pop()))
SIM_API(cuCtxPopCurrent, (CUcontext * out), store_if(out, pop()))

SIM_API(cuCtxSetCurrent, (CUcontext handle), {
  if (handle) find_context(c.driver, handle);
  ThreadState& thread = this_thread();
  if (thread.depth > 0) --thread.depth;
  if (handle) push(handle);
})

SIM_API(cuCtxGetCurrent, (CUcontext * out), {
  const ThreadState& thread = this_thread();
  store(out, thread.depth > 0 ? thread.stack[thread.depth - 1] : nullptr);
})

SIM_API(cuCtxGetDevice, (CUdevice * out), store(out, c.context()->device))
SIM_API(cuCtxGetDevice_v2, (CUdevice * out, CUcontext handle),
        store(out, (handle ? find_context(c.driver, handle) : c.context())->device))
SIM_API(cuCtxGetFlags, (unsigned* out), store(out, c.context()->flags))
SIM_API(cuCtxSetFlags, (unsigned flags), c.context()->flags = flags)
SIM_API(cuCtxGetId, (CUcontext handle, unsigned long long* out),
        store(out, (handle ? find_context(c.driver, handle) : c.context())->id))
SIM_API(cuCtxGetApiVersion, (CUcontext handle, unsigned* out),
        if (handle) find_context(c.driver, handle);
        store(out, kApiVersion))
SIM_API(cuCtxGetCacheConfig, (CUfunc_cache * out), store(out, c.context()->cache_config))
SIM_API(cuCtxSetCacheConfig, (CUfunc_cache config), c.context()->cache_config = config)
SIM_API(cuCtxGetStreamPriorityRange, (int* least, int* greatest), c.context(); store_if(least, 0);
        store_if(greatest, -5))

SIM_API(cuCtxSetLimit, (CUlimit limit, size_t value), {
  const ContextPtr context = c.context();
  const auto it = context->limits.find(limit);
  require(it != context->limits.end(), CUDA_ERROR_UNSUPPORTED_LIMIT);
  it->second = value;
})

SIM_API(cuCtxGetLimit, (size_t * out, CUlimit limit), {
  const ContextPtr context = c.context();
  const auto it = context->limits.find(limit);
  require(it != context->limits.end(), CUDA_ERROR_UNSUPPORTED_LIMIT);
  store(out, it->second);
})

SIM_API(cuCtxSynchronize, (), {
  const ContextPtr context = c.context();
  guard_context_synchronize(c, *context);
  wait_for(c, pending_in_context(c.driver, context->handle));
})

SIM_API(cuCtxSynchronize_v2, (CUcontext handle), {
  const ContextPtr context = handle ? find_context(c.driver, handle) : c.context();
  guard_context_synchronize(c, *context);
  wait_for(c, pending_in_context(c.driver, context->handle));
})

SIM_API(cuCtxEnablePeerAccess, (CUcontext peer, unsigned flags), c.context(); require(flags == 0);
        find_context(c.driver, peer))
SIM_API(cuCtxDisablePeerAccess, (CUcontext peer), c.context(); find_context(c.driver, peer))

SIM_API(cuDevicePrimaryCtxRetain, (CUcontext * out, CUdevice ordinal), {
  Device& device = c.driver.device(ordinal);
  require(out != nullptr);
  if (!device.primary) {
    device.primary = create_context(c.driver, device.ordinal, device.primary_flags);
    device.primary->primary = true;
  }
  ++device.primary_references;
  *out = device.primary->handle;
})

SIM_API(cuDevicePrimaryCtxRelease, (CUdevice device), release_primary(c, device))
SIM_API(cuDevicePrimaryCtxRelease_v2, (CUdevice device), release_primary(c, device))
SIM_API(cuDevicePrimaryCtxReset, (CUdevice device), reset_primary(c, device))
SIM_API(cuDevicePrimaryCtxReset_v2, (CUdevice device), reset_primary(c, device))
SIM_API(cuDevicePrimaryCtxSetFlags, (CUdevice device, unsigned flags),
        set_primary_flags(c, device, flags))
SIM_API(cuDevicePrimaryCtxSetFlags_v2, (CUdevice device, unsigned flags),
        set_primary_flags(c, device, flags))
SIM_API(cuDevicePrimaryCtxGetState, (CUdevice ordinal, unsigned* flags, int* active), {
  const Device& device = c.driver.device(ordinal);
  store_if(flags, device.primary_flags);
  store_if(active, device.primary != nullptr);
})

}  // namespace fib::sim
