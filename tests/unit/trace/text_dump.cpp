// SPDX-License-Identifier: Apache-2.0
#include "text_dump.h"

#include <cstdio>

#include "trace/capture.h"

namespace fib::trace::testing {
namespace {

std::string hex(Bytes bytes) {
  std::string text;
  char pair[3];
  for (const std::byte byte : bytes) {
    std::snprintf(pair, sizeof pair, "%02x", std::to_integer<unsigned>(byte));
    text += pair;
  }
  return text.empty() ? "-" : text;
}

/// Text of a log may hold anything: quotes and what is not printable are escaped.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  char escape[5];
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out += c;
      continue;
    }
    std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(c));
    out += escape;
  }
  return out + '"';
}

template <typename T>
std::string list(const T& values) {
  std::string text;
  for (const auto value : values) {
    if (!text.empty()) text += ',';
    text += std::to_string(value);
  }
  return text;
}

template <typename T>
Bytes octets(const T& array) {
  return std::as_bytes(std::span(array));
}

std::string head(const RecordHeader& header) {
  return " time=" + std::to_string(header.time) + " flags=" + std::to_string(header.flags);
}

}  // namespace

void TextDump::on_process(const Process& process) {
  const ProcessRecord& it = process.fixed;
  out_ << "process pid=" << it.pid << " parent=" << it.parent_pid << " rank=" << it.rank
       << " local_rank=" << it.local_rank << " world_size=" << it.world_size
       << " driver=" << it.driver_version << " ticks_per_second=" << it.ticks_per_second;
  for (const auto& [key, value] : process.strings)
    out_ << ' ' << quoted(key) << '=' << quoted(value);
  out_ << '\n';
}

void TextDump::on_clock(const Clock& clock) {
  out_ << "clock ticks=" << clock.ticks << " unix_ns=" << clock.fixed.unix_ns
       << " monotonic_ns=" << clock.fixed.monotonic_ns << '\n';
}

void TextDump::on_api(const Api& api) {
  out_ << "api " << api.api << ' ' << quoted(api.name) << ' ' << quoted(api.args) << '\n';
}

void TextDump::on_device(const Device& device) {
  const DeviceRecord& it = device.fixed;
  out_ << "device " << it.ordinal << " cc=" << it.cc_major << '.' << it.cc_minor
       << " sms=" << it.sm_count << " uuid=" << hex(octets(it.uuid))
       << " memory=" << it.memory_bytes << ' ' << quoted(device.name) << '\n';
}

void TextDump::on_context(const Context& context) {
  out_ << "context " << context.fixed.handle << " device=" << context.fixed.device;
  for (const auto& it : context.limits) out_ << " limit" << it.limit << '=' << it.value;
  out_ << '\n';
}

void TextDump::on_load(const Load& load) {
  const LoadRecord& it = load.fixed;
  out_ << "load " << it.load << head(load.header) << " api=" << it.api << " kind=" << it.kind
       << " handle=" << it.handle << " address=" << it.address << " bytes=" << it.bytes
       << " context=" << it.context;
  for (const auto& option : load.options) out_ << " jit" << option.option << '=' << option.value;
  for (const auto& option : load.library_options) {
    out_ << " library" << option.option << '=' << option.value;
  }
  out_ << ' ' << quoted(load.path) << '\n';
}

void TextDump::on_image(const Image& image) {
  const ImageRecord& it = image.fixed;
  out_ << "image load=" << it.load << " part=" << it.part << " hash=" << hex(octets(it.hash))
       << " bytes=" << it.bytes << " kind=" << it.kind << '\n';
}

void TextDump::on_kernel(const Kernel& kernel) {
  const KernelRecord& it = kernel.fixed;
  out_ << "kernel " << it.kernel << head(kernel.header) << " load=" << it.load
       << " handle=" << it.handle << " param_bytes=" << it.param_bytes << " params=";
  for (const auto& param : kernel.params) out_ << '[' << param.offset << '+' << param.bytes << ']';
  for (const auto& attribute : kernel.attributes) {
    out_ << " attribute" << attribute.attribute << '=' << attribute.value;
  }
  out_ << ' ' << quoted(kernel.name) << '\n';
}

