// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

void create(Call& c, CUstream* out, unsigned flags, int priority) {
  const ContextPtr context = c.context();
  require(out && (flags & ~static_cast<unsigned>(CU_STREAM_NON_BLOCKING)) == 0);
  const auto kind =
      flags & CU_STREAM_NON_BLOCKING ? Stream::Kind::non_blocking : Stream::Kind::blocking;
  const int clamped = std::max(-5, std::min(0, priority));
  auto stream = std::make_shared<Stream>(kind, context->handle, context->device, clamped);
  stream->handle = c.driver.streams.insert(stream);
  context->streams.push_back(stream);
  *out = stream->handle;
}

void destroy(Call& c, CUstream handle) {
  require(handle && handle != CU_STREAM_LEGACY && handle != CU_STREAM_PER_THREAD,
          CUDA_ERROR_INVALID_HANDLE);
  const StreamPtr stream = c.stream(handle);
  if (stream->capture) abandon_capture(c.driver, *stream);
  if (const ContextPtr context = c.driver.contexts.find(stream->context)) {
    std::erase(context->streams, stream);
    std::erase_if(context->orphans, [](const CompletionPtr& work) { return work->done(); });
    if (!stream->idle()) context->orphans.push_back(stream->last);
  }
  stream->close();  // work already queued still runs
  c.driver.streams.erase(handle);
}

void synchronize(Call& c, CUstream handle) {
  const StreamPtr stream = c.stream(handle);
  guard_stream_wait(c, *stream);
  wait_for(c, pending(c.driver, *stream));
}

void query(Call& c, CUstream handle) {
  const StreamPtr stream = c.stream(handle);
  guard_stream_wait(c, *stream);
  require(pending(c.driver, *stream).empty(), CUDA_ERROR_NOT_READY);
}

unsigned flags_of(const Stream& stream) {
  return stream.synchronises_with_legacy() ? CU_STREAM_DEFAULT : CU_STREAM_NON_BLOCKING;
}

void add_callback(Call& c, CUstream on, CUstreamCallback callback, void* data, unsigned flags) {
  require(callback && flags == 0);
  const StreamPtr stream = c.stream(on);
  guard_legacy(c, *stream);
  guard_not_capturing(*stream);
  enqueue(c.driver, stream, [=] {
    ThreadState& thread = this_thread();
    thread.in_host_callback = true;
    callback(on, CUDA_SUCCESS, data);
    thread.in_host_callback = false;
  });
}

void launch_host(Call& c, CUstream on, CUhostFn function, void* data) {
  require(function != nullptr);
  issue(c, c.stream(on), HostCall{function, data});
}

void get_context(Call& c, CUstream handle, CUcontext* out) {
  store(out, c.stream(handle)->context);
}

void get_attribute(Call& c, CUstream handle, CUstreamAttrID which, CUstreamAttrValue* out) {
  const StreamPtr stream = c.stream(handle);
  require(out != nullptr);
  *out = {};
  if (which == CU_STREAM_ATTRIBUTE_PRIORITY) out->priority = stream->priority;
}

}  // namespace

SIM_API(cuStreamCreate, (CUstream * out, unsigned flags), create(c, out, flags, 0))
SIM_API(cuStreamCreateWithPriority, (CUstream * out, unsigned flags, int priority),
        create(c, out, flags, priority))
SIM_API(cuStreamDestroy, (CUstream stream), destroy(c, stream))
SIM_API(cuStreamDestroy_v2, (CUstream stream), destroy(c, stream))
SIM_API_TWIN(cuStreamSynchronize, _ptsz, (CUstream stream), synchronize(c, stream))
SIM_API_TWIN(cuStreamQuery, _ptsz, (CUstream stream), query(c, stream))
SIM_API_TWIN(cuStreamGetFlags, _ptsz, (CUstream stream, unsigned* out),
             store(out, flags_of(*c.stream(stream))))
SIM_API_TWIN(cuStreamGetPriority, _ptsz, (CUstream stream, int* out),
             store(out, c.stream(stream)->priority))
SIM_API_TWIN(cuStreamGetId, _ptsz, (CUstream stream, unsigned long long* out),
             store(out, c.stream(stream)->id))
SIM_API_TWIN(cuStreamGetDevice, _ptsz, (CUstream stream, CUdevice* out),
             store(out, c.stream(stream)->device))
SIM_API_TWIN(cuStreamGetCtx, _ptsz, (CUstream stream, CUcontext* out), get_context(c, stream, out))
SIM_API_TWIN(cuStreamGetCtx_v2, _ptsz, (CUstream stream, CUcontext* out, CUgreenCtx* green),
             get_context(c, stream, out);
             store_if(green, nullptr))
SIM_API_TWIN(cuStreamAddCallback, _ptsz,
             (CUstream stream, CUstreamCallback callback, void* data, unsigned flags),
             add_callback(c, stream, callback, data, flags))
SIM_API_TWIN(cuLaunchHostFunc, _ptsz, (CUstream stream, CUhostFn function, void* data),
             launch_host(c, stream, function, data))
SIM_API_TWIN(cuStreamGetAttribute, _ptsz,
             (CUstream stream, CUstreamAttrID which, CUstreamAttrValue* out),
             get_attribute(c, stream, which, out))
SIM_API_TWIN(cuStreamSetAttribute, _ptsz,
             (CUstream stream, CUstreamAttrID, const CUstreamAttrValue* value), c.stream(stream);
             require(value != nullptr))
SIM_API_TWIN(cuStreamCopyAttributes, _ptsz, (CUstream to, CUstream from), c.stream(to);
             c.stream(from))

}  // namespace fib::sim
