// SPDX-License-Identifier: Apache-2.0
#include "cli/census.h"

#include <algorithm>

#include "trace/capture.h"

namespace fib::cli {
namespace {

// A damaged or hostile log may hold any number of different texts; people read the first few.
constexpr std::size_t kDifferentDeviations = 1000;

LaunchShape shape_of(const trace::LaunchRecord& launch) {
  return {{launch.grid[0], launch.grid[1], launch.grid[2]},
          {launch.block[0], launch.block[1], launch.block[2]},
          launch.shared_bytes};
}

}  // namespace

// ---- definitions --------------------------------------------------------------------------------

void Census::on_process(const trace::Process& process) {
  facts_.process = process.fixed;
  facts_.clock.set_rate(process.fixed.ticks_per_second);
  facts_.strings.clear();
  for (const auto& [key, value] : process.strings) facts_.strings.emplace_back(key, value);
}

Census::ApiEntry& Census::api_entry(std::uint16_t api) {
  if (api >= apis_.size()) apis_.resize(std::size_t{api} + 1);
  return apis_[api];
}

void Census::on_api(const trace::Api& api) {
  ApiEntry& entry = api_entry(api.api);
  entry.name = api.name;
  entry.form = launches::classify_call(api.name, api.args);
}

void Census::on_device(const trace::Device& device) {
  const trace::DeviceRecord& fixed = device.fixed;
  const bool known = std::any_of(facts_.devices.begin(), facts_.devices.end(),
                                 [&](const auto& other) { return other.ordinal == fixed.ordinal; });
  if (known) return;
  facts_.devices.push_back({fixed.ordinal,
                            fixed.cc_major,
                            fixed.cc_minor,
                            fixed.sm_count,
                            fixed.memory_bytes,
                            std::string(device.name),
                            {}});
}

void Census::on_context(const trace::Context& context) { contexts_.insert(context.fixed.handle); }

void Census::on_load(const trace::Load& load) {
  facts_.clock.cover(load.header.time);
  ++facts_.loads;
  ++api_entry(load.fixed.api).calls;
}

void Census::on_image(const trace::Image& image) {
  std::string hash = trace::hash_hex(image.fixed.hash);
  if (image_hashes_.insert(hash).second) facts_.image_bytes += image.fixed.bytes;
  if (image.fixed.part == 0) images_[image.fixed.load] = std::move(hash);
}

void Census::on_kernel(const trace::Kernel& kernel) {
  KernelFacts& facts = facts_.kernels[kernel.fixed.kernel];
  facts.load = kernel.fixed.load;
  facts.handle = kernel.fixed.handle;
  facts.name = kernel.name;
  facts.filtered = (kernel.header.flags & trace::kKernelFiltered) != 0;
}

void Census::on_thread(const trace::Thread& thread) {
  facts_.threads[thread.fixed.thread] = {thread.fixed.tid, std::string(thread.name)};
}

void Census::on_deviation(const trace::DeviationNote& deviation) {
  note(deviation.code, std::string(deviation.text));
}

void Census::note(std::uint32_t code, const std::string& text) {
  const bool full = facts_.deviations.size() >= kDifferentDeviations;
  const auto found = facts_.deviations.find({code, text});
  if (found != facts_.deviations.end()) {
    ++found->second;
  } else {
    ++facts_.deviations[{code, full ? "(more)" : text}];
  }
}

void Census::on_drops(const trace::Drops& drops) {
  trace::DropsRecord& known = drops_[drops.fixed.thread];
  known.records = std::max(known.records, drops.fixed.records);
  known.launches = std::max(known.launches, drops.fixed.launches);
}

void Census::on_end(const trace::EndPayload& end) { end_ = end; }

// ---- what threads did ---------------------------------------------------------------------------

void Census::saw(std::uint64_t ticks, std::uint64_t duration, std::uint16_t api,
                 std::uint32_t thread) {
  if (facts_.first_ticks == 0 || ticks < facts_.first_ticks) facts_.first_ticks = ticks;
  facts_.last_ticks = std::max(facts_.last_ticks, ticks + duration);
  facts_.clock.cover(ticks);
  ++api_entry(api).calls;
  facts_.threads.try_emplace(thread);
  if (progress_ != nullptr) progress_->advance();
}

void Census::on_launch(std::uint32_t thread, const trace::Launch& launch) {
  const trace::LaunchRecord& fixed = launch.fixed;
  saw(launch.header.time, fixed.duration, fixed.api, thread);
  ++facts_.launches;
  facts_.host_ticks += fixed.duration;
  facts_.param_bytes += fixed.param_bytes;
  const std::pair stream{fixed.context, fixed.stream};
  if (stream != last_stream_) streams_.insert(last_stream_ = stream);

  KernelTally& tally = tallies_[fixed.kernel];
  tally.host_ticks += fixed.duration;
  if (fixed.result != 0) {
    ++tally.failed;
  } else if (launch.header.flags & trace::kLaunchCaptured) {
    ++tally.captured;
  } else {
    ++tally.eager;
    ++tally.shapes[shape_of(fixed)];
  }
}

void Census::on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) {
  const trace::GraphLaunchRecord& fixed = launch.fixed;
  saw(launch.header.time, fixed.duration, fixed.api, thread);
  facts_.host_ticks += fixed.duration;
  streams_.insert({fixed.context, fixed.stream});
  if (fixed.result != 0) {
    ++facts_.failed_graph_launches;
    return;
  }
  ++facts_.graph_launches;
  graphs_.launch(fixed.exec, launch.header.time);
}

