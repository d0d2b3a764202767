// SPDX-License-Identifier: Apache-2.0
#include "replayer/extract.h"

#include <algorithm>
#include <cstring>

#include "replayer/capture_writer.h"
#include "replayer/error.h"
#include "replayer/page_shadow.h"
#include "replayer/reach.h"
#include "replayer/window_run.h"

namespace fib::replayer {
namespace {

/// Attributes that name events, or other launches, mean nothing for a launch alone.
std::vector<std::byte> without_others(const std::vector<std::byte>& attributes) {
  std::vector<std::byte> kept;
  for (std::size_t at = 0; at + sizeof(CUlaunchAttribute) <= attributes.size();
       at += sizeof(CUlaunchAttribute)) {
    std::uint32_t id = 0;
    std::memcpy(&id, attributes.data() + at, sizeof id);
    const bool other = id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT ||
                       id == CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT ||
                       id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION ||
                       id == CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE;
    const auto begin = attributes.begin() + static_cast<std::ptrdiff_t>(at);
    if (!other)
      kept.insert(kept.end(), begin,
                  begin + static_cast<std::ptrdiff_t>(sizeof(CUlaunchAttribute)));
  }
  return kept;
}

class Extract {
 public:
  Extract(Machine& machine, LaunchTable& launches, const trace::Capture& from)
      : m_(machine),
        launches_(launches),
        from_(from),
        executor_(machine, launches),
        shadow_(machine) {}

  std::vector<ExtractSummary> run() {
    std::vector<ExtractRequest> requests = m_.options.extracts;
    std::ranges::sort(requests, {}, &ExtractRequest::launch);
    std::vector<ExtractSummary> summaries;
    bool any = false;
    for (const ExtractRequest& request : requests) {
      summaries.push_back(try_extract(request));
      any = any || summaries.back().problem.empty();
    }
    if (!any && !summaries.empty()) throw Refusal(summaries.front().problem);
    return summaries;
  }

 private:
  ExtractSummary try_extract(const ExtractRequest& request) {
    ExtractSummary summary;
    summary.launch = request.launch;
    const LaunchResult* target = nullptr;
    summary.problem = find_target(request.launch, target);
    if (!summary.problem.empty()) return summary;
    run_up_to(*target);
    shadow_.look();
    globals_ = m_.memory.asked_symbols(m_.plan.kernels.at(target->kernel).fixed.load);
    const Outcome outcome = target->exec != 0
                                ? executor_.issue_node(target->operation, target->node)
                                : executor_.issue(target->operation);
    if (outcome.ran) {
      executor_.synchronize();
      write(*target, request, summary);
    } else {
      summary.problem = because(*target, outcome.problem);
    }
    leave(*target);
    return summary;
  }

  [[nodiscard]] std::string because(const LaunchResult& target, const std::string& why) const {
    return "launch " + std::to_string(target.number) + ", " + launches_.kernel_name(target) +
           ", can't be extracted: " + why;
  }

  /// Why the launch can't be extracted; empty if nothing speaks against it.
  std::string find_target(std::uint64_t number, const LaunchResult*& target) const {
    if (number == 0 || number > launches_.all().size())
      return "the window has no launch " + std::to_string(number) + ": it has " +
             std::to_string(launches_.all().size());
    target = &launches_.all()[number - 1];
    const Operation& operation = m_.plan.operations[target->operation];
    if (operation.is_effect())
      return because(*target, "it can't run alone; only its effect is known");
    if (const auto* graph = std::get_if<GraphLaunchPlan>(&operation.what)) {
      const std::string obstacle = graph_obstacle(*graph->graph);
      if (!obstacle.empty()) return because(*target, obstacle);
    }
    return {};
  }

  void run_up_to(const LaunchResult& target) {
    m_.progress.phase("running up to the launch");
    while (next_ < target.operation) run_next();
    if (node_ == 0) executor_.apply_payloads(m_.plan.operations[next_]);
    if (target.exec != 0) issue_nodes(target.node);
    announce(m_, launches_, {&target, 1});
    executor_.synchronize();
  }

