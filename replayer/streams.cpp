// SPDX-License-Identifier: Apache-2.0
#include "replayer/streams.h"

#include "driver/check.h"

namespace fib::replayer {
namespace {

const std::uint64_t kLegacy = reinterpret_cast<std::uintptr_t>(CU_STREAM_LEGACY);
const std::uint64_t kPerThread = reinterpret_cast<std::uintptr_t>(CU_STREAM_PER_THREAD);

}  // namespace

Streams::Stream Streams::make(unsigned flags, int priority, std::uint64_t context) {
  Stream stream{nullptr, contexts_.enter(context)};
  FIB_DRIVER_CHECK(api_, cuStreamCreateWithPriority(&stream.handle, flags, priority));
  return stream;
}

void Streams::reset() {
  for (const auto& [recorded, stream] : streams_)
    FIB_DRIVER_CHECK(api_, cuStreamDestroy_v2(stream.handle));
  streams_.clear();
  for (const trace::StreamRecord& stream : plan_.streams)
    streams_[stream.handle] = make(stream.flags, stream.priority, stream.context);
}

CUstream Streams::enter(std::uint64_t recorded, std::uint32_t thread, std::uint64_t context) {
  if (recorded == 0 || recorded == kLegacy) {
    contexts_.enter(context);
    return reinterpret_cast<CUstream>(recorded);
  }
  if (recorded == kPerThread) {
    const auto [place, fresh] = own_.try_emplace({thread, contexts_.find(context)});
    if (fresh) place->second = make(CU_STREAM_DEFAULT, 0, context);
    contexts_.enter(place->second.context);
    return place->second.handle;
  }
  auto found = streams_.find(recorded);
  if (found == streams_.end()) {
    deviations_.add("a stream that was not known at the begin is an ordinary one here");
    found = streams_.emplace(recorded, make(CU_STREAM_NON_BLOCKING, 0, context)).first;
  }
  contexts_.enter(found->second.context);
  return found->second.handle;
}

void Streams::create(std::uint64_t recorded, unsigned flags, int priority, std::uint64_t context) {
  destroy(recorded);
  streams_[recorded] = make(flags, priority, context);
}

void Streams::destroy(std::uint64_t recorded) {
  const auto found = streams_.find(recorded);
  if (found == streams_.end()) return;
  FIB_DRIVER_CHECK(api_, cuStreamDestroy_v2(found->second.handle));
  streams_.erase(found);
}

void Events::reset() {
  for (const auto& [recorded, event] : events_) FIB_DRIVER_CHECK(api_, cuEventDestroy_v2(event));
  events_.clear();
}

CUevent Events::find(std::uint64_t recorded) {
  if (const auto found = events_.find(recorded); found != events_.end()) return found->second;
  const auto flags = plan_.event_flags.find(recorded);
  const bool known = flags != plan_.event_flags.end();
  create(recorded, known ? flags->second : unsigned{CU_EVENT_DISABLE_TIMING});
  return events_.at(recorded);
}

void Events::create(std::uint64_t recorded, unsigned flags) {
  destroy(recorded);
  // Nobody opens it here, and without that flag it may have timing or not.
  FIB_DRIVER_CHECK(api_,
                   cuEventCreate(&events_[recorded], flags & ~unsigned{CU_EVENT_INTERPROCESS}));
}

void Events::destroy(std::uint64_t recorded) {
  const auto found = events_.find(recorded);
  if (found == events_.end()) return;
  FIB_DRIVER_CHECK(api_, cuEventDestroy_v2(found->second));
  events_.erase(found);
}

}  // namespace fib::replayer
