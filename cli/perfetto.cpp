// SPDX-License-Identifier: Apache-2.0
#include "cli/perfetto.h"

#include "cli/names.h"
#include "launches/call_roles.h"

namespace fib::cli {
namespace {

// A track of its own for what belongs to no thread; 0 is never a thread's id.
constexpr std::uint32_t kNoThread = 0;

std::string triple(const std::uint32_t (&axes)[3]) {
  return std::to_string(axes[0]) + ',' + std::to_string(axes[1]) + ',' + std::to_string(axes[2]);
}

// Colours and filters go by category.
const char* category(std::string_view api) {
  const std::string_view name = launches::base_name(api);
  if (name.starts_with("cuMemcpy") || name.starts_with("cuMemset")) return "memcpy";
  if (name.find("Synchronize") != std::string_view::npos) return "sync";
  if (name.starts_with("cuMem")) return "memory";
  if (name.starts_with("cuGraph")) return "graph";
  return "call";
}

}  // namespace

void PerfettoEvents::begin(const char* phase, std::uint64_t ticks) {
  json_.clear();
  json_.begin_object().field("ph", phase).field("pid", pid_);
  json_.key("ts").micros(offset_ns_ + names_.clock().since_start(ticks));
}

void PerfettoEvents::span(std::uint32_t thread, std::uint64_t ticks, std::uint64_t duration) {
  threads_.insert(thread);
  begin("X", ticks);
  json_.field("tid", names_.tid(thread)).key("dur").micros(names_.clock().duration(duration));
}

void PerfettoEvents::finish() { event_(json_.end_object().text()); }

const std::string& PerfettoEvents::short_kernel(std::uint32_t kernel) {
  const auto [found, fresh] = short_names_.try_emplace(kernel);
  if (fresh) found->second = short_name(demangle(names_.kernel(kernel)));
  return found->second;
}

void PerfettoEvents::on_launch(std::uint32_t thread, const trace::Launch& launch) {
  const trace::LaunchRecord& fixed = launch.fixed;
  const bool captured = (launch.header.flags & trace::kLaunchCaptured) != 0;
  span(thread, launch.header.time, fixed.duration);
  json_.field("name", short_kernel(fixed.kernel)).field("cat", captured ? "captured" : "launch");
  json_.key("args").begin_object();
  json_.field("kernel", demangle(names_.kernel(fixed.kernel)));
  json_.field("grid", triple(fixed.grid)).field("block", triple(fixed.block));
  json_.field("shared_bytes", fixed.shared_bytes).key("stream").hex(fixed.stream);
  if (fixed.result != 0) json_.field("result", fixed.result);
  json_.end_object();
  finish();
}

void PerfettoEvents::on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) {
  const trace::GraphLaunchRecord& fixed = launch.fixed;
  span(thread, launch.header.time, fixed.duration);
  json_.field("name", "graph " + std::to_string(fixed.exec)).field("cat", "graph launch");
  json_.key("args").begin_object().key("stream").hex(fixed.stream);
  json_.key("exec").hex(fixed.exec_handle);
  if (fixed.result != 0) json_.field("result", fixed.result);
  json_.end_object();
  finish();
}

void PerfettoEvents::arguments(const trace::Call& call, const LogNames::Api& api) {
  json_.key("args").begin_object();
  for (const trace::CallArg& arg : trace::bind_args(api.specs, call).args) {
    json_.key(arg.name);
    if (arg.has_blob) {
      json_.value(std::to_string(arg.word) + " bytes");
    } else {
      json_.hex(arg.word);
    }
  }
  if (call.fixed.result != 0) json_.field("result", call.fixed.result);
  json_.end_object();
}

void PerfettoEvents::on_call(std::uint32_t thread, const trace::Call& call) {
  const LogNames::Api& api = names_.api(call.fixed.api);
  span(thread, call.header.time, call.fixed.duration);
  json_.field("name", api.name).field("cat", category(api.name));
  arguments(call, api);
  finish();
}

void PerfettoEvents::on_deviation(const trace::DeviationNote& note) {
  begin("i", note.header.time);
  json_.field("tid", kNoThread).field("s", "p").field("cat", "deviation");
  json_.field("name", deviation_name(note.code)).key("args").begin_object();
  json_.field("text", note.text).end_object();
  finish();
}

void PerfettoEvents::memory(const MemoryFacts& memory) {
  for (const MemoryPoint& point : memory.timeline) {
    begin("C", point.ticks);
    json_.field("name", std::string(to_string(point.kind)) + " memory").key("args");
    json_.begin_object().field("bytes", point.live_bytes).end_object();
    finish();
  }
}

void PerfettoEvents::name_process(const std::string& title) {
  json_.clear();
  json_.begin_object().field("ph", "M").field("pid", pid_).field("name", "process_name");
  json_.key("args").begin_object().field("name", title).end_object();
  finish();
}

void PerfettoEvents::name_threads() {
  for (const std::uint32_t thread : threads_) {
    const auto named = names_.threads().find(thread);
    if (named == names_.threads().end() || named->second.empty()) continue;
    json_.clear();
    json_.begin_object().field("ph", "M").field("pid", pid_).field("tid", names_.tid(thread));
    json_.field("name", "thread_name").key("args").begin_object();
    json_.field("name", named->second).end_object();
    finish();
  }
}

}  // namespace fib::cli
