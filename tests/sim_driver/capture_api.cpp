// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_set>

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

CapturePtr begin(Call& c, CUstream on, CUstreamCaptureMode mode, GraphPtr into) {
  static uint64_t next_id = 1;
  const StreamPtr stream = c.stream(on);
  require(mode <= CU_STREAM_CAPTURE_MODE_RELAXED);
  require(stream->kind != Stream::Kind::legacy, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  require(!stream->capture, CUDA_ERROR_ILLEGAL_STATE);
  auto capture = std::make_shared<Capture>();
  capture->id = next_id++;
  capture->mode = mode;
  capture->thread = this_thread_id();
  capture->owns_graph = into == nullptr;
  capture->graph = into ? std::move(into) : create_graph(c.driver);
  capture->origin = stream.get();
  capture->streams.push_back(stream);
  stream->capture = capture;
  stream->frontier.clear();
  c.driver.captures.push_back(capture);
  return capture;
}

void begin_to_graph(Call& c, CUstream on, CUgraph graph, const CUgraphNode* dependencies,
                    size_t count, CUstreamCaptureMode mode) {
  require(count == 0 || dependencies);
  for (size_t i = 0; i < count; ++i) require(find_node(c.driver, dependencies[i])->graph == graph);
  const CapturePtr capture = begin(c, on, mode, find_graph(c.driver, graph));
  capture->origin->frontier.assign(dependencies, dependencies + count);
}

/// All nodes that the origin's last nodes depend on, and these themselves.
std::unordered_set<CUgraphNode> joined_nodes(const Driver& driver, const Stream& origin) {
  std::unordered_set<CUgraphNode> seen;
  std::vector<CUgraphNode> open = origin.frontier;
  while (!open.empty()) {
    const CUgraphNode node = open.back();
    open.pop_back();
    if (!seen.insert(node).second) continue;
    for (const Edge& edge : find_node(driver, node)->dependencies) open.push_back(edge.from);
  }
  return seen;
}

bool has_unjoined_work(const Driver& driver, const Capture& capture) {
  const auto joined = joined_nodes(driver, *capture.origin);
  for (const StreamPtr& stream : capture.streams)
    for (CUgraphNode node : stream->frontier)
      if (!joined.count(node)) return true;
  return false;
}

void finish(Driver& driver, const CapturePtr& capture, bool keep_graph) {
  for (const StreamPtr& stream : capture->streams) {
    stream->capture = nullptr;
    stream->frontier.clear();
  }
  std::erase(driver.captures, capture);
  if (!keep_graph && capture->owns_graph) destroy_graph(driver, capture->graph);
}

void end(Call& c, CUstream on, CUgraph* out) {
  const StreamPtr stream = c.stream(on);
  require(out != nullptr);
  *out = nullptr;
  const CapturePtr capture = stream->capture;
  require(capture != nullptr, CUDA_ERROR_ILLEGAL_STATE);
  require(capture->origin == stream.get(), CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  require(capture->mode == CU_STREAM_CAPTURE_MODE_RELAXED || capture->thread == this_thread_id(),
          CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
  CUresult problem = CUDA_SUCCESS;
  if (capture->invalidated)
    problem = CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  else if (has_unjoined_work(c.driver, *capture))
    problem = CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  finish(c.driver, capture, problem == CUDA_SUCCESS);
  require(problem == CUDA_SUCCESS, problem);
  *out = capture->graph->handle;
}

CUstreamCaptureStatus status_of(const Stream& stream) {
  if (!stream.capture) return CU_STREAM_CAPTURE_STATUS_NONE;
  return stream.capture->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                     : CU_STREAM_CAPTURE_STATUS_ACTIVE;
}

/// Asking the legacy stream while a blocking stream captures is refused, but does no harm.
StreamPtr stream_to_ask(Call& c, CUstream handle) {
  const StreamPtr stream = c.stream(handle);
  if (stream->kind != Stream::Kind::legacy) return stream;
  for (const CapturePtr& capture : c.driver.captures)
    require(capture->origin->context != stream->context || !capture->has_blocking_stream(),
            CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  return stream;
}

struct CaptureInfo {
  cuuint64_t* id = nullptr;
  CUgraph* graph = nullptr;
  const CUgraphNode** dependencies = nullptr;
  const CUgraphEdgeData** edges = nullptr;
  size_t* count = nullptr;
};

// The arrays handed out are valid until the stream is used again.
void info(Call& c, CUstream handle, CUstreamCaptureStatus* status, const CaptureInfo& out) {
  const StreamPtr stream = stream_to_ask(c, handle);
  store(status, status_of(*stream));
  if (*status != CU_STREAM_CAPTURE_STATUS_ACTIVE) return;
  stream->frontier_edges.assign(stream->frontier.size(), {});
  store_if(out.id, stream->capture->id);
  store_if(out.graph, stream->capture->graph->handle);
  store_if(out.dependencies, stream->frontier.data());
  store_if(out.edges, stream->frontier_edges.data());
  store_if(out.count, stream->frontier.size());
}

void update_dependencies(Call& c, CUstream handle, const CUgraphNode* nodes, size_t count,
                         unsigned flags) {
  const StreamPtr stream = c.stream(handle);
  require(stream->capture != nullptr, CUDA_ERROR_ILLEGAL_STATE);
  require(!stream->capture->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  require(flags <= CU_STREAM_SET_CAPTURE_DEPENDENCIES && (count == 0 || nodes));
  for (size_t i = 0; i < count; ++i)
    require(find_node(c.driver, nodes[i])->graph == stream->capture->graph->handle);
  if (flags == CU_STREAM_SET_CAPTURE_DEPENDENCIES) stream->frontier.clear();
  for (size_t i = 0; i < count; ++i)
    if (std::find(stream->frontier.begin(), stream->frontier.end(), nodes[i]) ==
        stream->frontier.end())
      stream->frontier.push_back(nodes[i]);
}

}  // namespace

SIM_API_TWIN(cuStreamBeginCapture, _ptsz, (CUstream stream),
             begin(c, stream, CU_STREAM_CAPTURE_MODE_GLOBAL, nullptr))
SIM_API_TWIN(cuStreamBeginCapture_v2, _ptsz, (CUstream stream, CUstreamCaptureMode mode),
             begin(c, stream, mode, nullptr))
SIM_API_TWIN(cuStreamBeginCaptureToGraph, _ptsz,
             (CUstream stream, CUgraph graph, const CUgraphNode* dependencies,
              const CUgraphEdgeData*, size_t count, CUstreamCaptureMode mode),
             begin_to_graph(c, stream, graph, dependencies, count, mode))
SIM_API_TWIN(cuStreamEndCapture, _ptsz, (CUstream stream, CUgraph* out), end(c, stream, out))
SIM_API_TWIN(cuStreamIsCapturing, _ptsz, (CUstream stream, CUstreamCaptureStatus* status),
             store(status, status_of(*stream_to_ask(c, stream))))

SIM_API_TWIN(cuStreamGetCaptureInfo, _ptsz,
             (CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id),
             info(c, stream, status, {.id = id}))
SIM_API_TWIN(cuStreamGetCaptureInfo_v2, _ptsz,
             (CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id, CUgraph* graph,
              const CUgraphNode** dependencies, size_t* count),
             info(c, stream, status,
                  {.id = id, .graph = graph, .dependencies = dependencies, .count = count}))
SIM_API_TWIN(cuStreamGetCaptureInfo_v3, _ptsz,
             (CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id, CUgraph* graph,
              const CUgraphNode** dependencies, const CUgraphEdgeData** edges, size_t* count),
             info(c, stream, status, {id, graph, dependencies, edges, count}))

SIM_API_TWIN(cuStreamUpdateCaptureDependencies, _ptsz,
             (CUstream stream, CUgraphNode* nodes, size_t count, unsigned flags),
             update_dependencies(c, stream, nodes, count, flags))
SIM_API_TWIN(cuStreamUpdateCaptureDependencies_v2, _ptsz,
             (CUstream stream, CUgraphNode* nodes, const CUgraphEdgeData*, size_t count,
              unsigned flags),
             update_dependencies(c, stream, nodes, count, flags))

SIM_API(cuThreadExchangeStreamCaptureMode, (CUstreamCaptureMode * mode), {
  require(mode && *mode <= CU_STREAM_CAPTURE_MODE_RELAXED);
  std::swap(*mode, this_thread().capture_mode);
})

}  // namespace fib::sim
