// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/capture.h"

#include <algorithm>

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

[[noreturn]] void invalidate(Capture& capture, CUresult code) {
  capture.invalidated = true;
  fail(code);
}

void require_valid(const Capture& capture) {
  require(!capture.invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

bool is_live(const Driver& driver, const CapturePtr& capture) {
  return std::find(driver.captures.begin(), driver.captures.end(), capture) !=
         driver.captures.end();
}

bool prohibits_unsafe_calls(const Capture& capture, const ThreadState& thread) {
  if (thread.capture_mode == CU_STREAM_CAPTURE_MODE_RELAXED) return false;
  if (capture.thread == thread.id) return capture.mode != CU_STREAM_CAPTURE_MODE_RELAXED;
  return thread.capture_mode == CU_STREAM_CAPTURE_MODE_GLOBAL &&
         capture.mode == CU_STREAM_CAPTURE_MODE_GLOBAL;
}

bool blocks_legacy(const Capture& capture, const Stream& legacy) {
  return capture.origin->context == legacy.context && capture.has_blocking_stream();
}

void join(const StreamPtr& stream, const CapturePtr& capture,
          const std::vector<CUgraphNode>& nodes) {
  stream->capture = capture;
  stream->frontier = nodes;
  capture->streams.push_back(stream);
}

void merge_frontier(Stream& stream, const std::vector<CUgraphNode>& nodes) {
  for (CUgraphNode node : nodes)
    if (std::find(stream.frontier.begin(), stream.frontier.end(), node) == stream.frontier.end())
      stream.frontier.push_back(node);
}

/// A programmatic dependent launch becomes edges; the node keeps nothing of it.
bool take_dependence(Work& work) {
  auto* launch = std::get_if<KernelLaunch>(&work);
  if (!launch) return false;
  bool is_dependent = false;
  std::erase_if(launch->attributes, [&](const CUlaunchAttribute& attribute) {
    const bool programmatic = attribute.id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
    if (programmatic && attribute.value.programmaticStreamSerializationAllowed != 0)
      is_dependent = true;
    return programmatic;
  });
  return is_dependent;
}

CUgraphEdgeData edge_from(const GraphNode& from, bool is_dependent) {
  CUgraphEdgeData data{};
  if (!is_dependent || !std::holds_alternative<KernelLaunch>(from.work)) return data;
  data.from_port = CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC;
  data.type = CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC;
  return data;
}

}  // namespace

bool Capture::has_blocking_stream() const {
  return std::any_of(streams.begin(), streams.end(),
                     [](const StreamPtr& s) { return s->synchronises_with_legacy(); });
}

NodePtr capture_work(Call& c, Stream& stream, Work work) {
  Capture& capture = *stream.capture;
  require_valid(capture);
  std::vector<Edge> edges;
  const bool is_dependent = take_dependence(work);
  for (CUgraphNode from : stream.frontier)
    edges.push_back({from, edge_from(*find_node(c.driver, from), is_dependent)});
  NodePtr node = add_node(c.driver, *capture.graph, std::move(work), std::move(edges));
  stream.frontier = {node->handle};
  return node;
}

void capture_event_record(Stream& stream, Event& event) {
  require_valid(*stream.capture);
  event.capture = stream.capture;
  event.nodes = stream.frontier;
  event.recorded = nullptr;
}

void capture_event_wait(Call& c, const StreamPtr& stream, const Event& event) {
  if (!event.capture) {
    if (!event.recorded) return;  // never recorded: nothing to wait for
    invalidate(*stream->capture, CUDA_ERROR_STREAM_CAPTURE_ISOLATION);
  }
  require(is_live(c.driver, event.capture), CUDA_ERROR_CAPTURED_EVENT);
  require_valid(*event.capture);
  if (stream->kind == Stream::Kind::legacy)
    invalidate(*event.capture, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  if (!stream->capture) return join(stream, event.capture, event.nodes);
  if (stream->capture != event.capture) {
    stream->capture->invalidated = true;
    invalidate(*event.capture, CUDA_ERROR_STREAM_CAPTURE_MERGE);
  }
  merge_frontier(*stream, event.nodes);
}

void abandon_capture(Driver& driver, Stream& stream) {
  const CapturePtr capture = stream.capture;
  capture->invalidated = true;
  if (capture->origin != &stream) return;
  for (const StreamPtr& member : capture->streams) member->capture = nullptr;
  if (capture->owns_graph) destroy_graph(driver, capture->graph);
  std::erase(driver.captures, capture);
}

void guard_unsafe_call(Call& c) {
  this_thread_id();
  bool prohibited = false;
  for (const CapturePtr& capture : c.driver.captures) {
    if (!prohibits_unsafe_calls(*capture, this_thread())) continue;
    capture->invalidated = true;
    prohibited = true;
  }
  require(!prohibited, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
}

void guard_legacy(Call& c, const Stream& stream) {
  if (stream.kind != Stream::Kind::legacy) return;
  for (const CapturePtr& capture : c.driver.captures)
    if (blocks_legacy(*capture, stream)) invalidate(*capture, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
}

void guard_stream_wait(Call& c, const Stream& stream) {
  guard_not_capturing(stream);
  guard_legacy(c, stream);
  guard_unsafe_call(c);
}

void guard_event_wait(Call& c, const Event& event) {
  if (event.capture) invalidate(*event.capture, CUDA_ERROR_CAPTURED_EVENT);
  guard_unsafe_call(c);
}

void guard_context_synchronize(Call& c, const Context& context) {
  bool capturing = false;
  for (const CapturePtr& capture : c.driver.captures)
    if (capture->origin->context == context.handle) capture->invalidated = capturing = true;
  require(!capturing, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
}

void guard_not_capturing(const Stream& stream) {
  if (stream.capture) invalidate(*stream.capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
}

}  // namespace fib::sim
