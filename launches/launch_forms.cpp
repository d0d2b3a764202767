// SPDX-License-Identifier: Apache-2.0
#include "launches/launch_forms.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "launches/graph_ledger.h"
#include "launches/launch_index.h"

namespace fib::launches {
namespace {

// CUlaunchAttributeID
constexpr std::uint32_t kCooperative = 2, kCluster = 4, kDependent = 6;

std::uint32_t word(const trace::LaunchAttribute& attribute, std::size_t index) {
  std::uint32_t value = 0;
  std::memcpy(&value, attribute.value.data() + 4 * index, sizeof value);
  return value;
}

/// Everything but counts, as bytes: equal keys, equal forms.
std::string key_of(const LaunchForm& form) {
  std::string key;
  const auto add = [&key](const void* data, std::size_t bytes) {
    key.append(static_cast<const char*>(data), bytes);
  };
  add(&form.kernel, sizeof form.kernel);
  add(&form.context, sizeof form.context);
  add(form.geometry.data(), sizeof form.geometry);
  for (const bool flag : {form.params_known, form.has_cluster, form.cooperative, form.dependent}) {
    key += flag ? '1' : '0';
  }
  add(form.params.data(), form.params.size());
  return key;
}

template <typename Record>
LaunchForm form_of(const Record& fixed, trace::Bytes params,
                   const std::vector<trace::LaunchAttribute>& attributes) {
  LaunchForm form;
  form.kernel = fixed.kernel;
  for (std::size_t i = 0; i < 3; ++i) {
    form.geometry[i] = fixed.grid[i];
    form.geometry[3 + i] = fixed.block[i];
  }
  form.geometry[static_cast<std::size_t>(match::Geometry::Shared)] = fixed.shared_bytes;
  for (const auto& attribute : attributes) form.add(attribute);
  form.params.assign(params.begin(), params.end());
  return form;
}

/// The second reading.
class LaunchCollector : public trace::Visitor {
 public:
  LaunchCollector(const LaunchIndex& index, ProcessLaunches& to) : index_(index), to_(to) {}

  void on_graph(const trace::Graph& graph) override {
    trace::Graph numbered = graph;
    for (trace::Node& node : numbered.nodes) number(node, graph.header.time);
    graphs_.define(numbered);
  }
  void on_graph_update(const trace::GraphUpdate& update) override {
    trace::GraphUpdate numbered = update;
    number(numbered.node, update.header.time);
    graphs_.update(numbered);
  }
  void on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) override {
    last_form_.erase(thread);
    if (launch.fixed.result == 0) graphs_.launch(launch.fixed.exec, launch.header.time);
  }
  void on_launch(std::uint32_t thread, const trace::Launch& launch) override {
    last_form_.erase(thread);
    const bool ran =
        launch.fixed.result == 0 && (launch.header.flags & trace::kLaunchCaptured) == 0;
    if (!ran || !to_.kernels.contains(launch.fixed.kernel)) return;
    LaunchForm form = form_of(launch.fixed, launch.params, launch.attributes);
    form.context = launch.fixed.context;
    form.params_known = (launch.header.flags & trace::kLaunchParamsUnknown) == 0;
    const LaunchIndex::Api* const api = index_.api(launch.fixed.api);
    if (api != nullptr && api->is_cooperative) form.cooperative = true;
    const std::size_t at = intern(std::move(form), launch.header.time);
    ++to_.forms[at].eager;
    to_.forms[at].host_ticks += launch.fixed.duration;
    last_form_[thread] = at;
  }
  void on_call(std::uint32_t thread, const trace::Call& call) override {
    last_form_.erase(thread);
    const LaunchIndex::Api* const api = index_.api(call.fixed.api);
    if (call.fixed.result != 0 || api == nullptr) return;
    if (api->is_get_global) return add_global(call);
    if (api->form.role != CallRole::Other) interpret(api->form, call);
  }
  void on_region(const trace::Region& region) override {
    to_.memory.push_back(
        {region.header.time, region.fixed.address, region.fixed.bytes, MemoryEvent::Kind::Region});
    regions_[region.fixed.region] = {region.fixed.address, region.fixed.bytes};
  }
  void on_point(std::uint32_t thread, const trace::Point& point) override {
    const auto last = last_form_.find(thread);
    if (last == last_form_.end()) return;
    points_[point.fixed.point] = last->second;
    to_.forms[last->second].changes_known = true;
  }
  void on_page_hashes(const trace::PageHashes& pages) override {
    if (pages.fixed.phase != static_cast<std::uint16_t>(trace::HashPhase::Point)) return;
    for (const trace::HashRun& run : pages.runs) {
      changes_.push_back({pages.fixed.point, pages.fixed.region, run.first, run.hashes.size()});
    }
  }