void Census::on_call(std::uint32_t thread, const trace::Call& call) {
  saw(call.header.time, call.fixed.duration, call.fixed.api, thread);
  if (call.fixed.result != 0) return;
  const ApiEntry& entry = api_entry(call.fixed.api);
  if (entry.name.empty()) {
    early_calls_.push_back({call.header, call.fixed, call.words, {}});
  } else if (entry.form.role != CallRole::Other) {
    interpret(entry.form, call);
  }
}

void Census::interpret(const CallForm& form, const trace::Call& call) {
  const std::uint16_t last = *std::max_element(form.words.begin(), form.words.end());
  if (last >= call.words.size()) return;
  if (form.role == CallRole::HostFunction) {
    note(static_cast<std::uint32_t>(trace::Deviation::HostFunction),
         std::string(launches::base_name(api_entry(call.fixed.api).name)));
  } else if (form.role == CallRole::SetNodeEnabled) {
    // The flag is a 32-bit argument: what the upper half of its word holds means nothing.
    graphs_.set_enabled(call.header.time, call.words[form.words[0]], call.words[form.words[1]],
                        static_cast<std::uint32_t>(call.words[form.words[2]]) != 0);
  } else {
    interpret_memory(form, call);
  }
}

// What takes effect when the call returns is placed at its end, what gives something back at its
// begin: between threads an address can be given out again only after it was freed.
void Census::interpret_memory(const CallForm& form, const trace::Call& call) {
  const std::uint64_t begin = call.header.time, end = begin + call.fixed.duration;
  const std::uint64_t a = call.words[form.words[0]], b = call.words[form.words[1]],
                      c = call.words[form.words[2]];
  switch (form.role) {
    case CallRole::Allocate: return memory_.allocate(end, form.kind, a, b);
    case CallRole::AllocatePitched: return memory_.allocate(end, form.kind, a, b * c);
    case CallRole::Free: return memory_.free(begin, a);
    case CallRole::CreatePhysical: return memory_.create(end, a, b);
    case CallRole::RetainPhysical: return memory_.retain(end, a);
    case CallRole::ReleasePhysical: return memory_.release(begin, a);
    case CallRole::Map: return memory_.map(end, a, b, c);
    case CallRole::Unmap: return memory_.unmap(begin, a, b);
    default: return;
  }
}

// ---- results ------------------------------------------------------------------------------------

void Census::finish_calls() {
  for (const trace::Call& call : early_calls_) {
    const CallForm form = api_entry(call.fixed.api).form;
    if (form.role != CallRole::Other) interpret(form, call);
  }
  early_calls_.clear();
  for (std::size_t i = 0; i < apis_.size(); ++i) {
    if (apis_[i].calls == 0) continue;
    const std::string name = apis_[i].name.empty() ? "api#" + std::to_string(i) : apis_[i].name;
    facts_.api_calls[name] += apis_[i].calls;
  }
}

void Census::finish_kernels() {
  for (const auto& [id, tally] : tallies_) {
    KernelFacts& kernel = facts_.kernels[id];
    kernel.eager = tally.eager;
    kernel.captured = tally.captured;
    kernel.failed = tally.failed;
    kernel.host_ticks = tally.host_ticks;
    kernel.shapes.insert(tally.shapes.begin(), tally.shapes.end());
  }
}

void Census::finish_graphs() {
  GraphLedger::Settled settled = graphs_.settle();
  for (const GraphLedger::Execution& execution : settled.executions) {
    KernelFacts& kernel = facts_.kernels[execution.kernel];
    kernel.uncountable = kernel.uncountable || execution.uncountable;
    if (execution.uncountable) continue;  // the host can't tell whether the body ran at all
    kernel.graph += execution.count;
    if (execution.shape.grid[0] > 0) kernel.shapes[execution.shape] += execution.count;
  }
  facts_.graphs = std::move(settled.graphs);
  facts_.unseen_graph_launches = settled.unseen_launches;
  facts_.unmatched_graph_updates = settled.unmatched_updates;
}

ProcessFacts Census::finish() {
  finish_calls();
  finish_kernels();
  finish_graphs();
  for (auto& [id, kernel] : facts_.kernels) {
    kernel.id = id;
    const auto image = images_.find(kernel.load);
    if (image != images_.end()) kernel.image = image->second;
  }
  facts_.memory = memory_.settle();
  facts_.windows = windows_.settle();
  facts_.contexts = contexts_.size();
  facts_.images = image_hashes_.size();
  facts_.streams = streams_.size();
  std::uint64_t records = 0, launches = 0;
  for (const auto& [thread, drops] : drops_) {
    records += drops.records;
    launches += drops.launches;
  }
  facts_.dropped_records = std::max(records, end_.dropped_records);
  facts_.dropped_launches = std::max(launches, end_.dropped_launches);
  return std::move(facts_);
}

}  // namespace fib::cli
