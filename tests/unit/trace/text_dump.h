// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <sstream>
#include <string>

#include "trace/reader.h"

namespace fib::trace::testing {

/// The canonical text of a log: one line per record with every field and every byte of it. Golden
/// captures are compared through it, so a change here changes their expected text.
class TextDump : public Visitor {
 public:
  [[nodiscard]] std::string text() const { return out_.str(); }

  void on_process(const Process& process) override;
  void on_clock(const Clock& clock) override;
  void on_api(const Api& api) override;
  void on_device(const Device& device) override;
  void on_context(const Context& context) override;
  void on_load(const Load& load) override;
  void on_image(const Image& image) override;
  void on_kernel(const Kernel& kernel) override;
  void on_graph(const Graph& graph) override;
  void on_graph_update(const GraphUpdate& update) override;
  void on_thread(const Thread& thread) override;
  void on_deviation(const DeviationNote& note) override;
  void on_drops(const Drops& drops) override;
  void on_launch(std::uint32_t thread, const Launch& launch) override;
  void on_graph_launch(std::uint32_t thread, const GraphLaunch& launch) override;
  void on_call(std::uint32_t thread, const Call& call) override;
  void on_window(const Window& window) override;
  void on_region(const Region& region) override;
  void on_page_hashes(const PageHashes& pages) override;
  void on_stream(const Stream& stream) override;
  void on_payload(std::uint32_t thread, const Payload& payload) override;
  void on_point(std::uint32_t thread, const Point& point) override;
  void on_end(const EndPayload& end) override;

 private:
  void node(const Node& node);
  void attributes(const std::vector<LaunchAttribute>& attributes);
  void hashes(std::span<const Hash> hashes);

  std::ostringstream out_;
};

/// Reads `bytes` and gives the dump, with a last line on how the reading went.
[[nodiscard]] std::string dump_log(Bytes bytes);

/// All processes of a capture, each below a line with its name. Throws CaptureError.
[[nodiscard]] std::string dump_capture(const std::filesystem::path& directory);

[[nodiscard]] const char* status_name(ReadStatus status);

}  // namespace fib::trace::testing
