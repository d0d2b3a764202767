// SPDX-License-Identifier: Apache-2.0
#include "replayer/timeline_reader.h"

#include <algorithm>
#include <unordered_map>

#include "replayer/capture_tracker.h"

namespace fib::replayer {
namespace {

// As cuda.h numbers the default streams, and CU_STREAM_NON_BLOCKING.
constexpr std::uint64_t kLegacy = 1, kPerThread = 2;
constexpr std::uint64_t kNonBlocking = 1;

class Reader {
 public:
  Reader(const Plan& plan, std::span<const LaunchResult> launches)
      : plan_(plan), launches_(launches) {}

  Timeline read() {
    for (const trace::StreamRecord& stream : plan_.streams) flags_[stream.handle] = stream.flags;
    for (std::size_t i = 0; i < plan_.operations.size(); ++i) add(i, plan_.operations[i]);
    timeline_.window_ns = plan_.window.end == kNever ? 0 : nanoseconds(plan_.window.end);
    return std::move(timeline_);
  }

 private:
  void add(std::size_t index, const Operation& operation) {
    if (operation.captured) return;
    ++call_;
    if (const auto* launch = std::get_if<LaunchPlan>(&operation.what))
      return add_launch(index, operation, *launch);
    if (const auto* graph = std::get_if<GraphLaunchPlan>(&operation.what))
      return add_graph(index, operation, *graph);
    if (const auto* call = std::get_if<CallPlan>(&operation.what)) add_call(operation, *call);
  }

  std::span<const LaunchResult> launches_of(std::size_t operation) const {
    const auto before = [](const LaunchResult& a, std::size_t b) { return a.operation < b; };
    const auto first = std::lower_bound(launches_.begin(), launches_.end(), operation, before);
    auto last = first;
    while (last != launches_.end() && last->operation == operation) ++last;
    return {first, last};
  }

  void add_launch(std::size_t index, const Operation& operation, const LaunchPlan& launch) {
    const auto results = launches_of(index);
    if (results.empty()) return;
    TimelineWork work = made(operation, launch.fixed.duration);
    work.stream = stream(launch.fixed.context, launch.fixed.stream, operation.thread);
    add_kernel(std::move(work), results.front());
  }

  void add_graph(std::size_t index, const Operation& operation, const GraphLaunchPlan& launch) {
    const auto results = launches_of(index);
    if (results.empty() || !launch.graph) return;
    const std::size_t on = stream(launch.fixed.context, launch.fixed.stream, operation.thread);
    std::unordered_map<std::uint32_t, std::size_t> works;  // by node
    for (const LaunchResult& result : results) {
      TimelineWork work = made(operation, launch.fixed.duration);
      work.stream = on;
      add_kernel(std::move(work), result);
      works[result.node] = timeline_.works.size() - 1;
    }
    add_edges(*launch.graph, works);
  }

  /// Kernels may depend on each other through nodes of other kinds, and through child graphs.
  void add_edges(const GraphState& graph,
                 const std::unordered_map<std::uint32_t, std::size_t>& works) {
    std::vector<std::vector<std::uint32_t>> before(graph.nodes.size()), inside(graph.nodes.size());
    for (const trace::GraphEdge& edge : graph.edges)
      if (edge.from < before.size() && edge.to < before.size())
        before[edge.to].push_back(edge.from);
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
      if (const std::uint32_t parent = graph.nodes[i].fixed.parent; parent < inside.size())
        inside[parent].push_back(i);
    for (const auto& [node, work] : works) {
      std::vector<bool> seen(graph.nodes.size());
      std::vector<std::uint32_t> open = sources(graph, before, node);
      while (!open.empty()) {
        const std::uint32_t from = open.back();
        open.pop_back();
        if (seen[from]) continue;
        seen[from] = true;
        const auto kernel = works.find(from);
        if (kernel != works.end()) {
          timeline_.works[work].after.push_back(kernel->second);
          continue;
        }
        open.insert(open.end(), inside[from].begin(), inside[from].end());
        for (const std::uint32_t earlier : sources(graph, before, from)) open.push_back(earlier);
      }
    }
  }

  /// What stands before a node, or before the child graph that it is in.
  static std::vector<std::uint32_t> sources(const GraphState& graph,
                                            const std::vector<std::vector<std::uint32_t>>& before,
                                            std::uint32_t node) {
    std::vector<std::uint32_t> found = before[node];
    for (std::size_t depth = 0; depth < graph.nodes.size(); ++depth) {
      node = graph.nodes[node].fixed.parent;
      if (node >= before.size()) break;
      found.insert(found.end(), before[node].begin(), before[node].end());
    }
    return found;
  }

