// SPDX-License-Identifier: Apache-2.0
#include "replayer/event_times.h"

#include "driver/check.h"

namespace fib::replayer {

EventTimes::~EventTimes() {
  for (const Pair& pair : pairs_)
    for (const CUevent event : {pair.before, pair.after})
      if (event != nullptr) (void)api_.cuEventDestroy_v2(event);
}

void EventTimes::record(CUevent& event, CUstream stream) {
  FIB_DRIVER_CHECK(api_, cuEventCreate(&event, CU_EVENT_DEFAULT));
  FIB_DRIVER_CHECK(api_, cuEventRecord(event, stream));
}

void EventTimes::begin(std::size_t operation, CUstream stream) {
  pairs_.push_back({operation});
  record(pairs_.back().before, stream);
}

void EventTimes::end(CUstream stream) { record(pairs_.back().after, stream); }

void EventTimes::assign(LaunchTable& launches) {
  for (const Pair& pair : pairs_) {
    const std::span<LaunchResult> mine = launches.of(pair.operation);
    float milliseconds = 0;
    if (mine.size() == 1 && pair.after != nullptr &&
        api_.cuEventElapsedTime(&milliseconds, pair.before, pair.after) == CUDA_SUCCESS)
      mine[0].gpu_ns = static_cast<double>(milliseconds) * 1e6;
  }
}

}  // namespace fib::replayer
