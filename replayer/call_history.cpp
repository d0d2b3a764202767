// SPDX-License-Identifier: Apache-2.0
#include "replayer/call_history.h"

#include <array>

namespace fib::replayer {

bool end_counts(std::string_view base) {
  static constexpr std::array<std::string_view, 16> kPrefixes = {
      "cuMemAlloc",         "cuMemHostAlloc",      "cuMemHostRegister",  "cuMemCreate",
      "cuMemMap",           "cuMemAddressReserve", "cuMemPoolCreate",    "cuStreamCreate",
      "cuEventCreate",      "cuCtxCreate",         "cuModuleLoad",       "cuLibraryLoad",
      "cuGraphInstantiate", "cuStreamSynchronize", "cuEventSynchronize", "cuCtxSynchronize"};
  for (const std::string_view prefix : kPrefixes)
    if (base.starts_with(prefix)) return true;
  return base == "cuDevicePrimaryCtxRetain";
}

void CallHistory::add_context(const ApiEntry& api, const trace::Call& call, bool created) {
  if (call.words.empty() || call.words[0] == 0) return;
  const std::size_t last = call.words.size() - 1;
  ContextPlan* context = nullptr;
  for (ContextPlan& known : plan_.contexts)
    if (known.handle == call.words[0]) context = &known;
  if (context == nullptr) {
    plan_.contexts.emplace_back();
    context = &plan_.contexts.back();
    context->handle = call.words[0];
  }
  context->created = created;
  context->device = static_cast<int>(call.words[last]);
  if (created && last >= 2) context->flags = static_cast<unsigned>(call.words[last - 1]);
  (void)api;
}

void CallHistory::add_node_change(const ApiEntry& api, const trace::Call& call) {
  if (call.words.size() < 3) return;
  NodeChange change;
  change.time = call.header.time;
  change.exec_handle = call.words[0];
  change.node = call.words[1];
  if (api.base == "cuGraphNodeSetEnabled") {
    change.kind = NodeChange::Kind::Enabled;
    change.value.enabled = call.words[2] != 0;
  } else {
    change.kind = NodeChange::Kind::Params;
    const std::vector<trace::CallArg> args = trace::bind_args(api.specs, call).args;
    const auto* word = reinterpret_cast<const std::byte*>(&args[2].word);
    const trace::Bytes bytes =
        args[2].has_blob ? args[2].blob : trace::Bytes(word, sizeof(std::uint64_t));
    change.value.params.assign(bytes.begin(), bytes.end());
  }
  plan_.graphs.add(std::move(change));
}

void CallHistory::add(const ApiEntry& api, const trace::Call& call) {
  if (call.fixed.result != 0) return;
  if (api.base == "cuEventCreate") {
    if (call.words.size() == 2 && call.header.time < plan_.window.begin)
      plan_.event_flags[call.words[0]] = static_cast<unsigned>(call.words[1]);
  } else if (api.base == "cuDevicePrimaryCtxRetain") {
    add_context(api, call, false);
  } else if (api.base == "cuCtxCreate") {
    add_context(api, call, true);
  } else if (api.base == "cuGraphNodeSetEnabled" ||
             (api.base.starts_with("cuGraphExec") &&
              (api.base.ends_with("NodeSetParams") || api.base.ends_with("NodeSetEvent")))) {
    // Kernel and child graph nodes have GraphUpdate records of their own.
    if (!api.base.starts_with("cuGraphExecKernel") && !api.base.starts_with("cuGraphExecChild") &&
        api.base != "cuGraphExecNodeSetParams")
      add_node_change(api, call);
  }
}

}  // namespace fib::replayer
