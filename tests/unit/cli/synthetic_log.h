// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/census.h"
#include "tests/unit/trace/test_sinks.h"
#include "trace/encoder.h"
#include "trace/reader.h"
#include "trace/writer.h"

namespace fib::cli::testing {

using trace::testing::ByteVector;
using trace::testing::MemorySink;

/// A log made call by call. Every thread's records become one chunk; definitions come first unless
/// definitions_last is set.
class SyntheticLog {
 public:
  bool definitions_last = false;
  bool closed = true;
  trace::VerifyLevel verify = trace::VerifyLevel::Window;  ///< of the next windows

  SyntheticLog& process(std::uint32_t pid, const std::string& command = "") {
    trace::ProcessRecord fixed{};
    fixed.pid = pid;
    fixed.rank = fixed.local_rank = fixed.world_size = -1;
    fixed.driver_version = 13000;
    fixed.ticks_per_second = 1'000'000'000;
    const trace::StringPair strings[] = {{"command", command}};
    check(encode_process(definitions_, 0, fixed, strings));
    return *this;
  }
  SyntheticLog& clock(std::uint64_t ticks, std::uint64_t monotonic_ns, std::uint64_t unix_ns) {
    check(encode_clock(definitions_, ticks, {unix_ns, monotonic_ns}));
    return *this;
  }
  SyntheticLog& kernel(std::uint32_t id, const std::string& name, std::uint32_t load = 0,
                       std::uint16_t flags = 0) {
    trace::KernelRecord fixed{};
    fixed.kernel = id;
    fixed.load = load;
    check(encode_kernel(definitions_, 0, flags, fixed, {}, {}, name));
    return *this;
  }
  SyntheticLog& image(std::uint32_t load, std::uint8_t first_byte, std::uint64_t bytes) {
    trace::ImageRecord fixed{};
    fixed.load = load;
    fixed.hash[0] = first_byte;
    fixed.bytes = bytes;
    check(encode_image(definitions_, 0, fixed));
    return *this;
  }
  SyntheticLog& stored_image(std::uint32_t load, const trace::Hash& hash) {
    trace::ImageRecord fixed{};
    fixed.load = load;
    std::copy(hash.begin(), hash.end(), fixed.hash);
    check(encode_image(definitions_, 0, fixed));
    return *this;
  }
  SyntheticLog& load(std::uint32_t load, const std::string& path) {
    trace::LoadRecord fixed{};
    fixed.load = load;
    fixed.api = api("cuLibraryLoadData", "=library code");
    check(encode_load(definitions_, 0, fixed, {}, {}, path));
    return *this;
  }
  SyntheticLog& deviation(trace::Deviation code, const std::string& text) {
    check(encode_deviation(definitions_, 0, code, text));
    return *this;
  }
  SyntheticLog& drops(std::uint32_t thread, std::uint64_t records, std::uint64_t launches) {
    check(encode_drops(definitions_, 0, {thread, 0, records, records * 100, launches}));
    return *this;
  }
  SyntheticLog& thread_name(std::uint32_t thread, std::uint32_t tid, const std::string& name) {
    check(encode_thread(definitions_, 0, {thread, tid, 0, 0}, name));
    return *this;
  }

  struct Node {
    std::uint64_t handle;
    std::uint32_t kernel;  ///< 0: no kernel node but one of `type`
    std::uint16_t type = 5;
    std::uint16_t flags = 0;
    std::uint32_t parent = trace::kNoParent;
    std::uint32_t grid = 1;
  };
  SyntheticLog& graph(std::uint64_t time, std::uint32_t exec, std::uint32_t revision,
                      std::uint64_t exec_handle, const std::vector<Node>& nodes) {
    trace::GraphRecord fixed{};
    fixed.exec = exec;
    fixed.revision = revision;
    fixed.exec_handle = exec_handle;
    trace::GraphBuilder builder(definitions_, time, fixed);
    for (const Node& node : nodes) builder.add_node(parts(node));
    check(builder.finish());
    return *this;
  }
  SyntheticLog& graph_update(std::uint64_t time, std::uint32_t exec, const Node& node) {
    check(encode_graph_update(definitions_, time, {exec, 0}, parts(node)));
    return *this;
  }

