// SPDX-License-Identifier: Apache-2.0
#include "dispatch/graphs/graph_redirector.h"

#include <cstdio>
#include <iterator>

#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

using match::Reason;

constexpr const char* kTroubles[] = {
    "a graph's nodes can't be read",
    "a graph can't be cloned",
    "a graph has nodes that kernels may change",
    "a graph node's context is not known, and there are several",
    "a graph with replaced kernels was not instantiated",
    "a graph with clusters or cooperation added could not be changed back",
    "an executable graph was not updated with replaced kernels",
    "an executable graph could not be changed back to its own kernels",
    "an executable graph keeps replaced kernels for good",
    "an executable graph was updated as a whole and node by node",
    "an executable graph with replaced kernels was launched into a stream capture",
    "out of memory",
};
static_assert(std::size(kTroubles) == static_cast<std::size_t>(GraphTrouble::Count));

}  // namespace

/// What is known of an engine's graph while it is looked at.
struct GraphRedirector::Reading {
  CUgraph graph;
  bool may_add;
  NodeList list;
  bool has_edges = false;

  void need_edges(const driver::DriverApi& api) {
    if (!has_edges) list.read_edges(api);
    has_edges = true;
  }
};

bool RedirectedGraph::adds_attributes() const noexcept {
  for (const RedirectedNode& node : nodes)
    if (node.in_effect != cooperation_of(node.attributes)) return true;
  return false;
}

void GraphRedirector::say_once(GraphTrouble trouble, CUresult error) noexcept {
  const auto index = static_cast<std::size_t>(trouble);
  if (said_[index].exchange(true, std::memory_order_relaxed)) return;
  char code[32] = "";
  if (error != CUDA_SUCCESS)
    (void)std::snprintf(code, sizeof code, " (driver error %d)", static_cast<int>(error));
  const char* outcome = "it runs its own kernels";
  if (trouble == GraphTrouble::NotTakenBack) outcome = "it is tried again at the next launch";
  if (trouble == GraphTrouble::Stuck) outcome = "the driver does not change it";
  recorder::say("%s%s: %s; others like it are not reported", kTroubles[index], code, outcome);
}

void GraphRedirector::count_left_alone(const RedirectedGraph& graph) noexcept {
  for (const RedirectedNode& node : graph.nodes)
    if (node.kernel != nullptr) Counters::count(*node.kernel, Reason::GraphShape);
}

CUcontext GraphRedirector::context_of(const CUDA_KERNEL_NODE_PARAMS& params) const {
  if (params.ctx != nullptr) return params.ctx;
  const std::vector<CUcontext> contexts = dispatcher_.contexts().list();
  return contexts.size() == 1 ? contexts.front() : nullptr;
}

bool GraphRedirector::decide(const driver::LaunchCall& call, const NodeAttributes& attributes,
                             bool may_add, NodeDecision& decision) noexcept {
  PreparedLaunch& prepared = decision.prepared;
  if (!dispatcher_.decide(call, Place::Graph, prepared).hit()) return false;
  const PreparedKernel& kernel = prepared.kernels[0];
  const Cooperation own = cooperation_of(attributes);
  decision.cooperation = cooperation_of(kernel);
  const bool adds = decision.cooperation != own;
  may_add = may_add && !attributes_stick_.load(std::memory_order_relaxed);
  if (prepared.kernel_count != 1 || (adds && (!may_add || own != Cooperation{}))) {
    Counters::count(*prepared.entry->counters, adds ? Reason::LaunchAttribute : Reason::GraphShape);
    return false;
  }
  CUfunction function = nullptr;
  if (api_.cuKernelGetFunction(&function, reinterpret_cast<CUkernel>(kernel.function)) !=
      CUDA_SUCCESS) {
    Counters::count(*prepared.entry->counters, Reason::NotLoaded);
    return false;
  }
  decision.params = params_of(kernel, function);
  return true;
}

void GraphRedirector::refused(const NodeDecision& decision, CUresult error) noexcept {
  const PreparedLaunch& prepared = decision.prepared;
  char why[96];
  (void)std::snprintf(why, sizeof why, "the driver refused it as a graph node (error %d)",
                      static_cast<int>(error));
  Counters::count(*prepared.entry->counters, Reason::LaunchFailed);
  prepared.generation->counters(prepared.decision.candidate)
      .failed.fetch_add(1, std::memory_order_relaxed);
  dispatcher_.demote(*prepared.generation, prepared.decision.candidate, why);
}

void GraphRedirector::note_use(const NodeDecision& decision, RedirectedNode& node) const {
  const PreparedLaunch& prepared = decision.prepared;
  node.use = dispatcher_.use_of(prepared);
  node.kernel = prepared.entry->counters;
  node.candidate = &prepared.generation->counters(prepared.decision.candidate);
}

