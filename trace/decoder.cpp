// SPDX-License-Identifier: Apache-2.0
#include "trace/decoder.h"

#include "trace/cursor.h"

namespace fib::trace {
namespace {

bool decode_attributes(Cursor& in, std::vector<LaunchAttribute>& attributes, std::uint32_t count) {
  if (count > in.remaining() / kLaunchAttributeBytes) return false;
  attributes.resize(count);
  for (auto& attribute : attributes) {
    std::uint32_t reserved = 0;
    if (!in.pod(attribute.id) || !in.pod(reserved)) return false;
    if (!in.bytes(attribute.value, kLaunchAttributeBytes - 8)) return false;
  }
  return true;
}

bool decode(Cursor& in, Process& process) {
  if (!in.pod(process.fixed)) return false;
  // Each pair takes at least its two lengths.
  if (process.fixed.string_count > in.remaining() / 8) return false;
  process.strings.resize(process.fixed.string_count);
  for (auto& [key, value] : process.strings) {
    std::uint32_t bytes = 0;
    if (!in.pod(bytes) || !in.text(key, bytes)) return false;
    if (!in.pod(bytes) || !in.text(value, bytes)) return false;
  }
  return true;
}

bool decode(Cursor& in, Clock& clock) { return in.pod(clock.fixed); }

bool decode(Cursor& in, Api& api) {
  ApiRecord fixed;
  if (!in.pod(fixed)) return false;
  api.api = fixed.api;
  return in.text(api.name, fixed.name_bytes) && in.text(api.args, fixed.args_bytes);
}

bool decode(Cursor& in, Device& device) {
  return in.pod(device.fixed) && in.text(device.name, device.fixed.name_bytes);
}

bool decode(Cursor& in, Context& context) {
  return in.pod(context.fixed) && in.array(context.limits, context.fixed.limit_count);
}

bool decode(Cursor& in, Load& load) {
  return in.pod(load.fixed) && in.array(load.options, load.fixed.option_count) &&
         in.array(load.library_options, load.fixed.library_option_count) &&
         in.text(load.path, load.fixed.path_bytes);
}

bool decode(Cursor& in, Image& image) { return in.pod(image.fixed); }

bool decode(Cursor& in, Kernel& kernel) {
  return in.pod(kernel.fixed) && in.array(kernel.params, kernel.fixed.param_count) &&
         in.array(kernel.attributes, kernel.fixed.attribute_count) &&
         in.text(kernel.name, kernel.fixed.name_bytes);
}

bool decode(Cursor& in, Launch& launch) {
  return in.pod(launch.fixed) && in.bytes(launch.params, launch.fixed.param_bytes) && in.align() &&
         decode_attributes(in, launch.attributes, launch.fixed.attribute_count);
}

bool decode_kernel_node(Cursor& in, Node& node) {
  // A node whose parameters the driver would not tell has no payload.
  if (in.remaining() == 0) return (node.fixed.flags & kNodeParamsUnknown) != 0;
  return in.pod(node.kernel) && in.bytes(node.params, node.kernel.param_bytes) && in.align() &&
         decode_attributes(in, node.attributes, node.kernel.attribute_count);
}

bool decode(Cursor& in, Node& node) {
  if (!in.pod(node.fixed)) return false;
  if (node.fixed.bytes < sizeof(GraphNode) || node.fixed.bytes % 8 != 0) return false;
  Bytes payload;
  if (!in.bytes(payload, node.fixed.bytes - std::uint32_t{sizeof(GraphNode)})) return false;
  if (node.fixed.type != kKernelNodeType) {
    node.params = payload;
    return true;
  }
  Cursor inner(payload);
  return decode_kernel_node(inner, node);
}

bool decode(Cursor& in, Graph& graph) {
  if (!in.pod(graph.fixed)) return false;
  if (graph.fixed.node_count > in.remaining() / sizeof(GraphNode)) return false;
  graph.nodes.resize(graph.fixed.node_count);
  for (auto& node : graph.nodes) {
    if (!decode(in, node)) return false;
  }
  return in.array(graph.edges, graph.fixed.edge_count);
}

bool decode(Cursor& in, GraphUpdate& update) {
  return in.pod(update.fixed) && decode(in, update.node);
}

bool decode(Cursor& in, GraphLaunch& launch) { return in.pod(launch.fixed); }

bool decode(Cursor& in, Call& call) {
  return in.pod(call.fixed) && in.array(call.words, call.fixed.word_count) &&
         in.bytes(call.blobs, call.fixed.blob_bytes);
}

bool decode(Cursor& in, DeviationNote& note) {
  DeviationRecord fixed;
  if (!in.pod(fixed)) return false;
  note.code = fixed.code;
  return in.text(note.text, fixed.text_bytes);
}

bool decode(Cursor& in, Drops& drops) { return in.pod(drops.fixed); }

bool decode(Cursor& in, Thread& thread) {
  return in.pod(thread.fixed) && in.text(thread.name, thread.fixed.name_bytes);
}

bool decode(Cursor& in, Window& window) {
  return in.pod(window.fixed) && in.text(window.text, window.fixed.text_bytes);
}

bool decode(Cursor& in, Region& region) {
  return in.pod(region.fixed) && in.text(region.name, region.fixed.name_bytes);
}

bool decode_hashes(Cursor& in, std::span<const Hash>& hashes, std::uint32_t count) {
  static_assert(sizeof(Hash) == 16 && alignof(Hash) == 1);
  if (count > in.remaining() / sizeof(Hash)) return false;
  Bytes raw;
  if (!in.bytes(raw, count * std::uint32_t{sizeof(Hash)})) return false;
  hashes = {reinterpret_cast<const Hash*>(raw.data()), count};
  return true;
}

bool decode(Cursor& in, PageHashes& pages) {
  if (!in.pod(pages.fixed)) return false;
  if (pages.fixed.run_count > in.remaining() / sizeof(PageRun)) return false;
  pages.runs.resize(pages.fixed.run_count);
  for (HashRun& run : pages.runs) {
    PageRun fixed;
    if (!in.pod(fixed) || !decode_hashes(in, run.hashes, fixed.count)) return false;
    run.first = fixed.first;
  }
  return true;
}

bool decode(Cursor& in, Stream& stream) { return in.pod(stream.fixed); }

bool decode(Cursor& in, Payload& payload) {
  return in.pod(payload.fixed) && decode_hashes(in, payload.hashes, payload.fixed.hash_count);
}

bool decode(Cursor& in, Point& point) { return in.pod(point.fixed); }

/// Decodes into `record` and, if that went well, hands it over.
template <typename Record, typename Deliver>
DecodeStatus finish(const RecordHeader& header, Cursor& in, Record& record, Deliver&& deliver) {
  if constexpr (requires { record.header; }) record.header = header;
  if constexpr (requires { record.ticks; }) record.ticks = header.time;
  if (!decode(in, record)) return DecodeStatus::Malformed;
  deliver(record);
  return DecodeStatus::Delivered;
}

template <typename Record>
DecodeStatus define(const RecordHeader& header, Cursor& in, Visitor& visitor,
                    void (Visitor::*deliver)(const Record&)) {
  Record record{};
  return finish(header, in, record, [&](const Record& done) { (visitor.*deliver)(done); });
}

}  // namespace

DecodeStatus Decoder::decode(std::uint32_t thread, Bytes record) {
  Cursor in(record);
  RecordHeader header;
  if (!in.pod(header)) return DecodeStatus::Malformed;
  Visitor& to = visitor_;
  switch (static_cast<RecordType>(header.type)) {
    case RecordType::Pad: return DecodeStatus::Skipped;
    case RecordType::Process: return define(header, in, to, &Visitor::on_process);
    case RecordType::Clock: return define(header, in, to, &Visitor::on_clock);
    case RecordType::Api: return define(header, in, to, &Visitor::on_api);
    case RecordType::Device: return define(header, in, to, &Visitor::on_device);
    case RecordType::Context: return define(header, in, to, &Visitor::on_context);
    case RecordType::Load: return define(header, in, to, &Visitor::on_load);
    case RecordType::Image: return define(header, in, to, &Visitor::on_image);
    case RecordType::Kernel: return define(header, in, to, &Visitor::on_kernel);
    case RecordType::Graph: return define(header, in, to, &Visitor::on_graph);
    case RecordType::GraphUpdate: return define(header, in, to, &Visitor::on_graph_update);
    case RecordType::Deviation: return define(header, in, to, &Visitor::on_deviation);
    case RecordType::Drops: return define(header, in, to, &Visitor::on_drops);
    case RecordType::Thread: return define(header, in, to, &Visitor::on_thread);
    case RecordType::Window: return define(header, in, to, &Visitor::on_window);
    case RecordType::Region: return define(header, in, to, &Visitor::on_region);
    case RecordType::PageHashes: return define(header, in, to, &Visitor::on_page_hashes);
    case RecordType::Stream: return define(header, in, to, &Visitor::on_stream);
    case RecordType::Payload: {
      Payload payload{};
      return finish(header, in, payload, [&](const Payload& it) { to.on_payload(thread, it); });
    }
    case RecordType::Point: {
      Point point{};
      return finish(header, in, point, [&](const Point& it) { to.on_point(thread, it); });
    }
    case RecordType::Launch:
      return finish(header, in, launch_, [&](const Launch& it) { to.on_launch(thread, it); });
    case RecordType::GraphLaunch: {
      GraphLaunch launch{};
      return finish(header, in, launch,
                    [&](const GraphLaunch& it) { to.on_graph_launch(thread, it); });
    }
    case RecordType::Call:
      return finish(header, in, call_, [&](const Call& it) { to.on_call(thread, it); });
  }
  return DecodeStatus::Unknown;
}

}  // namespace fib::trace
