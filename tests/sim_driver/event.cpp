// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/event.h"

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

void record(Call& c, CUevent handle, CUstream on, unsigned flags) {
  const EventPtr event = find_event(c.driver, handle);
  require(flags <= CU_EVENT_RECORD_EXTERNAL);
  const StreamPtr stream = c.stream(on);
  require(stream->context == event->context, CUDA_ERROR_INVALID_HANDLE);
  guard_legacy(c, *stream);
  if (stream->capture && flags == CU_EVENT_RECORD_EXTERNAL) {
    capture_work(c, *stream, EventRecord{event});
    return;
  }
  require(flags == 0 || stream->capture, CUDA_ERROR_ILLEGAL_STATE);
  if (stream->capture) return capture_event_record(*stream, *event);
  event->capture = nullptr;
  event->recorded = enqueue(c.driver, stream, nullptr);
}

void wait(Call& c, CUstream on, CUevent handle, unsigned flags) {
  const EventPtr event = find_event(c.driver, handle);
  require(flags <= CU_EVENT_WAIT_EXTERNAL);
  const StreamPtr stream = c.stream(on);
  if (stream->capture && flags == CU_EVENT_WAIT_EXTERNAL) {
    capture_work(c, *stream, EventWait{event});
    return;
  }
  if (event->capture || stream->capture) return capture_event_wait(c, stream, *event);
  guard_legacy(c, *stream);
  if (event->recorded && !event->recorded->done())
    enqueue(c.driver, stream, nullptr, {event->recorded});
}

void destroy(Call& c, CUevent handle) {
  find_event(c.driver, handle);
  c.driver.events.erase(handle);
}

void elapsed(Call& c, float* milliseconds, CUevent from, CUevent to) {
  const EventPtr begin = find_event(c.driver, from);
  const EventPtr end = find_event(c.driver, to);
  require(milliseconds != nullptr);
  for (const EventPtr& event : {begin, end}) {
    require(!event->capture, CUDA_ERROR_CAPTURED_EVENT);
    require(!(event->flags & CU_EVENT_DISABLE_TIMING) && event->recorded,
            CUDA_ERROR_INVALID_HANDLE);
    require(event->recorded->done(), CUDA_ERROR_NOT_READY);
  }
  const auto ns = static_cast<int64_t>(end->recorded->time_ns() - begin->recorded->time_ns());
  *milliseconds = static_cast<float>(ns) * 1e-6f;
}

}  // namespace

EventPtr find_event(const Driver& driver, CUevent handle) {
  EventPtr event = driver.events.find(handle);
  require(event != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return event;
}

SIM_API(cuEventCreate, (CUevent * out, unsigned flags), {
  const ContextPtr context = c.context();
  require(out && (flags & ~7u) == 0);
  auto event = std::make_shared<Event>();
  event->context = context->handle;
  event->flags = flags;
  event->handle = c.driver.events.insert(event);
  *out = event->handle;
})

SIM_API(cuEventDestroy, (CUevent handle), destroy(c, handle))
SIM_API(cuEventDestroy_v2, (CUevent handle), destroy(c, handle))

SIM_API_TWIN(cuEventRecord, _ptsz, (CUevent event, CUstream stream), record(c, event, stream, 0))
SIM_API_TWIN(cuEventRecordWithFlags, _ptsz, (CUevent event, CUstream stream, unsigned flags),
             record(c, event, stream, flags))
SIM_API_TWIN(cuStreamWaitEvent, _ptsz, (CUstream stream, CUevent event, unsigned flags),
             wait(c, stream, event, flags))

SIM_API(cuEventQuery, (CUevent handle), {
  const EventPtr event = find_event(c.driver, handle);
  guard_event_wait(c, *event);
  require(!event->recorded || event->recorded->done(), CUDA_ERROR_NOT_READY);
})

SIM_API(cuEventSynchronize, (CUevent handle), {
  const EventPtr event = find_event(c.driver, handle);
  guard_event_wait(c, *event);
  if (event->recorded) wait_for(c, {event->recorded});
})

SIM_API(cuEventElapsedTime, (float* out, CUevent from, CUevent to), elapsed(c, out, from, to))
SIM_API(cuEventElapsedTime_v2, (float* out, CUevent from, CUevent to), elapsed(c, out, from, to))

}  // namespace fib::sim
