// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ostream>
#include <set>

#include "cli/facts_json.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/units.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

constexpr std::size_t kKernelsShown = 15, kGraphsShown = 10, kDeviationsShown = 20;
constexpr std::size_t kCallsShown = 12, kWindowsShown = 20;

/// Writes "  label      value" lines.
class Lines {
 public:
  explicit Lines(const Context& context) : context_(context) {}
  void heading(const std::string& text) {
    context_.out << '\n' << context_.terminal.bold(text) << '\n';
  }
  void line(std::string label, const std::string& value) {
    label.resize(std::max<std::size_t>(label.size(), 14), ' ');
    context_.out << "  " << context_.terminal.faint(label) << "  " << value << '\n';
  }

 private:
  const Context& context_;
};

// "12 by 10 launches and 1 graph launch": without what there was none of.
std::string work(std::uint64_t executed, std::uint64_t launches, std::uint64_t graph_launches) {
  std::string text = format_count(executed) + " by ";
  if (launches > 0 || graph_launches == 0) text += format_count(launches, "launch");
  if (launches > 0 && graph_launches > 0) text += " and ";
  if (graph_launches > 0) text += format_count(graph_launches, "graph launch");
  return text;
}

void print_totals(const Context& context, const CaptureFacts& capture) {
  Lines lines(context);
  const std::uint64_t launches = capture.sum(&ProcessFacts::launches);
  const std::uint64_t graphs = capture.sum(&ProcessFacts::graph_launches);
  context.out << context.terminal.bold(capture.path) << '\n';
  lines.line("processes", format_count(capture.processes.size()));
  lines.line("kernels run", work(capture.executed(), launches, graphs));
  std::string size =
      format_bytes(capture.log_bytes) + " log, " + format_bytes(capture.store_bytes) + " images";
  if (capture.page_bytes > 0) size += ", " + format_bytes(capture.page_bytes) + " pages";
  if (launches + graphs > 0) {
    char text[48];
    std::snprintf(text, sizeof text, ", %.1f bytes of log a launch", capture.bytes_per_launch());
    size += text;
  }
  lines.line("size", size);
}

std::string title_of(const ProcessFacts& process) {
  std::string title = process.directory;
  const std::string command = process.text("command");
  return command.empty() ? title : title + ": " + command;
}

