// SPDX-License-Identifier: Apache-2.0
#include "cli/dump_printer.h"

#include <cmath>

#include "cli/facts.h"
#include "cli/names.h"
#include "trace/capture.h"

namespace fib::cli {

const std::set<std::string>& dump_types() {
  static const std::set<std::string> types = {
      "process",     "clock",   "device",    "context",     "load",         "image",
      "kernel",      "graph",   "thread",    "launch",      "graph_launch", "call",
      "drops",       "end",     "window",    "region",      "stream",       "point",
      "page_hashes", "payload", "deviation", "graph_update"};
  return types;
}

// ---- parts --------------------------------------------------------------------------------------

bool DumpPrinter::begin(const char* type, std::uint32_t thread) {
  if (!options_.types.empty() && !options_.types.contains(type)) return false;
  if (options_.thread && *options_.thread != thread) return false;
  json_.clear();
  json_.begin_object().field("type", type).field("process", process_);
  if (thread != trace::kDefinitionsThread) json_.field("thread", thread);
  return true;
}

void DumpPrinter::finish() { line_(json_.end_object().text()); }

void DumpPrinter::time(std::uint64_t ticks) {
  json_.field("t", std::llround(names_.clock().since_start(ticks)));
}

void DumpPrinter::duration(std::uint64_t ticks) {
  json_.field("dur", std::llround(names_.clock().duration(ticks)));
}

void DumpPrinter::shape(const std::uint32_t (&grid)[3], const std::uint32_t (&block)[3],
                        std::uint32_t shared) {
  json_.field("grid", grid).field("block", block).field("smem", shared);
}

void DumpPrinter::attributes(const std::vector<trace::LaunchAttribute>& attributes) {
  if (attributes.empty()) return;
  json_.key("attributes").begin_array();
  for (const trace::LaunchAttribute& attribute : attributes) {
    json_.begin_object().field("id", attribute.id).key("value").bytes(attribute.value).end_object();
  }
  json_.end_array();
}

void DumpPrinter::params(trace::Bytes bytes) {
  if (options_.params) json_.key("params").bytes(bytes);
}

void DumpPrinter::options(const char* name, const std::vector<trace::LoadOption>& options) {
  if (options.empty()) return;
  json_.key(name).begin_array();
  for (const trace::LoadOption& option : options) {
    json_.begin_object().field("option", option.option).key("value").hex(option.value).end_object();
  }
  json_.end_array();
}

void DumpPrinter::node(const trace::Node& node) {
  const trace::GraphNode& fixed = node.fixed;
  json_.begin_object().field("type", node_type_name(fixed.type));
  json_.key("handle").hex(fixed.handle);
  if (fixed.parent != trace::kNoParent) json_.field("parent", fixed.parent);
  if (fixed.flags & trace::kNodeParamsUnknown) json_.field("params_unknown", true);
  if (fixed.flags & trace::kNodeConditionalBody) json_.field("conditional_body", true);
  if (fixed.type == trace::kKernelNodeType) {
    json_.field("kernel", names_.kernel(node.kernel.kernel));
    json_.field("kernel_id", node.kernel.kernel);
    shape(node.kernel.grid, node.kernel.block, node.kernel.shared_bytes);
    attributes(node.attributes);
  }
  params(node.params);
  json_.end_object();
}

void DumpPrinter::arguments(const trace::Call& call, const LogNames::Api& api) {
  const trace::CallArgs bound = trace::bind_args(api.specs, call);
  json_.key("args").begin_object();
  for (const trace::CallArg& arg : bound.args) {
    json_.key(arg.name);
    if (!arg.has_blob) {
      json_.value(arg.word);
    } else if (arg.kind == trace::ArgKind::String) {
      const std::string_view text(reinterpret_cast<const char*>(arg.blob.data()), arg.blob.size());
      json_.value(text.substr(0, text.find('\0')));
    } else if (options_.params) {
      json_.bytes(arg.blob);
    } else {
      json_.value(std::to_string(arg.word) + " bytes");
    }
  }
  json_.end_object();
  if (!bound.problem.empty()) json_.field("problem", bound.problem);
}

// ---- definitions --------------------------------------------------------------------------------

void DumpPrinter::on_process(const trace::Process& process) {
  if (!begin("process")) return;
  const trace::ProcessRecord& fixed = process.fixed;
  json_.field("pid", fixed.pid).field("parent_pid", fixed.parent_pid).field("rank", fixed.rank);
  json_.field("local_rank", fixed.local_rank).field("world_size", fixed.world_size);
  json_.field("driver_version", fixed.driver_version);
  json_.field("ticks_per_second", fixed.ticks_per_second);
  for (const auto& [key, value] : process.strings) json_.field(key, value);
  finish();
}

void DumpPrinter::on_clock(const trace::Clock& clock) {
  if (!begin("clock")) return;
  time(clock.ticks);
  json_.field("ticks", clock.ticks).field("unix_ns", clock.fixed.unix_ns);
  json_.field("monotonic_ns", clock.fixed.monotonic_ns);
  finish();
}

void DumpPrinter::on_device(const trace::Device& device) {
  if (!begin("device")) return;
  const trace::DeviceRecord& fixed = device.fixed;
  json_.field("ordinal", fixed.ordinal).field("name", device.name);
  json_.field("cc_major", fixed.cc_major).field("cc_minor", fixed.cc_minor);
  json_.field("sm_count", fixed.sm_count).field("memory_bytes", fixed.memory_bytes);
  json_.key("uuid").bytes(std::as_bytes(std::span(fixed.uuid)));
  finish();
}

void DumpPrinter::on_context(const trace::Context& context) {
  if (!begin("context")) return;
  json_.key("handle").hex(context.fixed.handle).field("device", context.fixed.device);
  json_.key("limits").begin_object();
  for (const trace::ContextLimit& limit : context.limits) {
    json_.field(std::to_string(limit.limit), limit.value);
  }
  json_.end_object();
  finish();
}

void DumpPrinter::on_load(const trace::Load& load) {
  if (!begin("load")) return;
  const trace::LoadRecord& fixed = load.fixed;
  time(load.header.time);
  json_.field("load", fixed.load).field("api", names_.api(fixed.api).name);
  json_.field("kind", fixed.kind).key("handle").hex(fixed.handle);
  json_.key("address").hex(fixed.address).field("bytes", fixed.bytes);
  json_.key("context").hex(fixed.context);
  if (!load.path.empty()) json_.field("path", load.path);
  options("jit_options", load.options);
  options("library_options", load.library_options);
  finish();
}

void DumpPrinter::on_image(const trace::Image& image) {
  if (!begin("image")) return;
  json_.field("load", image.fixed.load).field("part", image.fixed.part);
  json_.field("hash", trace::hash_hex(image.fixed.hash));
  json_.field("bytes", image.fixed.bytes).field("kind", image.fixed.kind);
  finish();
}

void DumpPrinter::on_kernel(const trace::Kernel& kernel) {
  if (options_.kernel && !options_.kernel(std::string(kernel.name))) return;
  if (!begin("kernel")) return;
  const trace::KernelRecord& fixed = kernel.fixed;
  json_.field("kernel_id", fixed.kernel).field("kernel", kernel.name);
  json_.field("demangled", demangle(kernel.name));
  json_.field("load", fixed.load).key("handle").hex(fixed.handle);
  json_.field("flags", kernel.header.flags).field("param_bytes", fixed.param_bytes);
  json_.key("param_layout").begin_array();
  for (const trace::KernelParam& param : kernel.params) {
    json_.begin_array().value(param.offset).value(param.bytes).end_array();
  }
  json_.end_array().key("attributes").begin_object();
  for (const trace::KernelAttribute& attribute : kernel.attributes) {
    json_.field(std::to_string(attribute.attribute), attribute.value);
  }
  json_.end_object();
  finish();
}

void DumpPrinter::on_graph(const trace::Graph& graph) {
  if (options_.kernel || !begin("graph")) return;
  time(graph.header.time);
  json_.field("exec", graph.fixed.exec).field("revision", graph.fixed.revision);
  json_.key("exec_handle").hex(graph.fixed.exec_handle);
  json_.key("graph_handle").hex(graph.fixed.graph_handle).field("flags", graph.fixed.flags);
  json_.key("nodes").begin_array();
  for (const trace::Node& one : graph.nodes) node(one);
  json_.end_array().key("edges").begin_array();
  for (const trace::GraphEdge& edge : graph.edges) {
    json_.begin_array().value(edge.from).value(edge.to);
    if (edge.from_port != 0 || edge.to_port != 0 || edge.type != 0) {
      json_.value(edge.from_port).value(edge.to_port).value(edge.type);
    }
    json_.end_array();
  }
  json_.end_array();
  finish();
}

void DumpPrinter::on_graph_update(const trace::GraphUpdate& update) {
  if (options_.kernel || !begin("graph_update")) return;
  time(update.header.time);
  json_.field("exec", update.fixed.exec).key("node");
  node(update.node);
  finish();
}

void DumpPrinter::on_thread(const trace::Thread& thread) {
  if (!begin("thread", thread.fixed.thread)) return;
  json_.field("tid", thread.fixed.tid).field("name", thread.name);
  finish();
}

void DumpPrinter::on_deviation(const trace::DeviationNote& note) {
  if (!begin("deviation")) return;
  time(note.header.time);
  json_.field("code", note.code).field("name", deviation_name(note.code));
  json_.field("text", note.text);
  finish();
}

void DumpPrinter::on_drops(const trace::Drops& drops) {
  if (!begin("drops", drops.fixed.thread)) return;
  json_.field("records", drops.fixed.records).field("bytes", drops.fixed.bytes);
  json_.field("launches", drops.fixed.launches);
  finish();
}

void DumpPrinter::on_end(const trace::EndPayload& end) {
  if (!begin("end")) return;
  json_.field("records", end.records).field("launches", end.launches);
  json_.field("dropped_records", end.dropped_records);
  json_.field("dropped_launches", end.dropped_launches);
  finish();
}

// ---- what threads did ---------------------------------------------------------------------------

void DumpPrinter::on_launch(std::uint32_t thread, const trace::Launch& launch) {
  const trace::LaunchRecord& fixed = launch.fixed;
  const std::string& kernel = names_.kernel(fixed.kernel);
  if (options_.kernel && !options_.kernel(kernel)) return;
  if (!begin("launch", thread)) return;
  time(launch.header.time);
  duration(fixed.duration);
  json_.field("api", names_.api(fixed.api).name);
  json_.field("kernel", kernel).field("kernel_id", fixed.kernel);
  shape(fixed.grid, fixed.block, fixed.shared_bytes);
  json_.key("stream").hex(fixed.stream).key("context").hex(fixed.context);
  json_.field("result", fixed.result);
  const std::uint16_t flags = launch.header.flags;
  if (flags & trace::kLaunchCaptured) json_.field("captured", true).field("capture", fixed.capture);
  if (flags & trace::kLaunchExtra) json_.field("extra", true);
  if (flags & trace::kLaunchParamsUnknown) json_.field("params_unknown", true);
  attributes(launch.attributes);
  params(launch.params);
  finish();
}

void DumpPrinter::on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) {
  if (options_.kernel || !begin("graph_launch", thread)) return;
  const trace::GraphLaunchRecord& fixed = launch.fixed;
  time(launch.header.time);
  duration(fixed.duration);
  json_.field("api", names_.api(fixed.api).name).field("exec", fixed.exec);
  json_.key("exec_handle").hex(fixed.exec_handle).key("stream").hex(fixed.stream);
  json_.key("context").hex(fixed.context).field("result", fixed.result);
  finish();
}

void DumpPrinter::on_call(std::uint32_t thread, const trace::Call& call) {
  if (options_.kernel || !begin("call", thread)) return;
  const LogNames::Api& api = names_.api(call.fixed.api);
  time(call.header.time);
  duration(call.fixed.duration);
  json_.field("api", api.name).field("result", call.fixed.result);
  if (call.fixed.context != 0) json_.key("context").hex(call.fixed.context);
  arguments(call, api);
  finish();
}

}  // namespace fib::cli
