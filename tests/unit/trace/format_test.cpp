// SPDX-License-Identifier: Apache-2.0
// The numbers of the format are promises to every capture that exists: this file may only grow.
#include "trace/format.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "trace/checksum.h"

namespace fib::trace {
namespace {

template <typename... T>
constexpr bool all_plain() {
  return ((std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> &&
           std::has_unique_object_representations_v<T>)&&...);
}
static_assert(
    all_plain<FileHeader, ChunkHeader, RecordsPrefix, EndPayload, RecordHeader, ProcessRecord,
              ClockRecord, ApiRecord, DeviceRecord, ContextRecord, ContextLimit, LoadRecord,
              LoadOption, ImageRecord, KernelRecord, KernelParam, KernelAttribute, GraphEdge,
              GraphNode, KernelNode, GraphRecord, GraphUpdateRecord, DeviationRecord, DropsRecord,
              ThreadRecord, LaunchRecord, GraphLaunchRecord, CallRecord>(),
    "implicit padding would put the recorded process's memory into the log");

static_assert(offsetof(FileHeader, version) == 8 && offsetof(FileHeader, endian) == 10 &&
              offsetof(FileHeader, header_bytes) == 12 && offsetof(FileHeader, checksum) == 24);
static_assert(offsetof(ChunkHeader, type) == 4 && offsetof(ChunkHeader, flags) == 6 &&
              offsetof(ChunkHeader, stored_bytes) == 8 && offsetof(ChunkHeader, raw_bytes) == 12 &&
              offsetof(ChunkHeader, sequence) == 16 && offsetof(ChunkHeader, checksum) == 24);
static_assert(offsetof(RecordHeader, flags) == 2 && offsetof(RecordHeader, bytes) == 4 &&
              offsetof(RecordHeader, time) == 8);
static_assert(offsetof(ProcessRecord, ticks_per_second) == 24 &&
              offsetof(ProcessRecord, string_count) == 32);
static_assert(offsetof(DeviceRecord, uuid) == 16 && offsetof(DeviceRecord, memory_bytes) == 32 &&
              offsetof(DeviceRecord, name_bytes) == 40);
static_assert(offsetof(LoadRecord, handle) == 8 && offsetof(LoadRecord, option_count) == 40 &&
              offsetof(LoadRecord, path_bytes) == 48);
static_assert(offsetof(ImageRecord, hash) == 8 && offsetof(ImageRecord, bytes) == 24 &&
              offsetof(ImageRecord, kind) == 32);
static_assert(offsetof(KernelRecord, handle) == 8 && offsetof(KernelRecord, param_count) == 16 &&
              offsetof(KernelRecord, name_bytes) == 28);
static_assert(offsetof(GraphNode, type) == 4 && offsetof(GraphNode, handle) == 8 &&
              offsetof(GraphNode, parent) == 16);
static_assert(offsetof(KernelNode, grid) == 4 && offsetof(KernelNode, block) == 16 &&
              offsetof(KernelNode, shared_bytes) == 28 && offsetof(KernelNode, param_bytes) == 32);
static_assert(offsetof(GraphRecord, exec_handle) == 8 && offsetof(GraphRecord, flags) == 24 &&
              offsetof(GraphRecord, node_count) == 32 && offsetof(GraphRecord, edge_count) == 36);
static_assert(offsetof(LaunchRecord, grid) == 8 && offsetof(LaunchRecord, block) == 20 &&
              offsetof(LaunchRecord, shared_bytes) == 32 && offsetof(LaunchRecord, result) == 36 &&
              offsetof(LaunchRecord, stream) == 40 && offsetof(LaunchRecord, context) == 48 &&
              offsetof(LaunchRecord, capture) == 56 && offsetof(LaunchRecord, param_bytes) == 64 &&
              offsetof(LaunchRecord, attribute_count) == 68 && offsetof(LaunchRecord, api) == 70);
static_assert(offsetof(GraphLaunchRecord, exec_handle) == 8 &&
              offsetof(GraphLaunchRecord, result) == 32 && offsetof(GraphLaunchRecord, api) == 36);
static_assert(offsetof(CallRecord, result) == 4 && offsetof(CallRecord, duration) == 8 &&
              offsetof(CallRecord, blob_bytes) == 12 && offsetof(CallRecord, context) == 16);

static_assert(int(RecordType::Pad) == 0 && int(RecordType::Process) == 1 &&
              int(RecordType::Clock) == 2 && int(RecordType::Api) == 3 &&
              int(RecordType::Device) == 4 && int(RecordType::Context) == 5 &&
              int(RecordType::Load) == 6 && int(RecordType::Image) == 7 &&
              int(RecordType::Kernel) == 8 && int(RecordType::Launch) == 9 &&
              int(RecordType::Graph) == 10 && int(RecordType::GraphLaunch) == 11 &&
              int(RecordType::Call) == 12 && int(RecordType::Deviation) == 13 &&
              int(RecordType::Drops) == 14 && int(RecordType::Thread) == 15 &&
              int(RecordType::GraphUpdate) == 16);
static_assert(int(ChunkType::Records) == 1 && int(ChunkType::Definitions) == 2 &&
              int(ChunkType::End) == 3);

TEST(Format, MagicsReadAsText) {
  EXPECT_EQ(0, std::memcmp(kFileMagic, "FIBTRACE", 8));
  EXPECT_EQ(0, std::memcmp(&kChunkMagic, "FCHK", 4));
}

TEST(Format, PaddingGoesToMultiplesOfEight) {
  EXPECT_EQ(0u, padded(0));
  EXPECT_EQ(8u, padded(1));
  EXPECT_EQ(8u, padded(8));
  EXPECT_EQ(16u, padded(9));
}

// The second is XXH3's published value for no bytes. Another version of xxhash must agree with
// both.
TEST(Format, ChecksumsStayWhatTheyAre) {
  ChunkHeader header{kChunkMagic, 1, 0, 3, 3, 5, 0};
  const std::byte payload[] = {std::byte{1}, std::byte{2}, std::byte{3}};
  EXPECT_EQ(9229234909449542144u, chunk_checksum(header, payload));
  const Hash empty = {0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8,
                      0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49, 0x7f};
  EXPECT_EQ(empty, content_hash({}));
}

TEST(Format, ChecksumCoversTheHeader) {
  ChunkHeader header{kChunkMagic, 1, 0, 0, 0, 5, 0};
  const auto checksum = chunk_checksum(header, {});
  header.type = 2;
  EXPECT_NE(checksum, chunk_checksum(header, {}));
}

}  // namespace
}  // namespace fib::trace