void print_memory(Lines& lines, const MemoryFacts& memory) {
  std::string text;
  for (std::size_t i = 0; i < kMemoryKinds; ++i) {
    if (memory.allocations[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(to_string(static_cast<MemoryKind>(i))) + ' ' +
            format_bytes(memory.peak[i]) + " (" + format_count(memory.allocations[i]) + "×)";
  }
  if (text.empty()) return;
  lines.line("memory", "peak on device " + format_bytes(memory.device_peak) + ", at the end " +
                           format_bytes(memory.device_live));
  lines.line("", "peaks: " + text);
}

std::string span_of(const ProcessFacts& process, const WindowFacts& window) {
  if (window.end_ticks == 0) return "never ended";
  std::string text = format_duration(
      process.clock.duration(window.end_ticks - std::min(window.begin_ticks, window.end_ticks)));
  text += ", ended by " + window.end_reason;
  return window.end_text.empty() ? text : text + " (" + window.end_text + ")";
}

void print_windows(const Context& context, Lines& lines, const ProcessFacts& process) {
  std::size_t shown = 0;
  for (const WindowFacts& window : process.windows) {
    if (++shown > kWindowsShown) break;
    std::string text = window.reason + (window.text.empty() ? "" : " " + window.text) + ", ";
    if (window.launches > 0 || window.graph_launches == 0)
      text += format_count(window.launches, "launch") + ", ";
    if (window.graph_launches > 0)
      text += format_count(window.graph_launches, "graph launch") + ", ";
    text += span_of(process, window);
    lines.line("window " + std::to_string(window.number),
               window.end_ticks > 0 ? text : context.terminal.yellow(text));
    lines.line("", format_bytes(window.live_bytes) + " live in " +
                       format_count(window.regions, "region") + ", " +
                       format_count(window.stored_pages, "page") + " stored (" +
                       format_bytes(window.stored_bytes) + "), paused " +
                       format_duration(static_cast<double>(window.pause_ns)) + ", verify " +
                       verify_level_name(window.verify) +
                       (window.effects > 0 ? ", " + format_count(window.effects, "effect") : ""));
  }
  if (process.windows.size() > kWindowsShown) {
    lines.line("", format_count(process.windows.size() - kWindowsShown) + " more windows (--json)");
  }
}

void print_calls(Lines& lines, const ProcessFacts& process) {
  std::vector<std::pair<std::uint64_t, std::string>> calls;
  for (const auto& [api, count] : process.api_calls) calls.emplace_back(count, api);
  std::stable_sort(calls.begin(), calls.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < std::min(calls.size(), kCallsShown); ++i) {
    text += (text.empty() ? "" : ", ") + calls[i].second + ' ' + format_count(calls[i].first);
  }
  if (calls.size() > kCallsShown) text += ", …";
  if (!text.empty()) lines.line("calls", text);
}

void print_losses(const Context& context, Lines& lines, const ProcessFacts& process) {
  const Terminal& terminal = context.terminal;
  if (process.dropped_records > 0) {
    lines.line("dropped",
               terminal.red(format_count(process.dropped_records, "record") + ", " +
                            format_count(process.dropped_launches, "launch") +
                            " among them: raise ring_bytes in the shim's configuration"));
  }
  if (process.unseen_graph_launches > 0) {
    lines.line("unseen", terminal.yellow(format_count(process.unseen_graph_launches, "launch") +
                                         " of graphs instantiated out of sight"));
  }
  std::size_t shown = 0;
  for (const auto& [key, count] : process.deviations) {
    if (++shown > kDeviationsShown) break;
    lines.line(shown == 1 ? "deviations" : "", terminal.yellow(deviation_name(key.first)) + ": " +
                                                   key.second + " (" + format_count(count) + "×)");
  }
  if (process.deviations.size() > kDeviationsShown) {
    lines.line("",
               format_count(process.deviations.size() - kDeviationsShown) + " more sorts (--json)");
  }
}

void print_machine(Lines& lines, const ProcessFacts& process) {
  const trace::ProcessRecord& fixed = process.process;
  if (fixed.rank >= 0) {
    lines.line("rank", std::to_string(fixed.rank) + " of " + std::to_string(fixed.world_size));
  }
  for (const DeviceFacts& device : process.devices) {
    lines.line("GPU " + std::to_string(device.ordinal),
               device.name + ", compute capability " + std::to_string(device.cc_major) + '.' +
                   std::to_string(device.cc_minor) + ", " + std::to_string(device.sm_count) +
                   " SMs, " + format_bytes(device.memory_bytes));
  }
  lines.line("driver", "CUDA " + format_cuda_version(fixed.driver_version));
}

void print_work(Lines& lines, const ProcessFacts& process) {
  const double span = process.clock.duration(process.last_ticks - process.first_ticks);
  lines.line("time", format_unix_time(process.read.start_unix_ns) + ", " + format_duration(span) +
                         " from first to last call, " +
                         format_duration(process.clock.duration(process.host_ticks)) +
                         " spent in launch calls");
  lines.line("kernels run", work(process.executed(), process.launches, process.graph_launches));
  if (process.failed_graph_launches > 0) {
    lines.line("failed", format_count(process.failed_graph_launches, "graph launch"));
  }
  lines.line("from", format_count(process.threads.size(), "thread") + ", " +
                         format_count(process.streams, "stream") + ", " +
                         format_count(process.contexts, "context"));
  lines.line("code", format_count(process.loads, "load") + ", " +
                         format_count(process.images, "image") + " stored (" +
                         format_bytes(process.image_bytes) + ')');
}

void print_process(const Context& context, const ProcessFacts& process) {
  Lines lines(context);
  lines.heading(title_of(process));
  if (process.read.status != trace::ReadStatus::Complete) {
    lines.line("log", context.terminal.yellow(to_string(process.read.status)));
  }
  print_machine(lines, process);
  print_work(lines, process);
  print_memory(lines, process.memory);
  print_windows(context, lines, process);
  print_calls(lines, process);
  print_losses(context, lines, process);
}

void print_graphs(const Context& context, const CaptureFacts& capture) {
  std::vector<const GraphFacts*> graphs;
  for (const ProcessFacts& process : capture.processes) {
    for (const GraphFacts& graph : process.graphs) graphs.push_back(&graph);
  }
  if (graphs.empty()) return;
  std::stable_sort(graphs.begin(), graphs.end(),
                   [](const auto* a, const auto* b) { return a->launches > b->launches; });
  Lines(context).heading("Graphs (" + format_count(graphs.size()) + ")");
  Table table({{"launches"},
               {"kernel nodes"},
               {"revisions"},
               {"node updates"},
               {"nodes", Table::Align::Left}});
  for (std::size_t i = 0; i < std::min(graphs.size(), kGraphsShown); ++i) {
    std::string types;
    for (const auto& [type, count] : graphs[i]->types) {
      types += (types.empty() ? "" : ", ") + std::to_string(count) + ' ' + node_type_name(type);
    }
    table.add({format_count(graphs[i]->launches), format_count(graphs[i]->kernel_nodes),
               format_count(graphs[i]->revisions), format_count(graphs[i]->updates), types});
  }
  table.print(context.out, context.terminal, 2);
  if (graphs.size() > kGraphsShown) {
    context.out << "  … " << format_count(graphs.size() - kGraphsShown) << " more (--json)\n";
  }
}

void print_kernels(const Context& context, const CaptureFacts& capture) {
  std::vector<KernelRow> rows = kernel_rows(capture);
  if (rows.empty()) return;
  sort_rows(rows, SortKey::Launches);
  const std::uint64_t all = capture.executed();
  Lines(context).heading("Kernels (" + format_count(rows.size()) + ")");
  Table table({{"run"}, {"share"}, {"by graphs"}, {"grids"}, {"kernel", Table::Align::Left}});
  for (std::size_t i = 0; i < std::min(rows.size(), kKernelsShown); ++i) {
    const KernelRow& row = rows[i];
    const std::string mark = row.filtered ? "(filtered) " : row.uncountable ? "(at least) " : "";
    table.add({format_count(row.executed()), format_share(row.executed(), all),
               format_count(row.graph), format_count(row.grids()),
               mark + short_name(demangle(row.name))});
  }
  table.print(context.out, context.terminal, 2);
  if (rows.size() > kKernelsShown) {
    context.out << "  … " << format_count(rows.size() - kKernelsShown) << " more: fib ls "
                << capture.path << '\n';
  }
}

class InfoVerb : public Verb {
 public:
  std::string name() const override { return "info"; }
  std::string summary() const override { return "Tell what a capture holds"; }
  std::string details() const override {
    return "Processes, GPUs, kernels, graphs, memory, windows, what deviates and what was\n"
           "dropped.\n"
           "CAPTURE is the directory of a capture, or of one process in it. A log that was\n"
           "cut or damaged gives what it holds, and a warning.";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("")->required();
    app.add_flag("--json", json_, "Print everything as one JSON object");
  }
  int run(const Context& context) override {
    const CaptureFacts capture = read_capture(path_);
    if (json_) {
      context.out << to_text(to_json(capture), 2) << '\n';
      return 0;
    }
    print_totals(context, capture);
    for (const ProcessFacts& process : capture.processes) print_process(context, process);
    print_graphs(context, capture);
    print_kernels(context, capture);
    return 0;
  }

 private:
  std::string path_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_info_verb() { return std::make_unique<InfoVerb>(); }

}  // namespace fib::cli