  void finish() {
    for (const GraphLedger::Execution& execution : graphs_.settle().executions) {
      if (execution.kernel == 0 || execution.kernel > to_.forms.size()) continue;
      LaunchForm& form = to_.forms[execution.kernel - 1];
      form.uncountable = form.uncountable || execution.uncountable;
      if (!execution.uncountable) form.graph += execution.count;
    }
    for (const Change& change : changes_) place(change);
    std::stable_sort(to_.memory.begin(), to_.memory.end(),
                     [](const auto& a, const auto& b) { return a.ticks < b.ticks; });
  }

 private:
  struct Change {
    std::uint64_t point;
    std::uint32_t region, first;
    std::size_t pages;
  };

  std::size_t intern(LaunchForm form, std::uint64_t ticks) {
    const auto [found, fresh] = known_.try_emplace(key_of(form), to_.forms.size());
    if (fresh) {
      form.first_ticks = ticks;
      to_.forms.push_back(std::move(form));
    }
    LaunchForm& known = to_.forms[found->second];
    known.first_ticks = std::min(known.first_ticks, ticks);
    return found->second;
  }

  /// The ledger of graphs counts how often each kernel ran; here a "kernel" is a form, plus 1.
  void number(trace::Node& node, std::uint64_t ticks) {
    if (node.fixed.type != trace::kKernelNodeType) return;
    const bool wanted = to_.kernels.contains(node.kernel.kernel);
    if (!wanted) {
      node.kernel.kernel = 0;
      return;
    }
    LaunchForm form = form_of(node.kernel, node.params, node.attributes);
    form.params_known = (node.fixed.flags & trace::kNodeParamsUnknown) == 0;
    node.kernel.kernel = static_cast<std::uint32_t>(intern(std::move(form), ticks) + 1);
  }

  void add_global(const trace::Call& call) {
    // =dptr =bytes module $name: the module is the third word, the name the last blob.
    if (call.words.size() < 4) return;
    const std::uint32_t load = index_.load_of(call.words[2]);
    const std::uint64_t length = call.words[3];
    const std::size_t padded = (length + 7) / 8 * 8;
    if (load == 0 || length == 0 || length > call.blobs.size() || padded > call.blobs.size())
      return;
    const trace::Bytes name = call.blobs.last(padded).first(length);
    const std::string_view text(reinterpret_cast<const char*>(name.data()), name.size());
    to_.globals[load].emplace_back(text.substr(0, text.find('\0')));
  }

  // What takes effect when the call returns is placed at its end, what gives something back at its
  // begin: between threads an address can be given out again only after it was freed.
  void interpret(const CallForm& form, const trace::Call& call) {
    const std::uint16_t last = *std::max_element(form.words.begin(), form.words.end());
    if (last >= call.words.size()) return;
    const std::uint64_t begin = call.header.time, end = begin + call.fixed.duration;
    const std::uint64_t a = call.words[form.words[0]], b = call.words[form.words[1]],
                        c = call.words[form.words[2]];
    using Kind = MemoryEvent::Kind;
    switch (form.role) {
      case CallRole::Allocate:
      case CallRole::Map: to_.memory.push_back({end, a, b, Kind::Allocate}); return;
      case CallRole::AllocatePitched: to_.memory.push_back({end, a, b * c, Kind::Allocate}); return;
      case CallRole::Free:
      case CallRole::Unmap: to_.memory.push_back({begin, a, 0, Kind::Free}); return;
      case CallRole::SetNodeEnabled:
        graphs_.set_enabled(begin, a, b, static_cast<std::uint32_t>(c) != 0);
        return;
      default: return;
    }
  }