/// A cluster must fit the grid at every step: none is there while the parameters change.
CUresult GraphRedirector::write(RedirectedNode& node, const NodeDecision& decision) noexcept {
  const Cooperation own = cooperation_of(node.attributes);
  CUresult rc = set_cooperation(api_, node.node, node.in_effect, own);
  if (rc != CUDA_SUCCESS) return rc;
  node.in_effect = own;
  rc = api_.cuGraphKernelNodeSetParams_v2(node.node, &decision.params);
  if (rc != CUDA_SUCCESS) return rc;
  node.in_effect = decision.cooperation;  // also if only a part of it is written
  return set_cooperation(api_, node.node, own, decision.cooperation);
}

CUresult GraphRedirector::write_original(RedirectedNode& node) noexcept {
  const Cooperation own = cooperation_of(node.attributes);
  const CUresult rc = set_cooperation(api_, node.node, node.in_effect, own);
  if (rc != CUDA_SUCCESS) return rc;
  node.in_effect = own;
  return api_.cuGraphKernelNodeSetParams_v2(node.node, &node.original.get());
}

/// Whether the driver takes attributes off again that were added: tried at once.
bool GraphRedirector::can_be_taken_off(const RedirectedNode& node) noexcept {
  const Cooperation own = cooperation_of(node.attributes);
  CUresult rc = set_cooperation(api_, node.node, node.in_effect, own);
  if (rc == CUDA_SUCCESS) rc = set_cooperation(api_, node.node, own, node.in_effect);
  if (rc == CUDA_SUCCESS) return true;
  attributes_stick(rc);
  return false;
}

void GraphRedirector::attributes_stick(CUresult error) noexcept {
  attributes_stick_.store(true, std::memory_order_relaxed);
  say_once(GraphTrouble::NotReversible, error);
}

bool GraphRedirector::clone(Reading& reading, RedirectedGraph& result) {
  for (const ListedNode& node : reading.list.nodes())
    if (node.type == CU_GRAPH_NODE_TYPE_KERNEL && is_device_updatable(api_, node.node)) {
      say_once(GraphTrouble::DeviceUpdatable);
      return false;
    }
  CUresult error = CUDA_SUCCESS;
  if (result.clone.make(api_, reading.graph, reading.list, error)) return true;
  say_once(GraphTrouble::NotCloned, error);
  return false;
}

/// False: the clone is in a state that nobody wants.
bool GraphRedirector::place_candidate(const CUDA_KERNEL_NODE_PARAMS& params, std::uint32_t place,
                                      const NodeAttributes& attributes, CUcontext context,
                                      const NodeDecision& decision, RedirectedGraph& result) {
  RedirectedNode node{result.clone.pairs()[place].twin,
                      place,
                      context,
                      NodeParams(params, decision.prepared.view),
                      attributes,
                      cooperation_of(attributes),
                      std::nullopt};
  node.original.run_in(context);
  note_use(decision, node);
  if (const CUresult rc = write(node, decision); rc != CUDA_SUCCESS) {
    refused(decision, rc);
    return write_original(node) == CUDA_SUCCESS;
  }
  result.nodes.push_back(std::move(node));
  return can_be_taken_off(result.nodes.back());
}

/// False: the graph is to be left alone as a whole.
bool GraphRedirector::consider(Reading& reading, std::uint32_t place, RedirectedGraph& result) {
  const CUgraphNode handle = reading.list.nodes()[place].node;
  CUDA_KERNEL_NODE_PARAMS params{};
  if (api_.cuGraphKernelNodeGetParams_v2(handle, &params) != CUDA_SUCCESS) return true;
  const CUcontext context = context_of(params);
  const ContextScope current(api_, context);
  NodeAttributes attributes;
  NodeDecision decision;
  const ReadSection section;
  if (dispatcher_.has_rules(handle_of(params))) {
    reading.need_edges(api_);
    if (!attributes.read(api_, handle, reading.list.nodes()[place].is_dependent)) return true;
  }
  if (!current.ok() || !decide(call_of(params, attributes), attributes, reading.may_add, decision))
    return true;
  if (context == nullptr) {
    say_once(GraphTrouble::ContextUnknown);
    Counters::count(*decision.prepared.entry->counters, Reason::GraphShape);
    return true;
  }
  if (!result.clone && !clone(reading, result)) {
    Counters::count(*decision.prepared.entry->counters, Reason::GraphShape);
    return false;
  }
  return place_candidate(params, place, attributes, context, decision, result);
}

bool GraphRedirector::redirect(CUgraph graph, bool may_add, RedirectedGraph& result) {
  Reading reading{graph, may_add, {}};
  if (!reading.list.read(api_, graph)) {
    say_once(GraphTrouble::Unreadable);
    return false;
  }
  for (std::uint32_t place = 0; place < reading.list.nodes().size(); ++place)
    if (reading.list.nodes()[place].type == CU_GRAPH_NODE_TYPE_KERNEL &&
        !consider(reading, place, result)) {
      count_left_alone(result);
      return false;
    }
  return !result.nodes.empty();
}

}  // namespace fib::dispatch
