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

  ExtractSummary run() {
    const LaunchResult& target = find_target();
    run_up_to(target);
    shadow_.look();
    globals_ = m_.memory.asked_symbols(m_.plan.kernels.at(target.kernel).fixed.load);
    const Outcome outcome = target.exec != 0 ? executor_.issue_node(target.operation, target.node)
                                             : executor_.issue(target.operation);
    if (!outcome.ran) refuse(target, outcome.problem);
    executor_.synchronize();
    const std::vector<std::uint32_t> changed = shadow_.changes();
    const std::vector<trace::Hash> hashes = shadow_.changed_hashes();
    const std::vector<std::byte> params = launch_of(target).params;
    // What a page held before: the launch has changed some of them.
    Reach reach(m_.plan, live(), [this](std::uint32_t page) { return before(page); });
    reach.from_parameters(params);
    reach.into_memory();
    if (m_.options.extract_widely) reach.into_all_memory();
    return write(target, reach.regions(), changed, hashes);
  }

 private:
  [[noreturn]] void refuse(const LaunchResult& target, const std::string& why) const {
    throw Refusal("launch " + std::to_string(target.number) + ", " + launches_.kernel_name(target) +
                  ", can't be extracted: " + why);
  }

  const LaunchResult& find_target() {
    const std::uint64_t number = m_.options.extract_launch;
    if (number > launches_.all().size())
      throw Refusal("the window has no launch " + std::to_string(number) + ": it has " +
                    std::to_string(launches_.all().size()));
    const LaunchResult& target = launches_.all()[number - 1];
    const Operation& operation = m_.plan.operations[target.operation];
    if (operation.is_effect()) refuse(target, "it can't run alone; only its effect is known");
    if (const auto* graph = std::get_if<GraphLaunchPlan>(&operation.what)) {
      const std::string obstacle = graph_obstacle(*graph->graph);
      if (!obstacle.empty()) refuse(target, obstacle);
    }
    return target;
  }

  void run_up_to(const LaunchResult& target) {
    m_.progress.phase("running up to the launch");
    for (std::size_t i = 0; i < target.operation; ++i) {
      const Operation& operation = m_.plan.operations[i];
      announce(m_, launches_, launches_.of(i));
      (void)executor_.run(i);
      if (operation.point) pass(*operation.point);
    }
    const Operation& operation = m_.plan.operations[target.operation];
    executor_.apply_payloads(operation);
    if (target.exec != 0)
      for (const std::uint32_t node : std::get<GraphLaunchPlan>(operation.what).graph->order) {
        if (node == target.node) break;
        (void)executor_.issue_node(target.operation, node);
      }
    announce(m_, launches_, {&target, 1});
    executor_.synchronize();
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

  ExtractSummary write(const LaunchResult& target, std::set<std::uint32_t> reached,
                       const std::vector<std::uint32_t>& changed,
                       const std::vector<trace::Hash>& hashes);

  Machine& m_;
  LaunchTable& launches_;
  const trace::Capture& from_;
  Executor executor_;
  PageShadow shadow_;
  /// Globals of the launch's image without pages in the recording, as they were before the launch.
  std::map<std::size_t, std::vector<std::byte>> globals_;
};

ExtractSummary Extract::write(const LaunchResult& target, std::set<std::uint32_t> reached,
                              const std::vector<std::uint32_t>& changed,
                              const std::vector<trace::Hash>& hashes) {
  m_.progress.phase("writing the extract");
  const LaunchPlan launch = launch_of(target);
  const KernelPlan& kernel_plan = m_.plan.kernels.at(target.kernel);
  const CUcontext context = m_.contexts.find(launch.fixed.context);
  const LoadedKernel& kernel = m_.code.kernel(target.kernel, context);
  const auto index_of = [this](std::uint32_t page) {
    return static_cast<std::uint32_t>(&m_.plan.region_of(page) - m_.plan.regions.data());
  };
  std::set<std::uint32_t> whole = reached;
  const std::vector<bool> is_live = live();
  for (std::uint32_t i = 0; i < m_.plan.regions.size(); ++i)  // globals of its own image
    if (m_.plan.regions[i].is_symbol() && is_live[i] &&
        m_.plan.regions[i].fixed.load == kernel_plan.fixed.load)
      whole.insert(i);
  std::set<std::uint32_t> all = whole;
  std::set<std::uint32_t> changed_pages(changed.begin(), changed.end());
  for (const std::uint32_t page : changed) all.insert(index_of(page));

  CaptureWriter writer(m_.options.extract_to, m_.plan.process);
  ExtractSummary summary;
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
  return summary;
}

}  // namespace

ExtractSummary extract_launch(Machine& machine, LaunchTable& launches, const trace::Capture& from) {
  return Extract(machine, launches, from).run();
}

}  // namespace fib::replayer