  void place(const Change& change) {
    const auto point = points_.find(change.point);
    const auto region = regions_.find(change.region);
    if (point == points_.end() || region == regions_.end()) return;
    const auto& [address, bytes] = region->second;
    const std::uint64_t begin = std::uint64_t{change.first} * trace::kPageBytes;
    const std::uint64_t end =
        std::min<std::uint64_t>(begin + change.pages * trace::kPageBytes, bytes);
    if (begin < end) to_.forms[point->second].changed.emplace_back(address + begin, address + end);
  }

  const LaunchIndex& index_;
  ProcessLaunches& to_;
  GraphLedger graphs_;
  std::unordered_map<std::string, std::size_t> known_;
  std::unordered_map<std::uint32_t, std::size_t> last_form_;  ///< by thread
  std::unordered_map<std::uint64_t, std::size_t> points_;     ///< to the form before them
  std::unordered_map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> regions_;
  std::vector<Change> changes_;
};

}  // namespace

void LaunchForm::add(const trace::LaunchAttribute& attribute) {
  if (attribute.id == kCooperative) cooperative = word(attribute, 0) != 0;
  if (attribute.id == kDependent) dependent = word(attribute, 0) != 0;
  if (attribute.id != kCluster) return;
  // None at all and one of 1 are the same; which of them graph nodes tell is the driver's whim.
  const std::uint64_t blocks =
      std::uint64_t{word(attribute, 0)} * word(attribute, 1) * word(attribute, 2);
  if (blocks <= 1) return;
  has_cluster = true;
  for (std::size_t i = 0; i < 3; ++i) {
    geometry[static_cast<std::size_t>(match::Geometry::ClusterX) + i] = word(attribute, i);
  }
}

match::LaunchView LaunchForm::view(const LaunchedKernel& launched) const {
  match::LaunchView view;
  view.geometry = geometry;
  if (!launched.layout_known || !params_known) return view;
  view.buffer = params.data();
  view.buffer_bytes = params.size();
  view.layout = launched.layout.data();
  view.param_count = static_cast<std::uint32_t>(launched.layout.size());
  return view;
}

const ProcessLaunches::Device* ProcessLaunches::device_of(const LaunchForm& form) const {
  const auto context = contexts.find(form.context);
  const auto device = context != contexts.end() ? devices.find(context->second) : devices.end();
  if (device != devices.end()) return &device->second;
  return devices.empty() ? nullptr : &devices.begin()->second;
}

bool read_launches(const trace::ProcessLog& log,
                   const std::function<bool(const std::string&)>& wanted, ProcessLaunches& to) {
  to.directory = log.name;
  LaunchIndex index(to);
  const trace::ReadResult result = trace::read_log_file(log.log, index);
  to.problem = result.message;
  if (result.status == trace::ReadStatus::Refused) return false;
  if (wanted)
    std::erase_if(to.kernels, [&](const auto& entry) { return !wanted(entry.second.name); });
  LaunchCollector collector(index, to);
  (void)trace::read_log_file(log.log, collector);
  collector.finish();
  return true;
}

std::vector<ProcessLaunches> read_all_launches(
    const trace::Capture& capture, const std::function<bool(const std::string&)>& wanted,
    const std::function<void(const std::string&)>& warn) {
  std::vector<ProcessLaunches> all;
  for (const trace::ProcessLog& log : capture.processes) {
    ProcessLaunches process;
    const bool readable = read_launches(log, wanted, process);
    if (warn && !process.problem.empty()) warn(process.problem);
    if (readable) all.push_back(std::move(process));
  }
  if (all.empty()) {
    throw trace::CaptureError(capture.directory.string() + ": none of its logs can be read");
  }
  return all;
}

}  // namespace fib::launches
