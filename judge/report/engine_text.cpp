// SPDX-License-Identifier: Apache-2.0
#include "judge/report/engine_text.h"

#include "judge/report/text.h"

namespace fib::judge {
namespace {

using registry::Json;

constexpr std::size_t kKernelsShown = 20, kNameLength = 100;

std::string count_of(std::uint64_t count) { return count_text(static_cast<double>(count)); }

Json kernel_json(const EngineKernel& kernel) {
  Json shapes = Json::array(), definitions = Json::object();
  for (const EngineShape& shape : kernel.shapes)
    shapes.push_back({{"grid", shape.grid}, {"block", shape.block}, {"runs", shape.executed}});
  for (const auto& [name, launches] : kernel.definitions) definitions[name] = launches;
  return {{"kernel", kernel.name},
          {"runs", kernel.executed},
          {"in_graphs", kernel.in_graphs},
          {"gpu_ms", kernel.gpu_ms ? Json(*kernel.gpu_ms) : Json()},
          {"measured_runs", kernel.measured},
          {"definitions", std::move(definitions)},
          {"shapes", std::move(shapes)},
          {"shape_count", kernel.shape_count}};
}

Json bubbles_json(const EngineBubbles& bubbles) {
  return {{"span_ms", bubbles.span_ms},
          {"busy_ms", bubbles.busy_ms},
          {"gaps", bubbles.gaps},
          {"gap_ms", bubbles.gap_ms},
          {"host_gaps", bubbles.host_gaps},
          {"host_gap_ms", bubbles.host_gap_ms},
          {"speedup_bound", bubbles.speedup_bound ? Json(*bubbles.speedup_bound) : Json()},
          {"recorded_with_pauses", bubbles.paused}};
}

}  // namespace

Json engine_json(const EngineFacts& engine) {
  Json kernels = Json::array();
  for (const EngineKernel& kernel : engine.kernels) kernels.push_back(kernel_json(kernel));
  return {{"gpus", engine.gpus},
          {"kernels_run", engine.executed},
          {"graphs", engine.graphs.graphs},
          {"graph_launches", engine.graphs.launches},
          {"deviations", engine.deviations},
          {"dropped_records", engine.dropped},
          {"gpu_time_source", engine.gpu_source.empty() ? "unknown" : engine.gpu_source},
          {"kernels", std::move(kernels)},
          {"bubbles", engine.bubbles ? bubbles_json(*engine.bubbles) : Json()}};
}

std::string engine_markdown(const EngineFacts& engine) {
  double whole = 0;
  for (const EngineKernel& kernel : engine.kernels) whole += kernel.gpu_ms.value_or(0);
  std::vector<std::vector<std::string>> rows;
  for (const EngineKernel& kernel : engine.kernels) {
    if (rows.size() == kKernelsShown) break;
    std::string definitions;
    for (const auto& [name, launches] : kernel.definitions)
      definitions += (definitions.empty() ? "" : ", ") + name;
    rows.push_back({markdown_escape(shortened(clean(kernel.name), kNameLength)),
                    count_of(kernel.executed),
                    kernel.gpu_ms && whole > 0 ? percent_text(*kernel.gpu_ms / whole) : "–",
                    definitions.empty() ? "–" : markdown_escape(definitions)});
  }
  std::string text = "### What the engine runs\n\n" +
                     markdown_table({"kernel", ">runs", ">share of GPU time", "definition"}, rows);
  if (engine.kernels.size() > rows.size())
    text += "\n… " + count_of(engine.kernels.size() - rows.size()) + " more kernels\n";
  return text + "\nGPU times: " +
         (engine.gpu_source.empty() ? "not known" : markdown_escape(engine.gpu_source)) + ".\n\n";
}

}  // namespace fib::judge
