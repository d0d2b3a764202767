// SPDX-License-Identifier: Apache-2.0
// Everything that version 2 brought: windows, and the pages that they refer to.
#include "tests/golden/golden_chunk.h"
#include "trace/checksum.h"
#include "trace/encoder.h"

namespace fib::trace::testing {
namespace {

constexpr std::uint64_t kDevice = 0x7f00'0000'0000, kPinned = 0x5500'0000'0000;

std::vector<std::byte> page(std::size_t bytes, unsigned first, unsigned step) {
  std::vector<std::byte> content(bytes);
  for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<std::byte>(first + i / step);
  return content;
}

std::vector<Hash> hashes(std::initializer_list<std::size_t> indexes) {
  const auto pages = golden_pages();
  std::vector<Hash> names;
  for (const std::size_t i : indexes) names.push_back(content_hash(pages.at(i)));
  return names;
}

void add_window_apis(RecordBuffer& out) {
  Chunk::must(encode_api(out, kStartTicks + 4, 11, "cuLaunchKernel", "f gridDimX"));
  Chunk::must(
      encode_api(out, kStartTicks + 4, 16, "cuMemcpyHtoD_v2", "dstDevice srcHost ByteCount"));
  const KernelParam params[] = {{0, 8}};
  Chunk::must(encode_kernel(out, kStartTicks + 12, 0, {1, 0, 0xdef000, 0, 8, 0, 0}, params, {},
                            "_Z3incPi"));
}

/// One region of each way to be, with hashes of some.
void add_regions(RecordBuffer& out, std::uint64_t time) {
  Chunk::must(
      encode_region(out, time, {1, 1, kDevice, 131172, 0xc0ffee00, 0, 0, 0, 1, 0, 0, 0, 0}, ""));
  Chunk::must(encode_region(
      out, time + 1, {1, 2, kPinned, 300, 0xc0ffee00, 0, kPinned + 64, 0, 6, 0, -1, 2, 0}, ""));
  Chunk::must(
      encode_region(out, time + 2,
                    {1, 3, kDevice + 0x400000, 2'097'152, 0, 0xa110c, 0, 4096, 3, 0, 0, 1, 0}, ""));
  Chunk::must(encode_region(
      out, time + 3, {1, 4, kDevice + 0x800000, 100, 0xc0ffee00, 0, 0, 0, 7, 0, 0, 0, 9}, "bias"));
  Chunk::must(encode_region(out, time + 4,
                            {1, 5, kDevice + 0xc00000, 65536, 0, 0, 0, 0, 8, 0, 1, 0, 0}, ""));
  const auto first = hashes({0, 1});
  const auto last = hashes({2});
  const HashRun runs[] = {{0, first}, {2, last}};
  Chunk::must(encode_page_hashes(out, time + 5, kPagesStored, {1, 1, 0, 1, 0, 0}, runs));
  const auto global = hashes({2});
  const HashRun one[] = {{0, global}};
  Chunk::must(encode_page_hashes(out, time + 6, kPagesStored, {1, 4, 0, 1, 0, 0}, one));
  Chunk::must(encode_stream(out, time + 7, {1, 1, 0x51, 0xc0ffee00, -3, 0}));
}

WindowRecord window(std::uint32_t number, WindowPhase phase, WindowReason reason) {
  return {number,
          static_cast<std::uint16_t>(phase),
          static_cast<std::uint16_t>(reason),
          12'000'000,
          2'294'444,
          5,
          3,
          131'172,
          static_cast<std::uint32_t>(VerifyLevel::Launch),
          0};
}

GoldenChunk definitions() {
  Chunk chunk(ChunkType::Definitions, kDefinitionsThread);
  RecordBuffer& out = chunk.out();
  add_golden_machine(out, 2);
  add_window_apis(out);
  Chunk::must(encode_thread(out, kStartTicks + 40, {0, 4244, 0, 0}, "main"));
  add_regions(out, kStartTicks + 100);
  Chunk::must(encode_window(out, kStartTicks + 110,
                            window(1, WindowPhase::Begin, WindowReason::Kernel), "_Z3incPi"));
  const auto changed = hashes({3});
  const HashRun runs[] = {{1, changed}};
  Chunk::must(encode_page_hashes(out, kStartTicks + 200, kPagesStored, {1, 1, 7, 3, 0, 0}, runs));
  const auto hash = hashes({1});
  const HashRun other[] = {{0, hash}};
  Chunk::must(encode_page_hashes(out, kStartTicks + 300, 0, {1, 1, 0, 2, 0, 0}, other));
  Chunk::must(encode_window(out, kStartTicks + 310,
                            window(1, WindowPhase::End, WindowReason::Launches), ""));
  Chunk::must(encode_window(out, kStartTicks + 400,
                            window(2, WindowPhase::Begin, WindowReason::Range), "decode"));
  Chunk::must(encode_deviation(out, kStartTicks + 401, Deviation::WindowCut, "10 GB are stored"));
  return chunk.take();
}

GoldenChunk records() {
  Chunk chunk(ChunkType::Records, 0);
  RecordBuffer& out = chunk.out();
  const auto source = hashes({0, 3});
  Chunk::must(encode_payload(out, kStartTicks + 150, {0x1234'5000, 65636, 1, 0}, source));
  const std::uint64_t copy[] = {kDevice, 0x1234'5000, 65636};
  Chunk::must(encode_call(out, kStartTicks + 150, {16, 0, 0, 90, 0, 0xc0ffee00}, copy, {}));
  const auto host = hashes({3});
  Chunk::must(encode_payload(out, kStartTicks + 160, {kPinned, 300, 2, 0}, host));
  const std::uint64_t param = kDevice;
  const LaunchRecord launch{1, 2500, {16, 1, 1}, {128, 1, 1}, 0, 0, 0x51, 0xc0ffee00, 0, 0, 0, 11};
  Chunk::must(
      encode_launch(out, kStartTicks + 160, 0, launch, std::as_bytes(std::span(&param, 1)), {}));
  Chunk::must(encode_point(out, kStartTicks + 200, {7, 2, 4, 1}));
  return chunk.take();
}

}  // namespace

std::vector<std::vector<std::byte>> golden_pages() {
  return {page(400, 1, 3), page(400, 2, 7), page(100, 0, 1), page(300, 9, 50)};
}

GoldenLog golden_windows() {
  GoldenLog log{"rank2-pid4244-1700000000002", 1'700'000'000'002'000'000, 3, {}};
  log.chunks.push_back(definitions());
  log.chunks.push_back(records());
  log.chunks.push_back(golden_end(5, 1));
  return log;
}

}  // namespace fib::trace::testing
