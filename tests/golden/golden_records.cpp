// SPDX-License-Identifier: Apache-2.0
// The contents of the golden capture. The numbers mean nothing but differ from each other wherever
// a decoder could mix two fields up.
#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "tests/golden/golden_chunk.h"
#include "trace/checksum.h"
#include "trace/encoder.h"

namespace fib::trace::testing {
namespace {

std::array<std::byte, kLaunchAttributeBytes> attribute(std::uint32_t id, unsigned first) {
  std::array<std::byte, kLaunchAttributeBytes> raw{};
  std::memcpy(raw.data(), &id, sizeof id);
  for (std::size_t i = 8; i < 20; ++i) raw[i] = static_cast<std::byte>(first + i);
  return raw;
}

std::vector<std::byte> counting(std::size_t bytes, unsigned first) {
  std::vector<std::byte> values(bytes);
  for (std::size_t i = 0; i < bytes; ++i) values[i] = static_cast<std::byte>(first + i);
  return values;
}

void add_apis(RecordBuffer& out) {
  Chunk::must(encode_api(out, kStartTicks + 4, 11, "cuLaunchKernel", "f gridDimX"));
  Chunk::must(encode_api(out, kStartTicks + 4, 12, "cuMemAlloc_v2", "=dptr bytesize"));
  Chunk::must(
      encode_api(out, kStartTicks + 4, 13, "cuModuleGetGlobal_v2", "=dptr =bytes hmod $name"));
  Chunk::must(encode_api(out, kStartTicks + 4, 14, "cuGraphLaunch", "hGraphExec hStream"));
  Chunk::must(encode_api(out, kStartTicks + 4, 15, "cuLibraryLoadData", "=library code"));
}

void add_code(RecordBuffer& out) {
  const LoadRecord load{1, 15, 1, 0xabc000, 0x7f0000001000, 18, 0, 0, 0, 0, 0};
  const LoadOption options[] = {{4, 0, 3}, {5, 0, 0x7ffd00}};
  const LoadOption library_options[] = {{1, 0, 1}};
  Chunk::must(encode_load(out, kStartTicks + 10, load, options, library_options, "/opt/k.cubin"));
  const std::string bytes = golden_image();
  ImageRecord image{1, 0, {}, bytes.size(), 1, {}};
  std::ranges::copy(content_hash(std::as_bytes(std::span(bytes))), image.hash);
  Chunk::must(encode_image(out, kStartTicks + 11, image));
  const KernelParam params[] = {{0, 8}, {8, 8}, {16, 4}};
  const KernelAttribute attributes[] = {{0, 1024}, {8, 65536}};
  Chunk::must(encode_kernel(out, kStartTicks + 12, kKernelIsLibraryKernel,
                            {1, 1, 0xdef000, 0, 20, 0, 0}, params, attributes, "_Z4axpyPfS_i"));
  Chunk::must(encode_kernel(out, kStartTicks + 13, kKernelLayoutUnknown | kKernelFiltered,
                            {2, 0, 0xdef100, 0, 0, 0, 0}, {}, {}, "odd"));
}

NodeParts kernel_node() {
  static const auto kParams = counting(20, 0x40);
  static const auto kAttribute = attribute(2, 0x60);
  NodeParts node;
  node.fixed = {0, kKernelNodeType, 0, 0x9001, kNoParent, 0};
  node.kernel = {1, {4, 5, 6}, {32, 2, 1}, 256, 0, 0};
  node.params = kParams;
  node.attributes = kAttribute;
  return node;
}

void add_graphs(RecordBuffer& out) {
  static const auto kMemset = counting(40, 0x80);
  NodeParts memset_node;
  memset_node.fixed = {0, 2, 0, 0x9002, 2, 0};
  memset_node.params = kMemset;
  NodeParts child;
  child.fixed = {0, 4, 0, 0x9003, kNoParent, 0};
  NodeParts unreadable;
  unreadable.fixed = {0, kKernelNodeType, kNodeParamsUnknown, 0x9004, 2, 0};
  const GraphEdge edges[] = {{0, 2, 0, 0, 0, {}}, {1, 3, 1, 2, 1, {}}};
  GraphBuilder graph(out, kStartTicks + 20, {1, 0, 0xe0001, 0xe0002, 8, 0, 0});
  graph.add_node(kernel_node()).add_node(memset_node).add_node(child).add_node(unreadable);
  Chunk::must(graph.add_edges(edges).finish());
  NodeParts update = kernel_node();
  update.kernel.grid[0] = 7;
  Chunk::must(encode_graph_update(out, kStartTicks + 30, {1, 0}, update));
}

GoldenChunk definitions(std::int32_t rank) {
  Chunk chunk(ChunkType::Definitions, kDefinitionsThread);
  add_golden_machine(chunk.out(), rank);
  add_apis(chunk.out());
  add_code(chunk.out());
  add_graphs(chunk.out());
  Chunk::must(encode_thread(chunk.out(), kStartTicks + 40, {0, 4242, 0, 0}, "main"));
  Chunk::must(encode_deviation(chunk.out(), kStartTicks + 41, Deviation::HostFunction,
                               "cuLaunchHostFunc on stream 0x5"));
  return chunk.take();
}

LaunchRecord launch_at(std::uint32_t kernel) {
  return {kernel, 2500, {16, 2, 3}, {128, 1, 4}, 1024, 0, 0x51, 0xc0ffee00, 0, 0, 0, 11};
}

GoldenChunk launches(std::uint32_t thread) {
  Chunk chunk(ChunkType::Records, thread);
  RecordBuffer& out = chunk.out();
  const auto params = counting(20, 0x01);
  const auto raw = attribute(6, 0x20);
  Chunk::must(encode_launch(out, kStartTicks + 100, 0, launch_at(1), params, {}));
  Chunk::must(encode_launch(out, kStartTicks + 200, kLaunchExtra, launch_at(1), params, raw));
  LaunchRecord failed = launch_at(2);
  failed.result = 701;
  failed.capture = 3;
  const std::uint16_t flags = kLaunchCaptured | kLaunchParamsUnknown | kLaunchPerThreadStream;
  Chunk::must(encode_launch(out, kStartTicks + 300, flags, failed, {}, {}));
  Chunk::must(
      encode_graph_launch(out, kStartTicks + 400, {1, 900, 0xe0001, 0x52, 0xc0ffee00, 0, 14, 0}));
  Chunk::must(RecordBuilder(out, RecordType::Pad, 0, 0).pod(std::uint64_t{0}).finish());
  return chunk.take();
}

GoldenChunk calls(std::uint32_t thread) {
  Chunk chunk(ChunkType::Records, thread);
  RecordBuffer& out = chunk.out();
  const std::uint64_t alloc[] = {0x7f00'0000'0000, 4096};
  Chunk::must(encode_call(out, kStartTicks + 500, {12, 0, 0, 700, 0, 0xc0ffee00}, alloc, {}));
  const std::uint64_t global[] = {0x7f00'0000'2000, 64, 0xabc000, 6};
  const char name[8] = "weight";
  Chunk::must(encode_call(out, kStartTicks + 600, {13, 0, 0, 800, 0, 0}, global,
                          std::as_bytes(std::span(name))));
  Chunk::must(encode_drops(out, kStartTicks + 700, {thread, 0, 5, 560, 4}));
  return chunk.take();
}

GoldenLog first_process() {
  GoldenLog log{"rank0-pid4242-1700000000000", 1'700'000'000'000'000'000, 3, {}};
  log.chunks.push_back(definitions(0));
  log.chunks.push_back(launches(0));
  log.chunks.push_back(calls(1));
  log.chunks.push_back(golden_end(24, 3));
  log.chunks.push_back(calls(0));  // made while the process exits
  log.chunks.push_back(golden_end(27, 3));
  return log;
}

GoldenLog second_process() {
  GoldenLog log{"rank1-pid4243-1700000000001", 1'700'000'000'001'000'000, 0, {}};
  log.chunks.push_back(definitions(1));
  log.chunks.push_back(launches(0));
  log.chunks.push_back(golden_end(21, 3));
  return log;
}

}  // namespace

void add_golden_machine(RecordBuffer& out, std::int32_t rank) {
  const ProcessRecord process{
      4242u + static_cast<std::uint32_t>(rank), 4000, rank, rank, 2, 13000, 2'000'000'000, 0, 0};
  const StringPair strings[] = {{"command", "python3 serve.py"}, {"host", "golden"}, {"empty", ""}};
  Chunk::must(encode_process(out, kStartTicks, process, strings));
  Chunk::must(encode_clock(out, kStartTicks + 1, {1'700'000'000'000'000'000, 5'000'000'000}));
  DeviceRecord device{0, 9, 0, 132, {}, 150'754'820'096, 0, 0};
  std::iota(std::begin(device.uuid), std::end(device.uuid), std::uint8_t{0x10});
  Chunk::must(encode_device(out, kStartTicks + 2, device, "Golden GPU"));
  const ContextLimit limits[] = {{0, 0, 1024}, {2, 0, 8'388'608}};
  Chunk::must(encode_context(out, kStartTicks + 3, {0xc0ffee00, 0, 0}, limits));
}

GoldenChunk golden_end(std::uint64_t records, std::uint64_t launches) {
  GoldenChunk chunk{ChunkType::End, RecordBuffer()};
  const EndPayload payload{records, launches, 5, 4};
  Chunk::must(chunk.payload.append(&payload, sizeof payload));
  return chunk;
}

std::vector<GoldenLog> golden_logs() {
  std::vector<GoldenLog> logs;
  logs.push_back(first_process());
  logs.push_back(second_process());
  logs.push_back(golden_windows());
  return logs;
}

}  // namespace fib::trace::testing
