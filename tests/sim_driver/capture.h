// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/sim_driver/graph.h"

namespace fib::sim {

/// A stream capture in progress, from begin to end.
class Capture {
 public:
  uint64_t id = 0;
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  uint64_t thread = 0;  // this_thread_id() of the one that began it
  GraphPtr graph;
  bool owns_graph = true;  // false for cuStreamBeginCaptureToGraph
  bool invalidated = false;
  Stream* origin = nullptr;
  std::vector<StreamPtr> streams;  // origin first, then the forked ones

  bool has_blocking_stream() const;
};
using CapturePtr = std::shared_ptr<Capture>;

/// Adds work to the capture that the stream takes part in.
NodePtr capture_work(Call& c, Stream& stream, Work work);
void capture_event_record(Stream& stream, Event& event);
/// The wait of a stream on a captured event: joins the stream to the capture, or adds the
/// dependency.
void capture_event_wait(Call& c, const StreamPtr& stream, const Event& event);
/// The stream is destroyed: its capture is invalid, and over if it began there.
void abandon_capture(Driver& driver, Stream& stream);

// Legality of calls while something captures. Each throws the driver's code, and invalidates the
// captures that stand in the way.

/// "Potentially unsafe" calls: allocation, free, unload, queries and waits on other streams and
/// events.
void guard_unsafe_call(Call& c);
/// Work on, or a wait for, the legacy stream while a blocking stream of the context captures.
void guard_legacy(Call& c, const Stream& stream);
/// cuStreamSynchronize, cuStreamQuery.
void guard_stream_wait(Call& c, const Stream& stream);
void guard_event_wait(Call& c, const Event& event);
void guard_context_synchronize(Call& c, const Context& context);
/// Calls that a capturing stream cannot take, such as cuStreamAddCallback.
void guard_not_capturing(const Stream& stream);

}  // namespace fib::sim