  /// Nodes of the graph launch that is next, those that ran already left out, up to this one.
  void issue_nodes(std::uint32_t end) {
    const std::vector<std::uint32_t>& order =
        std::get<GraphLaunchPlan>(m_.plan.operations[next_].what).graph->order;
    for (; node_ < order.size() && order[node_] != end; ++node_)
      (void)executor_.issue_node(next_, order[node_]);
  }

  /// The whole operation that is next, or what is left of it.
  void run_next() {
    const Operation& operation = m_.plan.operations[next_];
    announce(m_, launches_, launches_.of(next_));
    if (node_ == 0) {
      (void)executor_.run(next_);
      end_operation();
    } else {
      issue_nodes(UINT32_MAX);
      bury(operation);
      end_operation();
    }
  }

  /// After the launch was issued.
  void leave(const LaunchResult& target) {
    if (target.exec != 0) {
      ++node_;
      return;
    }
    bury(m_.plan.operations[next_]);
    end_operation();
  }

  void bury(const Operation& operation) {
    for (const std::uint32_t region : operation.deaths) m_.table.death(region);
  }

  void end_operation() {
    const Operation& operation = m_.plan.operations[next_];
    if (operation.point) pass(*operation.point);
    ++next_;
    node_ = 0;
  }

  /// What earlier launches did otherwise than in the recording is set right where it is known.
  void pass(const PointPlan& point) {
    m_.table.pass(point);
    if (m_.plan.window.verify != trace::VerifyLevel::Launch) return;
    executor_.synchronize();
    for (const PageDifference& difference : m_.table.compare(nullptr)) {
      const trace::Bytes content =
          m_.contents.read(difference.recorded, m_.pages.bytes_of(difference.page));
      if (!content.empty()) m_.pages.write(difference.page, content);
    }
    m_.pages.flush();
  }

  [[nodiscard]] std::vector<bool> live() {
    std::vector<bool> result(m_.plan.regions.size(), false);
    for (const std::uint32_t page : m_.table.live_pages())
      result[static_cast<std::size_t>(&m_.plan.region_of(page) - m_.plan.regions.data())] = true;
    return result;
  }

  std::vector<std::byte> before(std::uint32_t page) {
    const trace::Bytes content = m_.contents.read(shadow_.hash(page), m_.pages.bytes_of(page));
    if (content.empty())
      throw Refusal(describe_page(m_.plan, page) + ": its content is missing or damaged");
    return {content.begin(), content.end()};
  }

  /// As a launch of its own on the null stream.
  LaunchPlan launch_of(const LaunchResult& target) {
    const Operation& operation = m_.plan.operations[target.operation];
    LaunchPlan launch;
    if (const auto* plan = std::get_if<LaunchPlan>(&operation.what)) {
      launch = *plan;
    } else {
      const auto& graph = std::get<GraphLaunchPlan>(operation.what);
      const GraphNodePlan& node = graph.graph->nodes[target.node];
      launch.fixed.kernel = node.kernel.kernel;
      std::ranges::copy(node.kernel.grid, launch.fixed.grid);
      std::ranges::copy(node.kernel.block, launch.fixed.block);
      launch.fixed.shared_bytes = node.kernel.shared_bytes;
      launch.fixed.context = graph.fixed.context;
      launch.fixed.api = m_.plan.apis.number_of("cuLaunchKernelEx");
      launch.params = node.params;
      launch.attributes = node.attributes;
    }
    launch.flags &= trace::kLaunchExtra;
    launch.fixed.stream = 0;
    launch.fixed.param_bytes = static_cast<std::uint32_t>(launch.params.size());
    launch.attributes = without_others(launch.attributes);
    launch.fixed.attribute_count =
        static_cast<std::uint16_t>(launch.attributes.size() / sizeof(CUlaunchAttribute));
    return launch;
  }

  void write_globals(CaptureWriter& writer) const {
    for (const auto& [index, content] : globals_) {
      RegionPlan region = m_.plan.regions[index];
      region.fixed.bytes = content.size();
      const std::uint32_t number = writer.region(region);
      for (std::size_t at = 0; at < content.size(); at += trace::kPageBytes)
        writer.state(number, static_cast<std::uint32_t>(at / trace::kPageBytes),
                     trace::Bytes(content).subspan(
                         at, std::min<std::size_t>(trace::kPageBytes, content.size() - at)));
    }
  }