  SyntheticLog& launch(std::uint32_t thread, std::uint64_t time, std::uint32_t kernel,
                       std::uint16_t flags = 0, std::int32_t result = 0, std::uint32_t grid = 1) {
    trace::LaunchRecord fixed{};
    fixed.kernel = kernel;
    fixed.duration = 10;
    fixed.grid[0] = grid;
    fixed.grid[1] = fixed.grid[2] = fixed.block[0] = fixed.block[1] = fixed.block[2] = 1;
    fixed.result = result;
    fixed.stream = 7;
    fixed.api = api("cuLaunchKernel", "f");
    check(encode_launch(threads_[thread], time, flags, fixed, {}, {}));
    return *this;
  }
  SyntheticLog& graph_launch(std::uint32_t thread, std::uint64_t time, std::uint32_t exec,
                             std::int32_t result = 0) {
    trace::GraphLaunchRecord fixed{};
    fixed.exec = exec;
    fixed.duration = 5;
    fixed.result = result;
    fixed.api = api("cuGraphLaunch", "hGraphExec hStream");
    check(encode_graph_launch(threads_[thread], time, fixed));
    return *this;
  }
  SyntheticLog& call(std::uint32_t thread, std::uint64_t time, const std::string& name,
                     const std::string& args, const std::vector<std::uint64_t>& words,
                     std::int32_t result = 0, std::uint32_t duration = 0,
                     const std::string& blobs = "") {
    trace::CallRecord fixed{};
    fixed.api = api(name, args);
    fixed.result = result;
    fixed.duration = duration;
    check(encode_call(threads_[thread], time, fixed, words,
                      std::as_bytes(std::span(blobs.data(), blobs.size()))));
    return *this;
  }

  SyntheticLog& window(std::uint32_t number, std::uint64_t begin, std::uint64_t end,
                       trace::WindowReason reason, const std::string& text = "") {
    trace::WindowRecord fixed{};
    fixed.window = number;
    fixed.phase = static_cast<std::uint16_t>(trace::WindowPhase::Begin);
    fixed.reason = static_cast<std::uint16_t>(reason);
    fixed.pause_ns = 1000;
    fixed.live_bytes = 1u << 20;
    fixed.stored_pages = 16;
    fixed.stored_bytes = 16 * 65536;
    fixed.verify = static_cast<std::uint32_t>(verify);
    check(encode_window(definitions_, begin, fixed, text));
    if (end == 0) return *this;
    fixed.phase = static_cast<std::uint16_t>(trace::WindowPhase::End);
    fixed.reason = static_cast<std::uint16_t>(trace::WindowReason::Launches);
    fixed.stored_pages = 0;
    fixed.stored_bytes = 0;
    check(encode_window(definitions_, end, fixed, ""));
    return *this;
  }
  SyntheticLog& region(std::uint32_t window, std::uint32_t number, std::uint64_t time,
                       std::uint64_t address, std::uint64_t bytes,
                       std::vector<trace::Hash> hashes = {}, std::uint32_t symbol_of = 0) {
    trace::RegionRecord fixed{};
    fixed.window = window;
    fixed.region = number;
    fixed.address = address;
    fixed.bytes = bytes;
    fixed.load = symbol_of;
    fixed.kind = static_cast<std::uint16_t>(symbol_of == 0 ? trace::RegionKind::Device
                                                           : trace::RegionKind::Symbol);
    check(encode_region(definitions_, time, fixed, ""));
    if (hashes.empty()) return *this;
    const trace::HashRun runs[] = {{0, hashes}};
    const auto state = static_cast<std::uint16_t>(trace::HashPhase::State);
    check(encode_page_hashes(definitions_, time, trace::kPagesStored,
                             {window, number, 0, state, 0, 0}, runs));
    return *this;
  }
  /// The pages from 0 on that a launch changed.
  SyntheticLog& changed(std::uint32_t window, std::uint32_t region, std::uint64_t time,
                        std::uint64_t point, const std::vector<trace::Hash>& hashes) {
    const trace::HashRun runs[] = {{0, hashes}};
    const auto phase = static_cast<std::uint16_t>(trace::HashPhase::Point);
    check(encode_page_hashes(definitions_, time, trace::kPagesStored,
                             {window, region, point, phase, 0, 0}, runs));
    return *this;
  }
  SyntheticLog& point(std::uint32_t thread, std::uint64_t time, std::uint64_t number,
                      trace::EffectReason effect = trace::EffectReason::None) {
    const bool none = effect == trace::EffectReason::None;
    const auto kind = none ? trace::PointKind::Digest : trace::PointKind::Effect;
    check(encode_point(
        threads_[thread], time,
        {number, static_cast<std::uint16_t>(kind), static_cast<std::uint16_t>(effect), 1}));
    return *this;
  }
  SyntheticLog& payload(std::uint32_t thread, std::uint64_t time, std::uint64_t address,
                        std::uint64_t bytes, const std::vector<trace::Hash>& hashes) {
    check(encode_payload(threads_[thread], time, {address, bytes, 1, 0}, hashes));
    return *this;
  }

