// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/api.h"
#include "tests/sim_driver/stubs.h"

namespace fib::sim {
namespace {

struct ErrorText {
  CUresult code;
  const char* name;
  const char* text;
};

#define FIBSIM_ERROR(code, text) \
  { code, #code, text }
constexpr ErrorText kErrors[] = {
    FIBSIM_ERROR(CUDA_SUCCESS, "no error"),
    FIBSIM_ERROR(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    FIBSIM_ERROR(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    FIBSIM_ERROR(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    FIBSIM_ERROR(CUDA_ERROR_DEINITIALIZED, "driver shutting down"),
    FIBSIM_ERROR(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    FIBSIM_ERROR(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
    FIBSIM_ERROR(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    FIBSIM_ERROR(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    FIBSIM_ERROR(CUDA_ERROR_NO_BINARY_FOR_GPU,
                 "no kernel image is available for execution on the device"),
    FIBSIM_ERROR(CUDA_ERROR_UNSUPPORTED_LIMIT, "limit is not supported on this architecture"),
    FIBSIM_ERROR(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed"),
    FIBSIM_ERROR(CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                 "the provided PTX was compiled with an unsupported toolchain."),
    FIBSIM_ERROR(CUDA_ERROR_FILE_NOT_FOUND, "file not found"),
    FIBSIM_ERROR(CUDA_ERROR_OPERATING_SYSTEM,
                 "OS call failed or operation not supported on this OS"),
    FIBSIM_ERROR(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
    FIBSIM_ERROR(CUDA_ERROR_ILLEGAL_STATE,
                 "the operation cannot be performed in the present state"),
    FIBSIM_ERROR(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
    FIBSIM_ERROR(CUDA_ERROR_NOT_READY, "device not ready"),
    FIBSIM_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    FIBSIM_ERROR(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"),
    FIBSIM_ERROR(CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed"),
    FIBSIM_ERROR(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED,
                 "part or all of the requested memory range is already mapped"),
    FIBSIM_ERROR(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
                 "pointer does not correspond to a registered memory region"),
    FIBSIM_ERROR(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    FIBSIM_ERROR(CUDA_ERROR_NOT_PERMITTED, "operation not permitted"),
    FIBSIM_ERROR(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                 "operation not permitted when stream is capturing"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
                 "operation failed due to a previous error during capture"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_MERGE,
                 "operation would result in a merge of separate capture sequences"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED,
                 "capture was not ended in the same stream as it began"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "capturing stream has unjoined work"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_ISOLATION,
                 "dependency created on uncaptured work in another stream"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
                 "operation would make the legacy stream depend on a capturing blocking stream"),
    FIBSIM_ERROR(CUDA_ERROR_CAPTURED_EVENT,
                 "operation not permitted on an event last recorded in a capturing stream"),
    FIBSIM_ERROR(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD,
                 "attempt to terminate a thread-local capture sequence from another thread"),
    FIBSIM_ERROR(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE,
                 "the graph update was not performed because it included changes which violated "
                 "constraints specific to instantiated graph update"),
    FIBSIM_ERROR(CUDA_ERROR_UNKNOWN, "unknown error"),
};

const ErrorText& find(CUresult code) {
  for (const ErrorText& error : kErrors)
    if (error.code == code) return error;
  fail(CUDA_ERROR_INVALID_VALUE);
}

}  // namespace

int not_supported(unsigned api) noexcept {
  const CUresult refused = admit(static_cast<Api>(api), false);
  return refused != CUDA_SUCCESS ? refused : CUDA_ERROR_NOT_SUPPORTED;
}

extern "C" CUresult CUDAAPI cuGetErrorName(CUresult code, const char** out) {
  if (out) *out = nullptr;
  return call(
      Api::cuGetErrorName, false, [&](Call&) { store(out, find(code).name); }, Needs::nothing);
}

extern "C" CUresult CUDAAPI cuGetErrorString(CUresult code, const char** out) {
  if (out) *out = nullptr;
  return call(
      Api::cuGetErrorString, false, [&](Call&) { store(out, find(code).text); }, Needs::nothing);
}

}  // namespace fib::sim
