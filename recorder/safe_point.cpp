// SPDX-License-Identifier: Apache-2.0
#include "recorder/safe_point.h"

#include <new>

#include "recorder/clock.h"
#include "recorder/nap.h"

namespace fib::recorder {
namespace {

constexpr std::uint64_t kMicrosecond = 1000;

/// Asks `query` again and again until it is not NOT_READY or the time is up.
template <class Query>
CUresult poll(std::uint64_t deadline, Query&& query) noexcept {
  std::uint64_t pause = 0;
  while (true) {
    const CUresult rc = query();
    if (rc != CUDA_ERROR_NOT_READY || nanoseconds(CLOCK_MONOTONIC) >= deadline) return rc;
    nap(pause);
    pause = pause < 200 * kMicrosecond ? pause * 2 + 5 * kMicrosecond : pause;
  }
}

/// Work that no stream handle of ours leads to, such as other threads' default streams. Drivers
/// that can't tell are not asked.
CUresult poll_context(const driver::DriverApi& api, CUcontext context,
                      std::uint64_t deadline) noexcept {
  if (api.cuCtxRecordEvent == nullptr) return CUDA_SUCCESS;
  CUevent event = nullptr;
  if (api.cuEventCreate(&event, CU_EVENT_DISABLE_TIMING) != CUDA_SUCCESS) return CUDA_SUCCESS;
  CUresult rc = CUDA_SUCCESS;
  if (api.cuCtxRecordEvent(context, event) == CUDA_SUCCESS)
    rc = poll(deadline, [&] { return api.cuEventQuery(event); });
  (void)api.cuEventDestroy_v2(event);
  return rc;
}

/// What is gone has nothing left to do; it went out of our sight.
bool is_gone(CUresult rc) noexcept {
  return rc == CUDA_ERROR_INVALID_HANDLE || rc == CUDA_ERROR_INVALID_CONTEXT ||
         rc == CUDA_ERROR_CONTEXT_IS_DESTROYED;
}

CUresult drain_context(const driver::DriverApi& api, CUcontext context,
                       const std::vector<LiveStream>& streams, std::uint64_t deadline) noexcept {
  const CurrentContext current(api, context);
  if (current.result() != CUDA_SUCCESS)
    return is_gone(current.result()) ? CUDA_SUCCESS : current.result();
  const auto handle = reinterpret_cast<std::uintptr_t>(context);
  for (const LiveStream& stream : streams) {
    if (stream.fixed.context != handle) continue;
    const auto id = reinterpret_cast<CUstream>(static_cast<std::uintptr_t>(stream.fixed.handle));
    const CUresult rc = poll(deadline, [&] { return api.cuStreamQuery(id); });
    if (rc != CUDA_SUCCESS && !is_gone(rc)) return rc;
  }
  for (CUstream stream : {CU_STREAM_LEGACY, CU_STREAM_PER_THREAD}) {
    const CUresult rc = poll(deadline, [&] { return api.cuStreamQuery(stream); });
    if (rc != CUDA_SUCCESS) return rc;
  }
  const CUresult rc = poll_context(api, context, deadline);
  return rc == CUDA_SUCCESS ? api.cuCtxSynchronize() : rc;
}

}  // namespace

Drain drain(const driver::DriverApi& api, const Live& live, std::uint64_t limit_ns) noexcept try {
  const RelaxedCapture relaxed(api);
  const std::uint64_t deadline = nanoseconds(CLOCK_MONOTONIC) + limit_ns;
  const std::vector<LiveStream> streams = live.streams();
  for (const LiveContext& context : live.contexts()) {
    const CUresult rc = drain_context(api, context.handle, streams, deadline);
    if (rc == CUDA_ERROR_NOT_READY) return {Drained::TimedOut, rc};
    if (rc != CUDA_SUCCESS) return {Drained::Failed, rc};
  }
  return {};
} catch (const std::bad_alloc&) {
  return {Drained::Failed, CUDA_ERROR_OUT_OF_MEMORY};
}

const char* error_name(const driver::DriverApi& api, CUresult error) noexcept {
  const char* name = nullptr;
  if (api.cuGetErrorName == nullptr || api.cuGetErrorName(error, &name) != CUDA_SUCCESS ||
      name == nullptr)
    return "an unknown error";
  return name;
}

}  // namespace fib::recorder