  void add_kernel(TimelineWork work, const LaunchResult& result) {
    work.kind = TimelineWork::Kind::Kernel;
    work.name = name(result.kernel);
    if (result.gpu_ns < 0)
      ++timeline_.unmeasured;
    else
      work.gpu_ns = static_cast<std::uint64_t>(result.gpu_ns);
    timeline_.works.push_back(std::move(work));
  }

  void add_call(const Operation& operation, const CallPlan& call) {
    if (call.api == nullptr || call.fixed.result != 0) return;
    const std::string_view base = call.api->base;
    if (base.starts_with("cuStreamCreate")) flags_[call.word(0)] = call.word(1);
    TimelineWork work = made(operation, call.fixed.duration);
    if (base.starts_with("cuEventRecord")) {
      work.kind = TimelineWork::Kind::Record;
      work.event = call.word(0);
    } else if (base == "cuStreamWaitEvent") {
      work.kind = TimelineWork::Kind::Wait;
      work.event = call.word(1);
    } else if (base.starts_with("cuMemcpy") || base.starts_with("cuMemset") ||
               base == "cuLaunchHostFunc") {
      work.kind = TimelineWork::Kind::Other;
      ++timeline_.other_calls;
    } else {
      return;
    }
    std::uint64_t handle = call.api->per_thread ? kPerThread : kLegacy;
    (void)stream_argument(call, handle);
    work.stream = stream(call.fixed.context, handle, operation.thread);
    timeline_.works.push_back(std::move(work));
  }

  TimelineWork made(const Operation& operation, std::uint64_t duration) const {
    TimelineWork work;
    work.issued_ns = nanoseconds(operation.begin + duration);
    work.call = call_;
    return work;
  }

  std::uint64_t nanoseconds(std::uint64_t ticks) const {
    if (ticks < plan_.window.begin || plan_.machine.ticks_per_second == 0) return 0;
    const auto since = static_cast<double>(ticks - plan_.window.begin);
    return static_cast<std::uint64_t>(since * 1e9 /
                                      static_cast<double>(plan_.machine.ticks_per_second));
  }

  std::size_t stream(std::uint64_t context, std::uint64_t handle, std::uint32_t thread) {
    TimelineStream wanted;
    // Calls on a stream of its own do not say the context; handles are unique.
    wanted.handle = handle == 0 ? kLegacy : handle;
    wanted.legacy = wanted.handle == kLegacy;
    wanted.context = context != 0 ? context : context_of(wanted.handle);
    if (wanted.handle == kPerThread) wanted.thread = thread + 1;
    if (const auto flags = flags_.find(wanted.handle); flags != flags_.end())
      wanted.blocking = (flags->second & kNonBlocking) == 0;
    auto& streams = timeline_.streams;
    const auto found = std::find_if(streams.begin(), streams.end(), [&](const auto& stream) {
      return stream.handle == wanted.handle && stream.thread == wanted.thread &&
             (wanted.context == 0 || stream.context == 0 || stream.context == wanted.context);
    });
    if (found != streams.end()) return static_cast<std::size_t>(found - streams.begin());
    streams.push_back(wanted);
    return streams.size() - 1;
  }

  std::uint64_t context_of(std::uint64_t handle) const {
    for (const trace::StreamRecord& stream : plan_.streams)
      if (stream.handle == handle) return stream.context;
    return plan_.contexts.empty() ? 0 : plan_.contexts.front().handle;
  }

  std::uint32_t name(std::uint32_t kernel) {
    const auto [found, fresh] =
        names_.try_emplace(kernel, static_cast<std::uint32_t>(timeline_.names.size()));
    if (fresh) {
      const auto plan = plan_.kernels.find(kernel);
      timeline_.names.push_back(plan != plan_.kernels.end() ? plan->second.name : "?");
    }
    return found->second;
  }

  const Plan& plan_;
  std::span<const LaunchResult> launches_;
  Timeline timeline_;
  std::unordered_map<std::uint64_t, std::uint64_t> flags_;  ///< of streams
  std::unordered_map<std::uint32_t, std::uint32_t> names_;  ///< by kernel
  std::uint32_t call_ = 0;
};

}  // namespace

Timeline read_timeline(const Plan& plan, std::span<const LaunchResult> launches) {
  return Reader(plan, launches).read();
}

}  // namespace fib::replayer
