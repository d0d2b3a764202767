// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "judge/report/html_table.h"
#include "judge/report/plots.h"
#include "judge/report/sections.h"
#include "judge/report/text.h"

namespace fib::judge {
namespace {

constexpr std::size_t kNameLength = 160;

std::string count_of(std::uint64_t count) { return count_text(static_cast<double>(count)); }

TableCell count_cell(std::uint64_t count) {
  return number_cell(static_cast<double>(count), count_of(count));
}

TableCell share_cell(double part, double whole) {
  if (!(whole > 0)) return number_cell(std::nullopt, "");
  TableCell cell = number_cell(part / whole, percent_text(part / whole));
  cell.content += share_bar(part / whole);
  return cell;
}

double gpu_ms(const EngineFacts& engine) {
  double sum = 0;
  for (const EngineKernel& kernel : engine.kernels) sum += kernel.gpu_ms.value_or(0);
  return sum;
}

std::string shapes_text(const EngineKernel& kernel) {
  std::string text;
  for (const EngineShape& shape : kernel.shapes)
    text += (text.empty() ? "" : "; ") + shape.grid + " of " + shape.block + " (" +
            count_of(shape.executed) + ")";
  if (kernel.shape_count > kernel.shapes.size())
    text += "; " + count_of(kernel.shape_count - kernel.shapes.size()) + " more";
  return text;
}

std::string definitions_text(const EngineKernel& kernel) {
  std::string text;
  for (const auto& [name, launches] : kernel.definitions) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "–" : text;
}

Markup kernel_table(const EngineFacts& engine, CommandRef command) {
  const double whole = gpu_ms(engine);
  HtmlTable table("Kernels", {{"kernel", false, ""},
                              {"share of GPU time", true, "of all kernels with a known GPU time"},
                              {"GPU time", true, engine.gpu_source},
                              {"measured runs", true, "executions behind the GPU time"},
                              {"runs", true, "executions in the whole recording"},
                              {"in graphs", true, "of these by launches of CUDA graphs"},
                              {"Definition", false, "whose bindings match"},
                              {"grid of block (runs)", false, "launch geometry"}});
  for (const EngineKernel& kernel : engine.kernels) {
    const bool timed = kernel.gpu_ms.has_value();
    table.add({long_cell(shortened(kernel.name, kNameLength)),
               timed ? share_cell(*kernel.gpu_ms, whole) : number_cell(std::nullopt, ""),
               number_cell(kernel.gpu_ms, timed ? time_text(*kernel.gpu_ms) : ""),
               timed ? count_cell(kernel.measured) : number_cell(std::nullopt, ""),
               count_cell(kernel.executed), count_cell(kernel.in_graphs),
               text_cell(definitions_text(kernel)), long_cell(shapes_text(kernel))},
              command);
  }
  return table.markup();
}

struct DefinitionTotal {
  std::uint64_t launches = 0;
  double gpu_ms = 0;
};

/// Of a kernel that only partly belongs to a Definition, its time by the share of launches.
std::map<std::string, DefinitionTotal> definition_totals(const EngineFacts& engine) {
  std::map<std::string, DefinitionTotal> totals;
  for (const EngineKernel& kernel : engine.kernels) {
    std::uint64_t matched = 0;
    const auto add = [&](const std::string& name, std::uint64_t launches) {
      const double share = kernel.executed == 0 ? 0
                                                : static_cast<double>(launches) /
                                                      static_cast<double>(kernel.executed);
      totals[name].launches += launches;
      totals[name].gpu_ms += kernel.gpu_ms.value_or(0) * share;
      matched += launches;
    };
    for (const auto& [name, launches] : kernel.definitions) add(name, launches);
    if (matched < kernel.executed) add("(none)", kernel.executed - matched);
  }
  return totals;
}

Markup definition_table(const EngineFacts& engine, CommandRef command) {
  const double whole = gpu_ms(engine);
  HtmlTable table("Definitions", {{"Definition", false, ""},
                                  {"share of GPU time", true, "of all kernels with a known time"},
                                  {"GPU time", true, engine.gpu_source},
                                  {"runs", true, "launches that bindings of it match"},
                                  {"share of runs", true, ""}});
  for (const auto& [name, total] : definition_totals(engine)) {
    const bool timed = total.gpu_ms > 0;
    table.add(
        {text_cell(name), timed ? share_cell(total.gpu_ms, whole) : number_cell(std::nullopt, ""),
         number_cell(timed ? std::optional(total.gpu_ms) : std::nullopt, time_text(total.gpu_ms)),
         count_cell(total.launches),
         share_cell(static_cast<double>(total.launches), static_cast<double>(engine.executed))},
        command);
  }
  return table.markup();
}

Markup gap_table(const EngineBubbles& bubbles, CommandRef command) {
  HtmlTable table("Longest gaps between kernels",
                  {{"at", true, "from the window's begin"},
                   {"gap", true, ""},
                   {"because", false, "host: the launch came late; order: it waited"},
                   {"after", false, ""},
                   {"before", false, ""}});
  for (const EngineBubbles::Gap& gap : bubbles.longest)
    table.add(
        {number_cell(gap.start_ms, time_text(gap.start_ms)), number_cell(gap.ms, time_text(gap.ms)),
         text_cell(gap.host_late ? "host" : "order"), long_cell(shortened(gap.after, kNameLength)),
         long_cell(shortened(gap.before, kNameLength))},
        command);
  return table.empty() ? Markup() : table.markup();
}

Markup bubbles_part(const ReportInput& input, const EngineBubbles& bubbles, Commands& commands) {
  std::vector<std::string> words = {"fib", "timeline", input.capture, "--replay", input.replay};
  if (!input.process.empty()) words.insert(words.end(), {"--process", input.process});
  const CommandRef command = commands.add(words);
  Markup tiles =
      tile(bubbles.span_ms > 0 ? percent_text(bubbles.busy_ms / bubbles.span_ms) : "–",
           "of " + time_text(bubbles.span_ms) + " a kernel runs (modelled order)", command);
  tiles += tile(time_text(bubbles.gap_ms),
                "in " + count_of(bubbles.gaps) + " gaps; " + time_text(bubbles.host_gap_ms) +
                    " because the host was late",
                command);
  if (bubbles.speedup_bound)
    tiles += tile(figure_text(*bubbles.speedup_bound) + " ×", "as fast without any gap, at best",
                  command);
  if (bubbles.steps > 0)
    tiles += tile(time_text(bubbles.step_ms),
                  "a step, of " + count_of(bubbles.step_kernels) + " kernels", command);
  Markup part = element("h3", "Gaps") + element("div", {{"class", "tiles"}}, tiles);
  if (bubbles.paused)
    part += paragraph("The window was recorded with verify=launch: its gaps are the recorder's.");
  return part + gap_table(bubbles, command);
}

/// What prints the numbers of the engine's tables.
CommandRef engine_command(const ReportInput& input, Commands& commands) {
  std::vector<std::string> words = {"fib", "report", input.capture};
  if (!input.registry.empty()) words.insert(words.end(), {"--registry", input.registry});
  if (!input.replay.empty()) words.insert(words.end(), {"--replay", input.replay});
  words.insert(words.end(), {"--json", "-"});
  return commands.add(words);
}

Markup tiles_of(const EngineFacts& engine, CommandRef command) {
  const EngineGraphs& graphs = engine.graphs;
  Markup tiles = tile(count_of(engine.executed), "kernels ran", command);
  tiles += tile(count_of(engine.kernels.size()), "different ones", command);
  tiles += tile(count_of(graphs.launches),
                "launches of " + count_of(graphs.graphs) + " CUDA graphs with " +
                    count_of(graphs.kernel_nodes) + " kernels in " + count_of(graphs.nodes) +
                    " nodes, " + count_of(graphs.conditional) + " conditional",
                command);
  if (engine.deviations + engine.dropped > 0)
    tiles += tile(count_of(engine.deviations + engine.dropped), "things that the recording lacks",
                  command);
  return element("div", {{"class", "tiles"}}, tiles);
}

}  // namespace

Markup engine_section(const ReportInput& input, Commands& commands) {
  if (!input.engine) return {};
  const EngineFacts& engine = *input.engine;
  const CommandRef info = commands.add({"fib", "info", input.capture});
  Markup content = tiles_of(engine, info);
  Markup processes;
  for (const std::string& process : engine.processes)
    processes += element("li", shortened(process, 300));
  content += element("ul", processes);
  for (const std::string& gpu : engine.gpus) content += paragraph("Recorded on " + gpu + ".");
  content += paragraph(engine.gpu_source.empty()
                           ? "GPU times are not known: a capture has none. `fib replay --json` "
                             "measures them, and --replay takes what it wrote."
                           : "GPU times: " + engine.gpu_source + ".");
  const CommandRef numbers = engine_command(input, commands);
  if (!input.registry.empty()) content += definition_table(engine, numbers);
  content += kernel_table(engine, numbers);
  if (engine.bubbles) content += bubbles_part(input, *engine.bubbles, commands);
  return section("engine", "What the engine runs", content);
}

}  // namespace fib::judge