  void write(const LaunchResult& target, const ExtractRequest& request, ExtractSummary& summary);
  [[nodiscard]] std::set<std::uint32_t> reached_by(const LaunchPlan& launch);
  [[nodiscard]] std::set<std::uint32_t> globals_of(const KernelPlan& kernel);

  Machine& m_;
  LaunchTable& launches_;
  const trace::Capture& from_;
  Executor executor_;
  PageShadow shadow_;
  std::size_t next_ = 0;  ///< operation to run
  std::size_t node_ = 0;  ///< of a graph launch: place in its order, where it is under way
  /// Globals of the launch's image without pages in the recording, as they were before the launch.
  std::map<std::size_t, std::vector<std::byte>> globals_;
};

/// Regions that the launch can get at. What a page held before: the launch has changed some.
std::set<std::uint32_t> Extract::reached_by(const LaunchPlan& launch) {
  Reach reach(m_.plan, live(), [this](std::uint32_t page) { return before(page); });
  reach.from_parameters(launch.params);
  reach.into_memory();
  if (m_.options.extract_widely) reach.into_all_memory();
  return reach.regions();
}

/// Globals of its own image.
std::set<std::uint32_t> Extract::globals_of(const KernelPlan& kernel) {
  std::set<std::uint32_t> globals;
  const std::vector<bool> is_live = live();
  for (std::uint32_t i = 0; i < m_.plan.regions.size(); ++i)
    if (m_.plan.regions[i].is_symbol() && is_live[i] &&
        m_.plan.regions[i].fixed.load == kernel.fixed.load)
      globals.insert(i);
  return globals;
}

void Extract::write(const LaunchResult& target, const ExtractRequest& request,
                    ExtractSummary& summary) {
  const std::vector<std::uint32_t> changed = shadow_.changes();
  const std::vector<trace::Hash> hashes = shadow_.changed_hashes();
  const LaunchPlan launch = launch_of(target);
  const KernelPlan& kernel_plan = m_.plan.kernels.at(target.kernel);
  const CUcontext context = m_.contexts.find(launch.fixed.context);
  const LoadedKernel& kernel = m_.code.kernel(target.kernel, context);
  const auto index_of = [this](std::uint32_t page) {
    return static_cast<std::uint32_t>(&m_.plan.region_of(page) - m_.plan.regions.data());
  };
  std::set<std::uint32_t> whole = reached_by(launch);
  whole.merge(globals_of(kernel_plan));
  std::set<std::uint32_t> all = whole;
  const std::set<std::uint32_t> changed_pages(changed.begin(), changed.end());
  for (const std::uint32_t page : changed) all.insert(index_of(page));

  m_.progress.phase("writing the extract");
  CaptureWriter writer(request.to, m_.plan.process);
  writer.machine(m_.plan);
  writer.kernel(m_.plan, from_, kernel_plan, m_.code.attributes_now(kernel, context));
  std::map<std::uint32_t, std::uint32_t> numbers;
  for (const std::uint32_t index : all) {
    const RegionPlan& region = m_.plan.regions[index];
    numbers[index] = writer.region(region);
    ++summary.regions;
    for (std::uint32_t page = 0; page < region.pages; ++page) {
      const std::uint32_t number = region.first_page + page;
      if (!whole.contains(index) && !changed_pages.contains(number)) continue;
      writer.state(numbers[index], page, before(number));
      ++summary.pages;
      m_.progress.beat();
    }
  }
  write_globals(writer);
  writer.begin();
  writer.launch(launch);
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const std::uint32_t index = index_of(changed[i]);
    writer.changed(numbers.at(index), changed[i] - m_.plan.regions[index].first_page, hashes[i]);
  }
  writer.end();
  summary.changed_pages = changed.size();
}

}  // namespace

std::vector<ExtractSummary> extract_launches(Machine& machine, LaunchTable& launches,
                                             const trace::Capture& from) {
  return Extract(machine, launches, from).run();
}

}  // namespace fib::replayer