void TextDump::attributes(const std::vector<LaunchAttribute>& attributes) {
  for (const auto& it : attributes) out_ << " attribute" << it.id << '=' << hex(it.value);
}

void TextDump::node(const Node& node) {
  const GraphNode& it = node.fixed;
  out_ << "  node type=" << it.type << " flags=" << it.flags << " handle=" << it.handle
       << " parent=" << it.parent << " kernel=" << node.kernel.kernel
       << " grid=" << list(node.kernel.grid) << " block=" << list(node.kernel.block)
       << " shared=" << node.kernel.shared_bytes << " params=" << hex(node.params);
  attributes(node.attributes);
  out_ << '\n';
}

void TextDump::on_graph(const Graph& graph) {
  const GraphRecord& it = graph.fixed;
  out_ << "graph exec=" << it.exec << head(graph.header) << " revision=" << it.revision
       << " exec_handle=" << it.exec_handle << " graph_handle=" << it.graph_handle
       << " graph_flags=" << it.flags << '\n';
  for (const auto& one : graph.nodes) node(one);
  for (const auto& edge : graph.edges) {
    out_ << "  edge " << edge.from << ':' << +edge.from_port << " -> " << edge.to << ':'
         << +edge.to_port << " type=" << +edge.type << '\n';
  }
}

void TextDump::on_graph_update(const GraphUpdate& update) {
  out_ << "graph_update exec=" << update.fixed.exec << head(update.header) << '\n';
  node(update.node);
}

void TextDump::on_thread(const Thread& thread) {
  out_ << "thread " << thread.fixed.thread << " tid=" << thread.fixed.tid << ' '
       << quoted(thread.name) << '\n';
}

void TextDump::on_deviation(const DeviationNote& note) {
  out_ << "deviation " << note.code << head(note.header) << ' ' << quoted(note.text) << '\n';
}

void TextDump::on_drops(const Drops& drops) {
  out_ << "drops thread=" << drops.fixed.thread << " records=" << drops.fixed.records
       << " bytes=" << drops.fixed.bytes << " launches=" << drops.fixed.launches << '\n';
}

void TextDump::on_launch(std::uint32_t thread, const Launch& launch) {
  const LaunchRecord& it = launch.fixed;
  out_ << "launch thread=" << thread << head(launch.header) << " kernel=" << it.kernel
       << " duration=" << it.duration << " grid=" << list(it.grid) << " block=" << list(it.block)
       << " shared=" << it.shared_bytes << " result=" << it.result << " stream=" << it.stream
       << " context=" << it.context << " capture=" << it.capture << " api=" << it.api
       << " params=" << hex(launch.params);
  attributes(launch.attributes);
  out_ << '\n';
}

void TextDump::on_graph_launch(std::uint32_t thread, const GraphLaunch& launch) {
  const GraphLaunchRecord& it = launch.fixed;
  out_ << "graph_launch thread=" << thread << head(launch.header) << " exec=" << it.exec
       << " duration=" << it.duration << " exec_handle=" << it.exec_handle
       << " stream=" << it.stream << " context=" << it.context << " result=" << it.result
       << " api=" << it.api << '\n';
}

void TextDump::on_call(std::uint32_t thread, const Call& call) {
  const CallRecord& it = call.fixed;
  out_ << "call thread=" << thread << head(call.header) << " api=" << it.api
       << " result=" << it.result << " duration=" << it.duration << " context=" << it.context
       << " words=" << list(call.words) << " blobs=" << hex(call.blobs) << '\n';
}

