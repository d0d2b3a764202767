// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "trace/reader.h"

namespace fib::recorder::test {

using ByteVector = std::vector<std::byte>;

/// Everything in a log, copied out of the reader's buffers.
class LogContents : public trace::Visitor {
 public:
  struct Api {
    std::string name, args;
  };
  struct Context {
    trace::ContextRecord fixed;
    std::vector<trace::ContextLimit> limits;
  };
  struct Load {
    trace::LoadRecord fixed;
    std::vector<trace::LoadOption> options, library_options;
    std::string path;
  };
  struct Kernel {
    std::uint16_t flags;
    trace::KernelRecord fixed;
    std::vector<trace::KernelParam> params;
    std::vector<trace::KernelAttribute> attributes;
    std::string name;
  };
  struct Attribute {
    std::uint32_t id;
    ByteVector value;
  };
  struct Launch {
    std::uint32_t thread;
    trace::RecordHeader header;
    trace::LaunchRecord fixed;
    ByteVector params;
    std::vector<Attribute> attributes;
  };
  struct Node {
    trace::GraphNode fixed;
    trace::KernelNode kernel;
    ByteVector params;
    std::vector<Attribute> attributes;
  };
  struct Graph {
    trace::GraphRecord fixed;
    std::vector<Node> nodes;
    std::vector<trace::GraphEdge> edges;
  };
  struct GraphUpdate {
    std::uint32_t exec;
    Node node;
  };
  struct GraphLaunch {
    std::uint32_t thread;
    trace::RecordHeader header;
    trace::GraphLaunchRecord fixed;
  };
  struct Call {
    std::uint32_t thread;
    trace::RecordHeader header;
    trace::CallRecord fixed;
    std::vector<std::uint64_t> words;
    ByteVector blobs;
  };
  struct Deviation {
    trace::Deviation code;
    std::string text;
  };
  struct Thread {
    trace::ThreadRecord fixed;
    std::string name;
  };

  trace::ReadResult result;
  std::filesystem::path directory;  ///< of the process
  bool closed = false;              ///< the directory has its final name

  std::vector<trace::ProcessRecord> processes;
  std::map<std::string, std::string> process_strings;
  std::map<std::uint16_t, Api> apis;
  std::vector<std::string> devices;
  std::vector<Context> contexts;
  std::vector<Load> loads;
  std::vector<trace::ImageRecord> images;
  std::vector<Kernel> kernels;
  std::vector<Graph> graphs;
  std::vector<GraphUpdate> updates;
  std::vector<Launch> launches;
  std::vector<GraphLaunch> graph_launches;
  std::vector<Call> calls;
  std::vector<Deviation> deviations;
  std::vector<trace::DropsRecord> drops;
  std::vector<Thread> threads;
  std::vector<trace::EndPayload> ends;

  [[nodiscard]] std::vector<std::string> deviation_texts(trace::Deviation code) const;

  void on_process(const trace::Process& process) override;
  void on_api(const trace::Api& api) override;
  void on_device(const trace::Device& device) override;
  void on_context(const trace::Context& context) override;
  void on_load(const trace::Load& load) override;
  void on_image(const trace::Image& image) override;
  void on_kernel(const trace::Kernel& kernel) override;
  void on_graph(const trace::Graph& graph) override;
  void on_graph_update(const trace::GraphUpdate& update) override;
  void on_thread(const trace::Thread& thread) override;
  void on_deviation(const trace::DeviationNote& note) override;
  void on_drops(const trace::Drops& drop) override;
  void on_launch(std::uint32_t thread, const trace::Launch& launch) override;
  void on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) override;
  void on_call(std::uint32_t thread, const trace::Call& call) override;
  void on_end(const trace::EndPayload& end) override;
};

/// The only process of the capture in `directory`.
[[nodiscard]] LogContents read_capture(const std::filesystem::path& directory);

/// `call` as the decoder delivered it; valid as long as `call`.
[[nodiscard]] trace::Call as_decoded(const LogContents::Call& call);

}  // namespace fib::recorder::test
