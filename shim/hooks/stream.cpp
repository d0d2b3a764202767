// SPDX-License-Identifier: Apache-2.0
//
// Stream capture: which launches are recorded into a graph rather than run.
#include "shim/hooks/hooks.h"

namespace fib::shim {
namespace {

/// Stream 0 of a _ptsz entry point is the thread's own.
template <Api A>
CUstream effective(CUstream stream) noexcept {
  constexpr bool kOwn =
      A == Api::cuStreamBeginCapture_ptsz || A == Api::cuStreamBeginCapture_v2_ptsz ||
      A == Api::cuStreamBeginCaptureToGraph_ptsz || A == Api::cuStreamEndCapture_ptsz;
  return kOwn && stream == nullptr ? CU_STREAM_PER_THREAD : stream;
}

template <Api A, class... Args>
CUresult begin_capture(CUstream stream, Args... args) noexcept {
  return observe_call<A>(
      [&](Recorder& recorder) noexcept { recorder.captures.begun(effective<A>(stream)); }, stream,
      args...);
}

template <Api A>
CUresult end_capture(CUstream stream, CUgraph* graph) noexcept {
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.calls.call<A>(result, begin, stream, graph);
        // Also after a failure: an invalidated capture ends, one that another thread owns does not.
        recorder.captures.maybe_ended(effective<A>(stream));
      },
      stream, graph);
}

}  // namespace

CUresult hook_cuStreamBeginCapture(CUstream stream) {
  return begin_capture<Api::cuStreamBeginCapture>(stream);
}

CUresult hook_cuStreamBeginCapture_ptsz(CUstream stream) {
  return begin_capture<Api::cuStreamBeginCapture_ptsz>(stream);
}

CUresult hook_cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode how) {
  return begin_capture<Api::cuStreamBeginCapture_v2>(stream, how);
}

CUresult hook_cuStreamBeginCapture_v2_ptsz(CUstream stream, CUstreamCaptureMode how) {
  return begin_capture<Api::cuStreamBeginCapture_v2_ptsz>(stream, how);
}

CUresult hook_cuStreamBeginCaptureToGraph(CUstream stream, CUgraph graph,
                                          const CUgraphNode* dependencies,
                                          const CUgraphEdgeData* edges, std::size_t count,
                                          CUstreamCaptureMode how) {
  return begin_capture<Api::cuStreamBeginCaptureToGraph>(stream, graph, dependencies, edges, count,
                                                         how);
}

CUresult hook_cuStreamBeginCaptureToGraph_ptsz(CUstream stream, CUgraph graph,
                                               const CUgraphNode* dependencies,
                                               const CUgraphEdgeData* edges, std::size_t count,
                                               CUstreamCaptureMode how) {
  return begin_capture<Api::cuStreamBeginCaptureToGraph_ptsz>(stream, graph, dependencies, edges,
                                                              count, how);
}

CUresult hook_cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  return end_capture<Api::cuStreamEndCapture>(stream, graph);
}

CUresult hook_cuStreamEndCapture_ptsz(CUstream stream, CUgraph* graph) {
  return end_capture<Api::cuStreamEndCapture_ptsz>(stream, graph);
}

}  // namespace fib::shim
