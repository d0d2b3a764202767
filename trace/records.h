// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "trace/format.h"

/// Decoded records. Fixed parts are copies; spans and string_views point into the chunk that the
/// reader holds and are valid only during the visitor's call. Bounds are checked by the decoder.
namespace fib::trace {

using Bytes = std::span<const std::byte>;

/// XXH3-128 in canonical byte order. Bytes, so it may stand at any address.
using Hash = std::array<std::uint8_t, 16>;

struct Process {
  ProcessRecord fixed;
  std::vector<std::pair<std::string_view, std::string_view>> strings;
};
struct Clock {
  std::uint64_t ticks;
  ClockRecord fixed;
};
struct Api {
  std::uint16_t api;
  std::string_view name, args;
};
struct Device {
  DeviceRecord fixed;
  std::string_view name;
};
struct Context {
  ContextRecord fixed;
  std::vector<ContextLimit> limits;
};
struct Load {
  RecordHeader header;
  LoadRecord fixed;
  std::vector<LoadOption> options, library_options;
  std::string_view path;
};
struct Image {
  ImageRecord fixed;
};
struct Kernel {
  RecordHeader header;
  KernelRecord fixed;
  std::vector<KernelParam> params;
  std::vector<KernelAttribute> attributes;
  std::string_view name;  ///< mangled
};
/// One launch attribute, raw.
struct LaunchAttribute {
  std::uint32_t id;
  Bytes value;  ///< 64 bytes
};
struct Launch {
  RecordHeader header;
  LaunchRecord fixed;
  Bytes params;
  std::vector<LaunchAttribute> attributes;
};
struct Node {
  GraphNode fixed;
  KernelNode kernel;  ///< zeros unless fixed.type is 0 (kernel)
  Bytes params;       ///< kernel parameters, or the driver's structure for other node types
  std::vector<LaunchAttribute> attributes;
};
struct Graph {
  RecordHeader header;
  GraphRecord fixed;
  std::vector<Node> nodes;
  std::vector<GraphEdge> edges;
};
struct GraphUpdate {
  RecordHeader header;
  GraphUpdateRecord fixed;
  Node node;
};
struct GraphLaunch {
  RecordHeader header;
  GraphLaunchRecord fixed;
};
struct Call {
  RecordHeader header;
  CallRecord fixed;
  std::vector<std::uint64_t> words;
  Bytes blobs;
};
struct DeviationNote {
  RecordHeader header;
  std::uint32_t code;
  std::string_view text;
};
struct Drops {
  DropsRecord fixed;
};
struct Thread {
  ThreadRecord fixed;
  std::string_view name;
};

struct Window {
  RecordHeader header;
  WindowRecord fixed;
  std::string_view text;
};
struct Region {
  RecordHeader header;
  RegionRecord fixed;
  std::string_view name;
};
struct HashRun {
  std::uint32_t first;           ///< page
  std::span<const Hash> hashes;  ///< of the pages first, first + 1 ...
};
struct PageHashes {
  RecordHeader header;
  PageHashesRecord fixed;
  std::vector<HashRun> runs;
};
struct Stream {
  StreamRecord fixed;
};
struct Payload {
  RecordHeader header;
  PayloadRecord fixed;
  std::span<const Hash> hashes;
};
struct Point {
  RecordHeader header;
  PointRecord fixed;
};

}  // namespace fib::trace
