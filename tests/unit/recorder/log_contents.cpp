// SPDX-License-Identifier: Apache-2.0
#include "log_contents.h"

#include <gtest/gtest.h>

#include "trace/capture.h"

namespace fib::recorder::test {
namespace {

ByteVector copy(trace::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<LogContents::Attribute> copy(const std::vector<trace::LaunchAttribute>& attributes) {
  std::vector<LogContents::Attribute> result;
  for (const trace::LaunchAttribute& a : attributes) result.push_back({a.id, copy(a.value)});
  return result;
}

LogContents::Node copy(const trace::Node& node) {
  return {node.fixed, node.kernel, copy(node.params), copy(node.attributes)};
}

}  // namespace

std::vector<std::string> LogContents::deviation_texts(trace::Deviation code) const {
  std::vector<std::string> texts;
  for (const Deviation& d : deviations)
    if (d.code == code) texts.push_back(d.text);
  return texts;
}

void LogContents::on_process(const trace::Process& process) {
  processes.push_back(process.fixed);
  for (const auto& [key, value] : process.strings) process_strings.emplace(key, value);
}
void LogContents::on_api(const trace::Api& api) {
  apis[api.api] = {std::string(api.name), std::string(api.args)};
}
void LogContents::on_device(const trace::Device& device) { devices.emplace_back(device.name); }
void LogContents::on_context(const trace::Context& context) {
  contexts.push_back({context.fixed, context.limits});
}
void LogContents::on_load(const trace::Load& load) {
  loads.push_back({load.fixed, load.options, load.library_options, std::string(load.path)});
}
void LogContents::on_image(const trace::Image& image) { images.push_back(image.fixed); }
void LogContents::on_kernel(const trace::Kernel& kernel) {
  kernels.push_back({kernel.header.flags, kernel.fixed, kernel.params, kernel.attributes,
                     std::string(kernel.name)});
}
void LogContents::on_graph(const trace::Graph& graph) {
  Graph& kept = graphs.emplace_back(Graph{graph.fixed, {}, graph.edges});
  for (const trace::Node& node : graph.nodes) kept.nodes.push_back(copy(node));
}
void LogContents::on_graph_update(const trace::GraphUpdate& update) {
  updates.push_back({update.fixed.exec, copy(update.node)});
}
void LogContents::on_thread(const trace::Thread& thread) {
  threads.push_back({thread.fixed, std::string(thread.name)});
}
void LogContents::on_deviation(const trace::DeviationNote& note) {
  deviations.push_back({static_cast<trace::Deviation>(note.code), std::string(note.text)});
}
void LogContents::on_drops(const trace::Drops& drop) { drops.push_back(drop.fixed); }
void LogContents::on_launch(std::uint32_t thread, const trace::Launch& launch) {
  launches.push_back(
      {thread, launch.header, launch.fixed, copy(launch.params), copy(launch.attributes)});
}
void LogContents::on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) {
  graph_launches.push_back({thread, launch.header, launch.fixed});
}
void LogContents::on_call(std::uint32_t thread, const trace::Call& call) {
  calls.push_back({thread, call.header, call.fixed, call.words, copy(call.blobs)});
}
void LogContents::on_end(const trace::EndPayload& end) { ends.push_back(end); }

LogContents read_capture(const std::filesystem::path& directory) {
  LogContents contents;
  const trace::Capture capture = trace::open_capture(directory);
  EXPECT_EQ(capture.processes.size(), 1u);
  contents.directory = capture.processes.front().directory;
  contents.closed = capture.processes.front().closed;
  contents.result = trace::read_log_file(capture.processes.front().log, contents);
  return contents;
}

trace::Call as_decoded(const LogContents::Call& call) {
  return {call.header, call.fixed, call.words, call.blobs};
}

}  // namespace fib::recorder::test
