// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "cli/json_writer.h"
#include "cli/log_names.h"
#include "trace/reader.h"

namespace fib::cli {

/// Which records `fib dump` prints, and how.
struct DumpOptions {
  std::set<std::string> types;                             ///< empty: all
  std::function<bool(const std::string& mangled)> kernel;  ///< empty: all; else launches only
  std::optional<std::uint32_t> thread;
  bool params = true;  ///< print parameter bytes, blobs and hashes of pages
};

/// The types that a dump can hold, as --type takes them.
[[nodiscard]] const std::set<std::string>& dump_types();

/// Prints a log's records as JSON Lines, in the order of the file. Times are nanoseconds since the
/// log's start. What `line` throws passes through the reader and ends the reading.
class DumpPrinter : public trace::Visitor {
 public:
  using Line = std::function<void(const std::string& json)>;
  DumpPrinter(const DumpOptions& options, std::string process, LogNames& names, Line line)
      : options_(options), process_(std::move(process)), names_(names), line_(std::move(line)) {}

  void on_process(const trace::Process& process) override;
  void on_clock(const trace::Clock& clock) override;
  void on_device(const trace::Device& device) override;
  void on_context(const trace::Context& context) override;
  void on_load(const trace::Load& load) override;
  void on_image(const trace::Image& image) override;
  void on_kernel(const trace::Kernel& kernel) override;
  void on_graph(const trace::Graph& graph) override;
  void on_graph_update(const trace::GraphUpdate& update) override;
  void on_thread(const trace::Thread& thread) override;
  void on_deviation(const trace::DeviationNote& note) override;
  void on_drops(const trace::Drops& drops) override;
  void on_launch(std::uint32_t thread, const trace::Launch& launch) override;
  void on_graph_launch(std::uint32_t thread, const trace::GraphLaunch& launch) override;
  void on_call(std::uint32_t thread, const trace::Call& call) override;
  void on_window(const trace::Window& window) override;
  void on_region(const trace::Region& region) override;
  void on_page_hashes(const trace::PageHashes& pages) override;
  void on_stream(const trace::Stream& stream) override;
  void on_payload(std::uint32_t thread, const trace::Payload& payload) override;
  void on_point(std::uint32_t thread, const trace::Point& point) override;
  void on_end(const trace::EndPayload& end) override;

 private:
  [[nodiscard]] bool begin(const char* type, std::uint32_t thread = trace::kDefinitionsThread);
  void finish();
  void time(std::uint64_t ticks);
  void duration(std::uint64_t ticks);
  void shape(const std::uint32_t (&grid)[3], const std::uint32_t (&block)[3], std::uint32_t shared);
  void attributes(const std::vector<trace::LaunchAttribute>& attributes);
  void params(trace::Bytes bytes);
  void node(const trace::Node& node);
  void options(const char* name, const std::vector<trace::LoadOption>& options);
  void hashes(std::span<const trace::Hash> hashes);
  void arguments(const trace::Call& call, const LogNames::Api& api);

  const DumpOptions& options_;
  std::string process_;
  LogNames& names_;
  Line line_;
  JsonWriter json_;
};

}  // namespace fib::cli
