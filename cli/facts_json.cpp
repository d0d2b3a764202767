// SPDX-License-Identifier: Apache-2.0
#include "cli/facts_json.h"

#include "cli/names.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

using Json = nlohmann::ordered_json;

Json memory_json(const MemoryFacts& memory) {
  Json kinds = Json::object();
  for (std::size_t i = 0; i < kMemoryKinds; ++i) {
    if (memory.allocations[i] == 0) continue;
    kinds[to_string(static_cast<MemoryKind>(i))] = {{"allocations", memory.allocations[i]},
                                                    {"live_bytes", memory.live[i]},
                                                    {"peak_bytes", memory.peak[i]}};
  }
  return {{"device_live_bytes", memory.device_live},
          {"device_peak_bytes", memory.device_peak},
          {"unmatched_frees", memory.unmatched_frees},
          {"kinds", kinds}};
}

Json graphs_json(const std::vector<GraphFacts>& graphs) {
  Json list = Json::array();
  for (const GraphFacts& graph : graphs) {
    Json types = Json::object();
    for (const auto& [type, count] : graph.types) types[node_type_name(type)] = count;
    list.push_back({{"exec", graph.exec},
                    {"launches", graph.launches},
                    {"nodes", graph.nodes},
                    {"kernel_nodes", graph.kernel_nodes},
                    {"types", types},
                    {"revisions", graph.revisions},
                    {"node_updates", graph.updates},
                    {"conditional", graph.conditional}});
  }
  return list;
}

Json windows_json(const ProcessFacts& process) {
  Json list = Json::array();
  for (const WindowFacts& window : process.windows) {
    const bool ended = window.end_ticks > 0;
    const std::uint64_t ticks = ended ? window.end_ticks - window.begin_ticks : 0;
    list.push_back({{"window", window.number},
                    {"reason", window.reason},
                    {"text", window.text},
                    {"ended", ended},
                    {"end_reason", window.end_reason},
                    {"end_text", window.end_text},
                    {"verify", verify_level_name(window.verify)},
                    {"begin_ns", process.clock.since_start(window.begin_ticks)},
                    {"span_ns", process.clock.duration(ticks)},
                    {"pause_ns", window.pause_ns},
                    {"launches", window.launches},
                    {"graph_launches", window.graph_launches},
                    {"regions", window.regions},
                    {"live_bytes", window.live_bytes},
                    {"pages", window.pages},
                    {"stored_pages", window.stored_pages},
                    {"stored_bytes", window.stored_bytes},
                    {"points", window.points},
                    {"effects", window.effects}});
  }
  return list;
}

Json devices_json(const std::vector<DeviceFacts>& devices) {
  Json list = Json::array();
  for (const DeviceFacts& device : devices) {
    list.push_back({{"ordinal", device.ordinal},
                    {"name", device.name},
                    {"compute_capability",
                     std::to_string(device.cc_major) + '.' + std::to_string(device.cc_minor)},
                    {"sm_count", device.sm_count},
                    {"memory_bytes", device.memory_bytes}});
  }
  return list;
}

Json deviations_json(const ProcessFacts& process) {
  Json list = Json::array();
  for (const auto& [key, count] : process.deviations) {
    list.push_back({{"code", key.first},
                    {"name", deviation_name(key.first)},
                    {"text", key.second},
                    {"count", count}});
  }
  return list;
}

Json log_json(const trace::ReadResult& read) {
  return {{"status", to_string(read.status)},      {"message", read.message},
          {"format_version", read.version},        {"file_bytes", read.file_bytes},
          {"raw_bytes", read.raw_bytes},           {"chunks", read.chunks},
          {"damaged_chunks", read.damaged_chunks}, {"records", read.records}};
}

}  // namespace

const char* to_string(trace::ReadStatus status) {
  switch (status) {
    case trace::ReadStatus::Complete: return "complete";
    case trace::ReadStatus::Unclosed: return "unclosed";
    case trace::ReadStatus::Truncated: return "truncated";
    case trace::ReadStatus::Damaged: return "damaged";
    case trace::ReadStatus::Refused: return "refused";
  }
  return "unknown";
}

Json to_json(const ProcessFacts& process) {
  Json strings = Json::object();
  for (const auto& [key, value] : process.strings) strings[key] = value;
  Json calls = Json::object();
  for (const auto& [api, count] : process.api_calls) calls[api] = count;
  return {{"name", process.directory},
          {"pid", process.process.pid},
          {"parent_pid", process.process.parent_pid},
          {"rank", process.process.rank},
          {"local_rank", process.process.local_rank},
          {"world_size", process.process.world_size},
          {"driver_version", process.process.driver_version},
          {"strings", strings},
          {"log", log_json(process.read)},
          {"devices", devices_json(process.devices)},
          {"start_unix_ns", process.read.start_unix_ns},
          {"span_ns", process.clock.duration(process.last_ticks - process.first_ticks)},
          {"launch_host_ns", process.clock.duration(process.host_ticks)},
          {"launches", process.launches},
          {"graph_launches", process.graph_launches},
          {"failed_graph_launches", process.failed_graph_launches},
          {"unseen_graph_launches", process.unseen_graph_launches},
          {"unmatched_graph_updates", process.unmatched_graph_updates},
          {"executed", process.executed()},
          {"param_bytes", process.param_bytes},
          {"threads", process.threads.size()},
          {"streams", process.streams},
          {"contexts", process.contexts},
          {"loads", process.loads},
          {"images", process.images},
          {"image_bytes", process.image_bytes},
          {"graphs", graphs_json(process.graphs)},
          {"memory", memory_json(process.memory)},
          {"windows", windows_json(process)},
          {"api_calls", calls},
          {"deviations", deviations_json(process)},
          {"dropped_records", process.dropped_records},
          {"dropped_launches", process.dropped_launches}};
}

Json to_json(const KernelRow& row) {
  Json shapes = Json::array();
  for (const auto& [shape, count] : row.shapes) {
    shapes.push_back({{"grid", shape.grid},
                      {"block", shape.block},
                      {"shared_bytes", shape.shared_bytes},
                      {"count", count}});
  }
  return {{"name", row.name},         {"demangled", demangle(row.name)},
          {"image", row.image},       {"executed", row.executed()},
          {"eager", row.eager},       {"graph", row.graph},
          {"captured", row.captured}, {"failed", row.failed},
          {"host_ns", row.host_ns},   {"processes", row.processes},
          {"filtered", row.filtered}, {"uncountable", row.uncountable},
          {"shapes", shapes}};
}

Json to_json(const CaptureFacts& capture) {
  Json processes = Json::array(), kernels = Json::array();
  for (const ProcessFacts& process : capture.processes) processes.push_back(to_json(process));
  std::vector<KernelRow> rows = kernel_rows(capture);
  sort_rows(rows, SortKey::Launches);
  for (const KernelRow& row : rows) kernels.push_back(to_json(row));
  return {{"path", capture.path},
          {"log_bytes", capture.log_bytes},
          {"store_bytes", capture.store_bytes},
          {"page_bytes", capture.page_bytes},
          {"bytes_per_launch", capture.bytes_per_launch()},
          {"launches", capture.sum(&ProcessFacts::launches)},
          {"graph_launches", capture.sum(&ProcessFacts::graph_launches)},
          {"executed", capture.executed()},
          {"dropped_records", capture.sum(&ProcessFacts::dropped_records)},
          {"deviations", capture.deviations()},
          {"processes", processes},
          {"kernels", kernels}};
}

std::string to_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fib::cli
