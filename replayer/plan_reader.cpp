// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "replayer/asked_symbols.h"
#include "replayer/call_history.h"
#include "replayer/error.h"
#include "replayer/liveness.h"
#include "replayer/operation_order.h"
#include "replayer/page_hashes.h"
#include "replayer/plan.h"
#include "trace/reader.h"

namespace fib::replayer {
namespace {

/// Of all regions together: 4 TiB. More is damage.
constexpr std::uint64_t kLastAddress = std::uint64_t{1} << 60;
constexpr std::uint64_t kMaxPages = std::uint64_t{1} << 26;

std::vector<std::byte> copy(trace::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// First reading: which windows there are, and how the log numbers entry points.
class WindowScan : public trace::Visitor {
 public:
  WindowScan(ApiTable& apis, std::uint32_t wanted) : apis_(apis), wanted_(wanted) {}
  void on_api(const trace::Api& api) override { apis_.add(api); }
  void on_window(const trace::Window& window) override {
    const bool begins = window.fixed.phase == static_cast<std::uint16_t>(trace::WindowPhase::Begin);
    if (begins) numbers.push_back(window.fixed.window);
    if (wanted_ == 0 && begins) wanted_ = window.fixed.window;
    if (window.fixed.window != wanted_) return;
    found.number = wanted_;
    if (begins) {
      found.begin = window.header.time;
      found.verify = static_cast<trace::VerifyLevel>(window.fixed.verify);
    } else {
      found.end = window.header.time;
      found.closed = true;
      found.digests = window.fixed.verify != static_cast<std::uint32_t>(trace::VerifyLevel::None);
    }
  }
  WindowPlan found;
  std::vector<std::uint32_t> numbers;

 private:
  ApiTable& apis_;
  std::uint32_t wanted_;
};

/// Second reading: everything of that window.
class PlanVisitor : public trace::Visitor {
 public:
  explicit PlanVisitor(Plan& plan) : plan_(plan), history_(plan), asked_(plan), hashes_(plan) {}

  void on_process(const trace::Process& process) override { plan_.machine = process.fixed; }
  void on_device(const trace::Device& device) override {
    plan_.devices.push_back({device.fixed, std::string(device.name)});
  }
  void on_context(const trace::Context& context) override {
    // The last one before the begin counts; records have no time here, but stand in order.
    ContextPlan& plan = context_of(context.fixed.handle);
    plan.device = context.fixed.device;
    plan.limits = context.limits;
  }
  void on_load(const trace::Load& load) override {
    LoadPlan& plan = plan_.loads[load.fixed.load];
    plan.fixed = load.fixed;
    plan.time = load.header.time;
    plan.api = &plan_.apis[load.fixed.api];
    plan.options = load.options;
    plan.library_options = load.library_options;
    plan.path = load.path;
  }
  void on_image(const trace::Image& image) override {
    plan_.loads[image.fixed.load].images.insert_or_assign(image.fixed.part, image.fixed);
  }
  void on_kernel(const trace::Kernel& kernel) override;
  void on_graph(const trace::Graph& graph) override {
    if (graph.header.time <= plan_.window.end) plan_.graphs.add(graph);
  }
  void on_graph_update(const trace::GraphUpdate& update) override {
    if (update.header.time <= plan_.window.end) plan_.graphs.add(update);
  }
  void on_deviation(const trace::DeviationNote& note) override {
    plan_.deviations.add("recording: " + std::string(note.text));
  }
  void on_drops(const trace::Drops& drops) override {
    plan_.deviations.add("recording: records were dropped; if within the window, it can't match",
                         drops.fixed.records);
  }
  void on_stream(const trace::Stream& stream) override {
    if (stream.fixed.window == plan_.window.number) plan_.streams.push_back(stream.fixed);
  }
  void on_region(const trace::Region& region) override;
  void on_page_hashes(const trace::PageHashes& hashes) override { hashes_.add(hashes); }

  void on_payload(std::uint32_t thread, const trace::Payload& payload) override {
    payloads_[thread].push_back({payload.fixed, {payload.hashes.begin(), payload.hashes.end()}});
  }
  void on_point(std::uint32_t thread, const trace::Point& point) override {
    const auto last = last_.find(thread);
    if (last == last_.end()) return;
    plan_.operations[last->second].point = PointPlan{point.fixed, false, {}};
  }
  void on_launch(std::uint32_t thread, const trace::Launch& launch) override;
  void on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) override;
  void on_call(std::uint32_t thread, const trace::Call& call) override;

  void finish() {
    asked_.settle();
    hashes_.settle();
    order_operations(plan_);
    find_deaths(plan_);
  }

 private:
  ContextPlan& context_of(std::uint64_t handle) {
    for (ContextPlan& context : plan_.contexts)
      if (context.handle == handle) return context;
    plan_.contexts.push_back({handle, 0, false, 0, {}});
    return plan_.contexts.back();
  }
  [[nodiscard]] bool in_window(const trace::RecordHeader& header) const {
    return header.time >= plan_.window.begin && header.time < plan_.window.end;
  }
  /// The next operation of a thread, with the payloads before it; null outside the window.
  Operation* next(std::uint32_t thread, const trace::RecordHeader& header, std::uint32_t duration,
                  bool end_counts);

  Plan& plan_;
  CallHistory history_;
  AskedSymbols asked_;
  PageHashReader hashes_;
  std::map<std::uint32_t, std::vector<PayloadPlan>> payloads_;
  std::map<std::uint32_t, std::size_t> last_;  ///< operation of each thread
};

Operation* PlanVisitor::next(std::uint32_t thread, const trace::RecordHeader& header,
                             std::uint32_t duration, bool end_counts) {
  std::vector<PayloadPlan> payloads = std::move(payloads_[thread]);
  payloads_[thread].clear();
  last_.erase(thread);
  if (!in_window(header)) return nullptr;
  Operation operation;
  operation.begin = header.time;
  operation.key = header.time + (end_counts ? duration : 0);
  operation.thread = thread;
  operation.payloads = std::move(payloads);
  last_[thread] = plan_.operations.size();
  plan_.operations.push_back(std::move(operation));
  return &plan_.operations.back();
}

void PlanVisitor::on_launch(std::uint32_t thread, const trace::Launch& launch) {
  Operation* operation = next(thread, launch.header, launch.fixed.duration, false);
  if (operation == nullptr) return;
  LaunchPlan plan{
      launch.fixed, launch.header.flags, &plan_.apis[launch.fixed.api], copy(launch.params), {}};
  for (const trace::LaunchAttribute& attribute : launch.attributes) {
    std::byte head[8]{};
    __builtin_memcpy(head, &attribute.id, sizeof attribute.id);
    plan.attributes.insert(plan.attributes.end(), head, head + sizeof head);
    plan.attributes.insert(plan.attributes.end(), attribute.value.begin(), attribute.value.end());
  }
  operation->captured = (launch.header.flags & trace::kLaunchCaptured) != 0;
  operation->what = std::move(plan);
}

void PlanVisitor::on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) {
  Operation* operation = next(thread, launch.header, launch.fixed.duration, false);
  if (operation == nullptr) return;
  operation->captured = (launch.header.flags & trace::kLaunchCaptured) != 0;
  operation->what = GraphLaunchPlan{launch.fixed, nullptr};
}

void PlanVisitor::on_call(std::uint32_t thread, const trace::Call& call) {
  const ApiEntry& api = plan_.apis[call.fixed.api];
  if (call.header.time < plan_.window.end) {
    history_.add(api, call);
    asked_.add(api, call);
  }
  Operation* operation = next(thread, call.header, call.fixed.duration, end_counts(api.base));
  if (operation == nullptr) return;
  operation->what = CallPlan{call.fixed, &api, call.words, copy(call.blobs)};
}

void PlanVisitor::on_kernel(const trace::Kernel& kernel) {
  if (kernel.header.time > plan_.window.end) return;
  plan_.kernel_of_handle[kernel.fixed.handle] = kernel.fixed.kernel;
  KernelPlan& plan = plan_.kernels[kernel.fixed.kernel];
  // The last one before the begin says how the kernel was when the window began. One that is new in
  // the window has what it was met with.
  const bool known = plan.fixed.kernel != 0;
  const bool before = kernel.header.time <= plan_.window.begin;
  if (known && !(before && kernel.header.time >= plan.time)) return;
  plan = {kernel.fixed,  kernel.header.flags, kernel.header.time,
          kernel.params, kernel.attributes,   std::string(kernel.name)};
  if ((plan.flags & trace::kKernelFiltered) != 0)
    plan_.deviations.add("the recording's kernel filter left out " + plan.name);
}

void PlanVisitor::on_region(const trace::Region& region) {
  if (region.fixed.window != plan_.window.number || region.fixed.bytes == 0) return;
  const std::uint64_t pages = (region.fixed.bytes - 1) / trace::kPageBytes + 1;
  if (pages > kMaxPages - plan_.pages || region.fixed.address > kLastAddress - region.fixed.bytes)
    throw Refusal("region " + std::to_string(region.fixed.region) +
                  " has an impossible size: the log is damaged");
  RegionPlan plan;
  plan.fixed = region.fixed;
  plan.name = region.name;
  plan.born = region.header.time > plan_.window.begin ? region.header.time : 0;
  plan.first_page = plan_.pages;
  plan.pages = static_cast<std::uint32_t>(pages);
  plan_.pages += plan.pages;
  plan_.regions.push_back(std::move(plan));
}

std::string list(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (const std::uint32_t number : numbers)
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

void require_window(const trace::ProcessLog& log, const WindowScan& scan, std::uint32_t number) {
  if (scan.numbers.empty())
    throw Refusal(
        log.name +
        " has no window: record one with fib record --window, or fib ctl PID window start");
  if (scan.found.begin == 0)
    throw Refusal(log.name + " has no window " + std::to_string(number) + "; it has " +
                  list(scan.numbers));
}

void read(const trace::ProcessLog& log, trace::Visitor& visitor) {
  const trace::ReadResult result = trace::read_log_file(log.log, visitor);
  if (result.status == trace::ReadStatus::Refused) throw trace::CaptureError(result.message);
}

}  // namespace

std::unique_ptr<Plan> read_plan(const trace::ProcessLog& log, std::uint32_t number) {
  auto plan = std::make_unique<Plan>();
  plan->process = log.name;
  WindowScan scan(plan->apis, number);
  read(log, scan);
  require_window(log, scan, number);
  plan->window = scan.found;
  if (!plan->window.closed)
    plan->deviations.add("the window has no end in the log: its outcome can't be verified");
  else if (!plan->window.digests)
    plan->deviations.add("the outcome of the window was not recorded, so it can't be verified");
  PlanVisitor visitor(*plan);
  const trace::ReadResult result = trace::read_log_file(log.log, visitor);
  if (result.status == trace::ReadStatus::Truncated || result.status == trace::ReadStatus::Damaged)
    plan->deviations.add("recording: " + result.message);
  visitor.finish();
  return plan;
}

}  // namespace fib::replayer
