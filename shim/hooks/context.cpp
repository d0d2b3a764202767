// SPDX-License-Identifier: Apache-2.0
//
// Ends of contexts: every function handle in them dies with them. And pool attributes, whose value
// has a size that depends on the attribute.
#include "shim/hooks/hooks.h"

namespace fib::shim {
namespace {

/// Releasing or resetting a primary context may end it, however its handle is called.
CUcontext ending(CUcontext context) noexcept { return context; }
CUcontext ending(CUdevice) noexcept { return nullptr; }

template <Api A, class Handle>
bool may_end(const Recorder& recorder, Handle handle) noexcept {
  if constexpr (A == Api::cuDevicePrimaryCtxRelease || A == Api::cuDevicePrimaryCtxRelease_v2)
    return recorder.live.is_last_reference(handle);
  return true;
}

template <Api A, class Handle>
CUresult end_context(Handle handle) noexcept {
  return around<A>(
      [&](Recorder& recorder) noexcept {
        if (may_end<A>(recorder, handle)) recorder.windows.context_ending(ending(handle));
        recorder.kernels.end_epoch();
        recorder.before_call<A>(handle);
      },
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.calls.call<A>(result, begin, handle);
        recorder.after_call<A>(result, handle);
      },
      handle);
}

/// cuuint64_t for thresholds and watermarks, int for the reuse policies (CUmemPool_attribute).
std::uint64_t pool_attribute_value(CUmemPool_attribute attribute, const void* value) noexcept {
  if (value == nullptr) return 0;
  const bool is_flag = attribute == CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES ||
                       attribute == CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC ||
                       attribute == CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES;
  return is_flag ? static_cast<std::uint64_t>(*static_cast<const int*>(value))
                 : *static_cast<const cuuint64_t*>(value);
}

}  // namespace

CUresult hook_cuCtxDestroy(CUcontext context) { return end_context<Api::cuCtxDestroy>(context); }

CUresult hook_cuCtxDestroy_v2(CUcontext context) {
  return end_context<Api::cuCtxDestroy_v2>(context);
}

CUresult hook_cuDevicePrimaryCtxRelease(CUdevice device) {
  return end_context<Api::cuDevicePrimaryCtxRelease>(device);
}

CUresult hook_cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  return end_context<Api::cuDevicePrimaryCtxRelease_v2>(device);
}

CUresult hook_cuDevicePrimaryCtxReset(CUdevice device) {
  return end_context<Api::cuDevicePrimaryCtxReset>(device);
}

CUresult hook_cuDevicePrimaryCtxReset_v2(CUdevice device) {
  return end_context<Api::cuDevicePrimaryCtxReset_v2>(device);
}

CUresult hook_cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void* value) {
  return observe<Api::cuMemPoolSetAttribute>(
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        const std::uint64_t number =
            result == CUDA_SUCCESS ? pool_attribute_value(attribute, value) : 0;
        recorder.calls.call<Api::cuMemPoolSetAttribute>(result, begin, pool, attribute, number);
      },
      pool, attribute, value);
}

}  // namespace fib::shim
