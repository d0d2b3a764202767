// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/trim_plan.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>

namespace fib::trace {
namespace {

/// Calls whose outcome is in the next window's memory image, or gone: most of a long log.
bool is_transient(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kPrefixes = {
      "cuMemcpy",      "cuMemset",     "cuMemAlloc",       "cuMemFree",      "cuMemPrefetch",
      "cuEventRecord", "cuEventQuery", "cuEventSynchroni", "cuEventElapsed", "cuCtxSynchronize"};
  static constexpr std::array<std::string_view, 8> kStream = {
      "cuStreamSynchronize", "cuStreamQuery",      "cuStreamWaitEvent",   "cuStreamWaitValue",
      "cuStreamWriteValue",  "cuStreamBatchMemOp", "cuStreamIsCapturing", "cuStreamGetCaptureInfo"};
  const auto starts = [name](std::string_view prefix) { return name.starts_with(prefix); };
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), starts) ||
         std::any_of(kStream.begin(), kStream.end(), starts);
}

}  // namespace

/// First reading.
class TrimPlan::Definitions : public Visitor {
 public:
  explicit Definitions(TrimPlan& plan) : plan_(plan) {}

  void on_api(const Api& api) override {
    if (is_transient(api.name)) plan_.transient_apis_.insert(api.api);
  }
  void on_window(const Window& window) override {
    const WindowRecord& it = window.fixed;
    Span& span = spans_.try_emplace(it.window, Span{it.window, 0, UINT64_MAX, 0}).first->second;
    if (it.phase == static_cast<std::uint16_t>(WindowPhase::Begin)) {
      span.begin = window.header.time;
      span.verify = it.verify;
    } else {
      span.end = window.header.time;
    }
  }
  void on_kernel(const Kernel& kernel) override {
    const bool wanted = !plan_.options_.kernel || plan_.options_.kernel(std::string(kernel.name));
    plan_.kernels_[kernel.fixed.kernel] = {wanted, kernel.fixed.load};
  }
  void on_graph(const Graph& graph) override {
    for (const Node& node : graph.nodes) add(graph.fixed.exec, node);
  }
  void on_graph_update(const GraphUpdate& update) override { add(update.fixed.exec, update.node); }

  /// By begin.
  [[nodiscard]] std::vector<Span> spans() const {
    std::vector<Span> all;
    for (const auto& [number, span] : spans_) {
      if (span.begin != 0) all.push_back(span);
    }
    std::sort(all.begin(), all.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
    return all;
  }

 private:
  void add(std::uint32_t exec, const Node& node) {
    if (node.fixed.type == kKernelNodeType) plan_.graphs_[exec].insert(node.kernel.kernel);
  }

  TrimPlan& plan_;
  std::map<std::uint32_t, Span> spans_;
};

/// Second reading: which code the launches that stay need.
class TrimPlan::Uses : public Visitor {
 public:
  explicit Uses(TrimPlan& plan) : plan_(plan) {}

  void on_launch(std::uint32_t, const Launch& launch) override {
    ++plan_.launches_before_;
    const std::uint32_t kernel = launch.fixed.kernel;
    if (!plan_.wants_kernel(kernel)) return;
    if (plan_.in_window(launch.header.time) || plan_.keeps_launch(kernel)) use(kernel);
  }
  void on_graph_launch(std::uint32_t, const GraphLaunch& launch) override {
    ++plan_.launches_before_;
    const std::uint32_t exec = launch.fixed.exec;
    if (!plan_.wants_graph(exec)) return;
    if (!plan_.in_window(launch.header.time) && !plan_.keeps_graph_launch(exec)) return;
    for (const std::uint32_t kernel : plan_.graphs_[exec]) use(kernel);
  }
  void on_region(const Region& region) override {
    if (region.fixed.kind == static_cast<std::uint16_t>(RegionKind::Symbol))
      symbols_.emplace_back(region.fixed.region, region.fixed.load);
  }
  /// Without its image a global has no address.
  void finish() {
    for (const auto& [region, load] : symbols_) {
      if (!plan_.keeps_image(load)) plan_.lost_symbols_.insert(region);
    }
  }

 private:
  void use(std::uint32_t kernel) {
    const auto found = plan_.kernels_.find(kernel);
    if (found != plan_.kernels_.end()) plan_.loads_.insert(found->second.load);
  }

  TrimPlan& plan_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> symbols_;
};

TrimPlan::TrimPlan(const ProcessLog& log, const TrimOptions& options)
    : options_(options),
      windowed_(!options.windows.empty()),
      filters_kernels_(static_cast<bool>(options.kernel)) {
  Definitions definitions(*this);
  const ReadResult result = read_log_file(log.log, definitions);
  if (result.status == ReadStatus::Refused) throw CaptureError(result.message);
  start_unix_ns_ = result.start_unix_ns;
  choose_windows(log, definitions.spans());
  if (empty()) return;
  Uses uses(*this);
  (void)read_log_file(log.log, uses);
  uses.finish();
}

void TrimPlan::choose_windows(const ProcessLog& log, const std::vector<Span>& all) {
  for (const Span& span : all) {
    if (windowed_ && !options_.windows.contains(span.number)) continue;
    if (filters_kernels_ && span.verify != static_cast<std::uint32_t>(VerifyLevel::Launch)) {
      throw CaptureError(log.log.string() + ": window " + std::to_string(span.number) +
                         " was not recorded with --verify launch, so it does not say what each "
                         "kernel did; leave out --kernel, or choose other windows");
    }
    spans_.push_back(span);
    numbers_.insert(span.number);
  }
  if (!windowed_ || spans_.empty()) return;
  last_time_ = 0;
  for (const Span& span : spans_) last_time_ = std::max(last_time_, span.end);
}

bool TrimPlan::in_window(std::uint64_t time) const {
  const auto after =
      std::upper_bound(spans_.begin(), spans_.end(), time,
                       [](std::uint64_t wanted, const Span& span) { return wanted < span.begin; });
  return after != spans_.begin() && time < std::prev(after)->end;
}

bool TrimPlan::keeps_call(const RecordHeader& header, std::uint16_t api) const {
  return keeps_definition(header.time) && !transient_apis_.contains(api);
}

bool TrimPlan::keeps_launch(std::uint32_t kernel) const {
  return !windowed_ && wants_kernel(kernel);
}

bool TrimPlan::keeps_graph_launch(std::uint32_t exec) const {
  return !windowed_ && wants_graph(exec);
}

bool TrimPlan::wants_kernel(std::uint32_t kernel) const {
  const auto found = kernels_.find(kernel);
  return !filters_kernels_ || (found != kernels_.end() && found->second.wanted);
}

/// A graph runs as a whole or not at all.
bool TrimPlan::wants_graph(std::uint32_t exec) const {
  if (!filters_kernels_) return true;
  const auto found = graphs_.find(exec);
  if (found == graphs_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [this](std::uint32_t kernel) { return wants_kernel(kernel); });
}

}  // namespace fib::trace