void TextDump::on_window(const Window& window) {
  const WindowRecord& it = window.fixed;
  out_ << "window " << it.window << head(window.header) << " phase=" << it.phase
       << " reason=" << it.reason << " pause_ns=" << it.pause_ns << " live_bytes=" << it.live_bytes
       << " pages=" << it.pages << " stored_pages=" << it.stored_pages
       << " stored_bytes=" << it.stored_bytes << " verify=" << it.verify << ' '
       << quoted(window.text) << '\n';
}

void TextDump::on_region(const Region& region) {
  const RegionRecord& it = region.fixed;
  out_ << "region " << it.region << head(region.header) << " window=" << it.window
       << " kind=" << it.kind << " address=" << it.address << " bytes=" << it.bytes
       << " context=" << it.context << " handle=" << it.handle << " host=" << it.host_address
       << " offset=" << it.offset << " device=" << it.device << " flags=" << it.flags
       << " load=" << it.load << ' ' << quoted(region.name) << '\n';
}

void TextDump::hashes(std::span<const Hash> hashes) {
  for (const Hash& hash : hashes) out_ << ' ' << hex(octets(hash));
}

void TextDump::on_page_hashes(const PageHashes& pages) {
  const PageHashesRecord& it = pages.fixed;
  out_ << "page_hashes" << head(pages.header) << " window=" << it.window << " region=" << it.region
       << " point=" << it.point << " phase=" << it.phase;
  for (const HashRun& run : pages.runs) {
    out_ << " from " << run.first << ':';
    hashes(run.hashes);
  }
  out_ << '\n';
}

void TextDump::on_stream(const Stream& stream) {
  const StreamRecord& it = stream.fixed;
  out_ << "stream " << it.handle << " window=" << it.window << " flags=" << it.flags
       << " context=" << it.context << " priority=" << it.priority << '\n';
}

void TextDump::on_payload(std::uint32_t thread, const Payload& payload) {
  const PayloadRecord& it = payload.fixed;
  out_ << "payload thread=" << thread << head(payload.header) << " kind=" << it.kind
       << " address=" << it.address << " bytes=" << it.bytes;
  hashes(payload.hashes);
  out_ << '\n';
}

void TextDump::on_point(std::uint32_t thread, const Point& point) {
  const PointRecord& it = point.fixed;
  out_ << "point " << it.point << head(point.header) << " thread=" << thread << " kind=" << it.kind
       << " effect=" << it.effect << " changed_pages=" << it.changed_pages << '\n';
}

void TextDump::on_end(const EndPayload& end) {
  out_ << "end records=" << end.records << " launches=" << end.launches
       << " dropped_records=" << end.dropped_records << " dropped_launches=" << end.dropped_launches
       << '\n';
}

const char* status_name(ReadStatus status) {
  switch (status) {
    case ReadStatus::Complete: return "complete";
    case ReadStatus::Unclosed: return "unclosed";
    case ReadStatus::Truncated: return "truncated";
    case ReadStatus::Damaged: return "damaged";
    case ReadStatus::Refused: return "refused";
  }
  return "?";
}

namespace {

std::string summary(const ReadResult& result) {
  std::ostringstream out;
  out << "read: " << status_name(result.status) << " version=" << result.version
      << " start_unix_ns=" << result.start_unix_ns << " chunks=" << result.chunks
      << " damaged=" << result.damaged_chunks << " records=" << result.records
      << " unknown=" << result.unknown_records << " raw_bytes=" << result.raw_bytes << '\n';
  return out.str();
}

}  // namespace

std::string dump_log(Bytes bytes) {
  TextDump dump;
  const ReadResult result = read_log(bytes, "log.fib", dump);
  return dump.text() + summary(result);
}

std::string dump_capture(const std::filesystem::path& directory) {
  std::string text;
  for (const auto& process : open_capture(directory).processes) {
    TextDump dump;
    const ReadResult result = read_log_file(process.log, dump);
    text += "== " + process.name + (process.closed ? "" : " (partial)") + '\n';
    text += dump.text() + summary(result);
  }
  return text;
}

}  // namespace fib::trace::testing
