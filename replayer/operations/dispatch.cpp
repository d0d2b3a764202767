// SPDX-License-Identifier: Apache-2.0
// Which function replays which call. A call that is in neither table is a deviation.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "replayer/operations/executor.h"

namespace fib::replayer {

Executor::Handler Executor::handler_of(std::string_view base) {
  using E = Executor;
  static const std::unordered_map<std::string_view, Handler> kHandlers = {
      {"cuMemcpy", &E::copy},
      {"cuMemcpyAsync", &E::copy},
      {"cuMemcpyHtoD", &E::copy},
      {"cuMemcpyHtoDAsync", &E::copy},
      {"cuMemcpyDtoH", &E::copy},
      {"cuMemcpyDtoHAsync", &E::copy},
      {"cuMemcpyDtoD", &E::copy},
      {"cuMemcpyDtoDAsync", &E::copy},
      {"cuMemcpyPeer", &E::copy_peer},
      {"cuMemcpyPeerAsync", &E::copy_peer},
      {"cuMemcpy2D", &E::copy_2d},
      {"cuMemcpy2DAsync", &E::copy_2d},
      {"cuMemcpy2DUnaligned", &E::copy_2d},
      {"cuMemcpy3D", &E::copy_3d},
      {"cuMemcpy3DAsync", &E::copy_3d},
      {"cuMemcpy3DPeer", &E::copy_3d_peer},
      {"cuMemcpy3DPeerAsync", &E::copy_3d_peer},
      {"cuMemcpyBatchAsync", &E::copy_batch},
      {"cuMemsetD8", &E::set_linear},
      {"cuMemsetD16", &E::set_linear},
      {"cuMemsetD32", &E::set_linear},
      {"cuMemsetD8Async", &E::set_linear},
      {"cuMemsetD16Async", &E::set_linear},
      {"cuMemsetD32Async", &E::set_linear},
      {"cuMemsetD2D8", &E::set_rectangle},
      {"cuMemsetD2D16", &E::set_rectangle},
      {"cuMemsetD2D32", &E::set_rectangle},
      {"cuMemsetD2D8Async", &E::set_rectangle},
      {"cuMemsetD2D16Async", &E::set_rectangle},
      {"cuMemsetD2D32Async", &E::set_rectangle},
      {"cuEventRecord", &E::record_event},
      {"cuEventRecordWithFlags", &E::record_event},
      {"cuStreamWaitEvent", &E::wait_event},
      {"cuEventCreate", &E::create_event},
      {"cuEventDestroy", &E::destroy_event},
      {"cuEventSynchronize", &E::wait_for_event},
      {"cuStreamCreate", &E::create_stream},
      {"cuStreamCreateWithPriority", &E::create_stream},
      {"cuStreamDestroy", &E::destroy_stream},
      {"cuStreamSynchronize", &E::wait_for_stream},
      {"cuCtxSynchronize", &E::wait_for_context},
      {"cuStreamSetAttribute", &E::set_stream_attribute},
      {"cuStreamWriteValue32", &E::write_value},
      {"cuStreamWriteValue64", &E::write_value},
      {"cuStreamWaitValue32", &E::wait_value},
      {"cuStreamWaitValue64", &E::wait_value},
      {"cuStreamBatchMemOp", &E::batch_memops},
      {"cuFuncSetAttribute", &E::set_function_attribute},
      {"cuKernelSetAttribute", &E::set_kernel_attribute},
      {"cuCtxSetLimit", &E::set_limit},
  };
  const auto found = kHandlers.find(base);
  return found != kHandlers.end() ? found->second : nullptr;
}

bool Executor::is_ignored(std::string_view base) {
  // What they do is done up front, is told by definitions, or changes nothing that can be computed.
  static constexpr std::array<std::string_view, 30> kPrefixes = {
      "cuInit",
      "cuGetProcAddress",
      "cuMemAlloc",  // memory is there all the time
      "cuMemFree",
      "cuMemHost",
      "cuMemAddress",
      "cuMemCreate",
      "cuMemMap",
      "cuMemUnmap",
      "cuMemRelease",
      "cuMemSetAccess",
      "cuMemRetain",
      "cuMemExport",
      "cuMemImport",
      "cuMemPool",
      "cuMemGet",
      "cuMemSetMemPool",
      "cuDevice",
      "cuModule",  // code is loaded when it is first used
      "cuLibrary",
      "cuKernelGet",
      "cuFuncSetCacheConfig",  // hints
      "cuFuncSetSharedMemConfig",
      "cuKernelSetCacheConfig",
      "cuMemAdvise",
      "cuMemPrefetch",
      "cuStreamAttachMemAsync",
      "cuPointerSetAttribute",
      "cuIpc",        // memory of others is not brought back; effects are
      "cuGraphExec",  // graphs are described by definitions
  };
  static constexpr std::array<std::string_view, 19> kNames = {"cuCtxSetCurrent",
                                                              "cuCtxPushCurrent",
                                                              "cuCtxPopCurrent",
                                                              "cuCtxCreate",
                                                              "cuCtxDestroy",
                                                              "cuCtxEnablePeerAccess",
                                                              "cuCtxDisablePeerAccess",
                                                              "cuCtxSetCacheConfig",
                                                              "cuCtxSetSharedMemConfig",
                                                              "cuCtxSetFlags",
                                                              "cuCtxResetPersistingL2Cache",
                                                              "cuGraphUpload",
                                                              "cuGraphAddNode",
                                                              "cuGraphInstantiate",
                                                              "cuGraphInstantiateWithFlags",
                                                              "cuGraphInstantiateWithParams",
                                                              "cuGraphNodeSetEnabled",
                                                              "cuFlushGPUDirectRDMAWrites",
                                                              "cuStreamCopyAttributes"};
  if (base == "cuMemMapArrayAsync") return false;
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return base.starts_with(prefix); }) ||
         std::find(kNames.begin(), kNames.end(), base) != kNames.end();
}

}  // namespace fib::replayer
