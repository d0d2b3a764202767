// SPDX-License-Identifier: Apache-2.0
#include "cli/engine_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include "cli/capture_facts.h"
#include "cli/explain_capture.h"
#include "cli/names.h"
#include "cli/open_capture.h"
#include "cli/registry_commands.h"
#include "cli/timeline_facts.h"
#include "registry/bindings/table_source.h"

namespace fib::cli {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr std::size_t kShapesKept = 4, kGapsKept = 10;

std::string readable(const std::string& mangled) { return short_name(demangle(mangled)); }

std::string extent(const std::array<std::uint32_t, 3>& size) {
  return std::to_string(size[0]) + " × " + std::to_string(size[1]) + " × " +
         std::to_string(size[2]);
}

/// GPU time of a kernel and the executions behind it.
struct KernelTime {
  double ms = 0;
  std::uint64_t executions = 0;
};
using KernelTimes = std::map<std::string, KernelTime>;  ///< by mangled name

KernelTimes times_of(const replayer::Timeline& timeline) {
  KernelTimes times;
  for (const replayer::TimelineWork& work : timeline.works) {
    if (work.kind != replayer::TimelineWork::Kind::Kernel || work.gpu_ns == 0) continue;
    KernelTime& time = times[timeline.names[work.name]];
    time.ms += static_cast<double>(work.gpu_ns) / kNsPerMs;
    ++time.executions;
  }
  return times;
}

KernelTimes times_of(std::span<const judge::Result> results) {
  KernelTimes times;
  std::set<std::pair<std::string, std::string>> seen;
  for (const judge::Result& result : results) {
    if (result.kernel.empty() || !result.replayed_ms || !result.weighed) continue;
    if (!seen.insert({result.definition, result.workload}).second) continue;
    KernelTime& time = times[result.kernel];
    time.ms += result.weight * *result.replayed_ms;
    time.executions += static_cast<std::uint64_t>(std::min(result.weight, 1e15));
  }
  return times;
}

judge::EngineBubbles bubbles_of(const TimelineFacts& facts) {
  const replayer::BubbleReport& report = facts.bubbles;
  const auto ms = [](std::uint64_t ns) { return static_cast<double>(ns) / kNsPerMs; };
  judge::EngineBubbles bubbles;
  bubbles.span_ms = ms(report.span_ns);
  bubbles.busy_ms = ms(report.busy_ns);
  bubbles.gap_ms = ms(report.gap_ns);
  bubbles.host_gap_ms = ms(report.host_gap_ns);
  bubbles.gaps = report.gaps;
  bubbles.host_gaps = report.host_gaps;
  bubbles.speedup_bound = report.speedup_bound();
  const auto name = [&](std::size_t work) {
    return readable(facts.timeline.names[facts.timeline.works[work].name]);
  };
  for (const replayer::Bubble& gap : report.longest)
    bubbles.longest.push_back(
        {ms(gap.start_ns), ms(gap.ns()), name(gap.before), name(gap.after), gap.host_late});
  bubbles.steps = facts.steps.steps;
  bubbles.step_kernels = facts.steps.kernels;
  bubbles.step_ms = ms(facts.steps.period_ns);
  bubbles.paused = facts.paused;
  return bubbles;
}

/// Whether the binding's Definition is what the launch computes, as far as the lookup looked.
bool is_match(match::Reason reason) {
  switch (reason) {
    case match::Reason::NoRule:
    case match::Reason::LayoutMismatch:
    case match::Reason::CodeMismatch:
    case match::Reason::ConditionFalse:
    case match::Reason::ExpressionFailed:
    case match::Reason::ConstAxisMismatch:
    case match::Reason::EmptyAxis: return false;
    default: return true;
  }
}

/// Of the process and window that the replay says it is of, unless the caller does.
TimelineFacts replayed_timeline(const EngineSource& source) {
  const nlohmann::ordered_json report = read_replay_report(source.replay);
  std::string process = source.process;
  std::uint32_t window = source.window;
  if (const auto found = report.find("process"); process.empty() && found != report.end())
    if (found->is_string()) process = found->get<std::string>();
  if (const auto found = report.find("window"); window == 0 && found != report.end())
    if (found->is_number_unsigned()) window = found->get<std::uint32_t>();
  return read_timeline_facts(chosen_process(source.capture, process), {window, kGapsKept, {}},
                             [&](std::uint32_t) { return report; });
}

using Matches = std::map<std::string, std::map<std::string, std::uint64_t>>;

/// Launches by kernel (mangled) and Definition.
Matches read_matches(const EngineSource& source) {
  if (source.registry.empty()) return {};
  const registry::Registry registry = open_registry(source.registry);
  std::map<std::string, std::string> definitions;  // by the binding's file
  for (const auto& binding : registry::load_bindings(registry).list)
    definitions[binding.file] = binding.record.rule.definition;
  registry::Findings findings;  // `fib registry validate` tells them
  Matches matches;
  const auto explanation =
      explain_capture(open_capture(source.capture), registry, "", {}, findings);
  for (const ExplainedKernel& kernel : explanation.kernels) {
    for (const ExplainedReason& reason : kernel.reasons) {
      const auto found = definitions.find(reason.binding);
      if (found != definitions.end() && is_match(reason.reason) && reason.launches > 0)
        matches[kernel.name][found->second] += reason.launches;
    }
  }
  return matches;
}

void add_shapes(const KernelRow& row, judge::EngineKernel& kernel) {
  for (const auto& [shape, executed] : row.shapes)
    kernel.shapes.push_back({extent(shape.grid), extent(shape.block), executed});
  std::stable_sort(kernel.shapes.begin(), kernel.shapes.end(),
                   [](const auto& a, const auto& b) { return a.executed > b.executed; });
  kernel.shape_count = kernel.shapes.size();
  kernel.shapes.resize(std::min(kernel.shapes.size(), kShapesKept));
}

/// One row for all code images of a name: times are known by name only.
std::map<std::string, KernelRow> rows_by_name(const CaptureFacts& capture) {
  std::map<std::string, KernelRow> rows;
  for (KernelRow& row : kernel_rows(capture)) {
    if (row.executed() == 0) continue;
    const auto [found, fresh] = rows.try_emplace(row.name, row);
    if (fresh) continue;
    found->second.eager += row.eager;
    found->second.graph += row.graph;
    for (const auto& [shape, executed] : row.shapes) found->second.shapes[shape] += executed;
  }
  return rows;
}

void add_kernels(const CaptureFacts& capture, const Matches& matches, const KernelTimes& times,
                 judge::EngineFacts& facts) {
  for (const auto& [name, row] : rows_by_name(capture)) {
    judge::EngineKernel kernel;
    kernel.name = readable(name);
    kernel.executed = row.executed();
    kernel.in_graphs = row.graph;
    add_shapes(row, kernel);
    if (const auto found = times.find(name); found != times.end()) {
      kernel.gpu_ms = found->second.ms;
      kernel.measured = found->second.executions;
    }
    if (const auto found = matches.find(name); found != matches.end())
      kernel.definitions.assign(found->second.begin(), found->second.end());
    facts.kernels.push_back(std::move(kernel));
  }
  std::stable_sort(facts.kernels.begin(), facts.kernels.end(), [](const auto& a, const auto& b) {
    const double x = a.gpu_ms.value_or(0), y = b.gpu_ms.value_or(0);
    return x != y ? x > y : a.executed > b.executed;
  });
}

void add_processes(const CaptureFacts& capture, judge::EngineFacts& facts) {
  std::set<std::string> gpus;
  for (const ProcessFacts& process : capture.processes) {
    const std::string command = process.text("command");
    facts.processes.push_back(process.directory + (command.empty() ? "" : ": " + command));
    for (const DeviceFacts& device : process.devices) gpus.insert(device.name);
    facts.dropped += process.dropped_records;
    for (const GraphFacts& graph : process.graphs) {
      ++facts.graphs.graphs;
      facts.graphs.nodes += graph.nodes;
      facts.graphs.kernel_nodes += graph.kernel_nodes;
      facts.graphs.launches += graph.launches;
      facts.graphs.updates += graph.updates;
      facts.graphs.conditional += graph.conditional ? 1 : 0;
    }
  }
  facts.gpus.assign(gpus.begin(), gpus.end());
  facts.executed = capture.executed();
  facts.deviations = capture.deviations();
}

}  // namespace

judge::EngineFacts read_engine_facts(const EngineSource& source) {
  judge::EngineFacts facts;
  const CaptureFacts capture = read_capture(source.capture);
  add_processes(capture, facts);
  KernelTimes times;
  if (!source.replay.empty()) {
    const TimelineFacts timeline = replayed_timeline(source);
    times = times_of(timeline.timeline);
    facts.bubbles = bubbles_of(timeline);
    facts.gpu_source = timeline.source + ", in a replay of window " +
                       std::to_string(timeline.window) + " of " + timeline.process;
  } else {
    times = times_of(source.results);
    if (!times.empty())
      facts.gpu_source =
          "replays of judged launches, times how often they ran: of kernels with results only";
  }
  add_kernels(capture, read_matches(source), times, facts);
  return facts;
}

}  // namespace fib::cli