  [[nodiscard]] ByteVector bytes() {
    ByteVector bytes;
    trace::ChunkWriter writer(std::make_unique<MemorySink>(bytes), 5000, 1);
    if (!definitions_last) write_definitions(writer);
    for (auto& [thread, records] : threads_) {
      write(writer, trace::ChunkType::Records, {thread, 0}, records);
    }
    if (definitions_last) write_definitions(writer);
    const trace::EndPayload end{};
    if (closed)
      check(writer.write(trace::ChunkType::End, {std::as_bytes(std::span(&end, 1))}) == 0);
    return bytes;
  }

  /// Writes the log as a process of a capture.
  void save(const std::filesystem::path& capture, const std::string& name) {
    const std::filesystem::path directory = capture / name;
    std::filesystem::create_directories(directory);
    const ByteVector all = bytes();
    std::ofstream(directory / "log.fib", std::ios::binary)
        .write(reinterpret_cast<const char*>(all.data()), static_cast<std::streamsize>(all.size()));
  }

  [[nodiscard]] ProcessFacts census() {
    Census census;
    const ByteVector all = bytes();
    const trace::ReadResult result = trace::read_log(all, "synthetic", census);
    EXPECT_EQ(result.message, "");
    return census.finish();
  }

 protected:
  static void check(bool done) { ASSERT_TRUE(done); }

  std::uint16_t api(const std::string& name, const std::string& args) {
    const auto [found, fresh] =
        apis_.try_emplace(name, static_cast<std::uint16_t>(apis_.size() + 1));
    if (fresh) check(encode_api(definitions_, 0, found->second, name, args));
    return found->second;
  }
  static trace::NodeParts parts(const Node& node) {
    trace::NodeParts parts;
    parts.fixed.handle = node.handle;
    parts.fixed.type = node.kernel != 0 ? std::uint16_t{0} : node.type;
    parts.fixed.flags = node.flags;
    parts.fixed.parent = node.parent;
    parts.kernel.kernel = node.kernel;
    parts.kernel.grid[0] = node.grid;
    return parts;
  }
  static void write(trace::ChunkWriter& writer, trace::ChunkType type, trace::RecordsPrefix prefix,
                    const trace::RecordBuffer& records) {
    check(writer.write(type, {std::as_bytes(std::span(&prefix, 1)), records.bytes()}) == 0);
  }
  void write_definitions(trace::ChunkWriter& writer) {
    write(writer, trace::ChunkType::Definitions, {trace::kDefinitionsThread, 0}, definitions_);
  }

  trace::RecordBuffer definitions_;
  std::map<std::uint32_t, trace::RecordBuffer> threads_;
  std::map<std::string, std::uint16_t> apis_;
};

}  // namespace fib::cli::testing
