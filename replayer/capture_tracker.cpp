// SPDX-License-Identifier: Apache-2.0
#include "replayer/capture_tracker.h"

#include "driver/cuda_abi.h"

namespace fib::replayer {
namespace {

const std::uint64_t kPerThread = reinterpret_cast<std::uintptr_t>(CU_STREAM_PER_THREAD);

/// A thread's own stream, as a number that no handle has.
std::uint64_t own_stream(std::uint32_t thread) { return (std::uint64_t{thread} << 8) | 0xff; }

}  // namespace

bool stream_argument(const CallPlan& call, std::uint64_t& stream) {
  for (std::size_t i = 0; i < call.api->specs.size() && i < call.words.size(); ++i) {
    const std::string_view name = call.api->specs[i].name;
    if (name != "hStream" && name != "stream") continue;
    stream = call.words[i];
    if (stream == 0 && call.api->per_thread) stream = kPerThread;
    return true;
  }
  return false;
}

std::uint64_t CaptureTracker::stream_of(const CallPlan& call, std::uint32_t thread,
                                        bool& has_stream) const {
  std::uint64_t stream = 0;
  has_stream = stream_argument(call, stream);
  return stream == kPerThread ? own_stream(thread) : stream;
}

void CaptureTracker::end(std::uint64_t stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const std::uint64_t origin = found->second;
  std::erase_if(streams_, [&](const auto& entry) { return entry.second == origin; });
  std::erase_if(events_, [&](const auto& entry) { return entry.second == origin; });
}

bool CaptureTracker::captures(const CallPlan& call, std::uint32_t thread) {
  if (call.fixed.result != 0) return false;
  bool has_stream = false;
  const std::uint64_t stream = stream_of(call, thread, has_stream);
  const std::string_view base = call.api->base;
  if (base.starts_with("cuStreamBeginCapture")) {
    streams_[stream] = stream;
    return true;
  }
  if (base == "cuStreamEndCapture") {
    end(stream);
    return true;
  }
  if (!has_stream) return false;
  const auto found = streams_.find(stream);
  if (base == "cuStreamWaitEvent" && call.words.size() > 1) {
    const auto event = events_.find(call.words[1]);
    if (event == events_.end()) return found != streams_.end();
    streams_[stream] = event->second;  // joins
    return true;
  }
  if (base.starts_with("cuEventRecord")) {
    if (found != streams_.end())
      events_[call.words[0]] = found->second;
    else
      events_.erase(call.words[0]);
  }
  return found != streams_.end();
}

}  // namespace fib::replayer
