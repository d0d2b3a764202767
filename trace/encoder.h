// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "trace/format.h"
#include "trace/record_buffer.h"
#include "trace/records.h"

/// Records <-> bytes, the writing side. Everything here is for the cold path of a recorder and for
/// tests: no exceptions, no allocation but the buffer's. All functions append one whole record to
/// `out`, or nothing and return false (over the buffer's budget, out of memory, or a part longer
/// than its length field can say). `time` is RecordHeader::time. Lengths and counts within `fixed`
/// are ignored: they are set from the parts.
namespace fib::trace {

using Octets = std::span<const std::byte>;

/// One record, part by part. What was appended is taken back unless finish() said true.
class RecordBuilder {
 public:
  RecordBuilder(RecordBuffer& out, RecordType type, std::uint16_t flags,
                std::uint64_t time) noexcept;
  ~RecordBuilder();
  RecordBuilder(const RecordBuilder&) = delete;
  RecordBuilder& operator=(const RecordBuilder&) = delete;

  template <typename T>
  RecordBuilder& pod(const T& value) noexcept {
    static_assert(std::has_unique_object_representations_v<T>, "padding would leak memory");
    return bytes(std::as_bytes(std::span(&value, 1)));
  }
  template <typename T>
  RecordBuilder& array(std::span<const T> values) noexcept {
    static_assert(std::has_unique_object_representations_v<T>, "padding would leak memory");
    return bytes(std::as_bytes(values));
  }
  RecordBuilder& bytes(Octets bytes) noexcept;
  RecordBuilder& text(std::string_view text) noexcept;
  /// Zeros up to a multiple of 8.
  RecordBuilder& align() noexcept;
  /// Marks the record as impossible, e.g. because a count does not fit its field.
  RecordBuilder& require(bool possible) noexcept;
  /// Bytes of the record so far.
  [[nodiscard]] std::size_t size() const noexcept { return out_.size() - start_; }
  /// Overwrites what was appended at `at` bytes into the record.
  template <typename T>
  void patch(std::size_t at, const T& value) noexcept {
    overwrite(at, std::as_bytes(std::span(&value, 1)));
  }

  /// Pads, and sets the record's length. Call once, last.
  [[nodiscard]] bool finish() noexcept;

 private:
  void overwrite(std::size_t at, Octets bytes) noexcept;

  RecordBuffer& out_;
  std::size_t start_;
  bool ok_ = true;
  bool finished_ = false;
};

using StringPair = std::pair<std::string_view, std::string_view>;

[[nodiscard]] bool encode_process(RecordBuffer& out, std::uint64_t time, ProcessRecord fixed,
                                  std::span<const StringPair> strings) noexcept;
[[nodiscard]] bool encode_clock(RecordBuffer& out, std::uint64_t time,
                                const ClockRecord& fixed) noexcept;
[[nodiscard]] bool encode_api(RecordBuffer& out, std::uint64_t time, std::uint16_t api,
                              std::string_view name, std::string_view args) noexcept;
[[nodiscard]] bool encode_device(RecordBuffer& out, std::uint64_t time, DeviceRecord fixed,
                                 std::string_view name) noexcept;
[[nodiscard]] bool encode_context(RecordBuffer& out, std::uint64_t time, ContextRecord fixed,
                                  std::span<const ContextLimit> limits) noexcept;
[[nodiscard]] bool encode_load(RecordBuffer& out, std::uint64_t time, LoadRecord fixed,
                               std::span<const LoadOption> options,
                               std::span<const LoadOption> library_options,
                               std::string_view path) noexcept;
[[nodiscard]] bool encode_image(RecordBuffer& out, std::uint64_t time,
                                const ImageRecord& fixed) noexcept;
[[nodiscard]] bool encode_kernel(RecordBuffer& out, std::uint64_t time, std::uint16_t flags,
                                 KernelRecord fixed, std::span<const KernelParam> params,
                                 std::span<const KernelAttribute> attributes,
                                 std::string_view name) noexcept;
[[nodiscard]] bool encode_deviation(RecordBuffer& out, std::uint64_t time, Deviation code,
                                    std::string_view text) noexcept;
[[nodiscard]] bool encode_drops(RecordBuffer& out, std::uint64_t time,
                                const DropsRecord& fixed) noexcept;
[[nodiscard]] bool encode_thread(RecordBuffer& out, std::uint64_t time, ThreadRecord fixed,
                                 std::string_view name) noexcept;

[[nodiscard]] bool encode_window(RecordBuffer& out, std::uint64_t time, WindowRecord fixed,
                                 std::string_view text) noexcept;
[[nodiscard]] bool encode_region(RecordBuffer& out, std::uint64_t time, RegionRecord fixed,
                                 std::string_view name) noexcept;
[[nodiscard]] bool encode_stream(RecordBuffer& out, std::uint64_t time,
                                 const StreamRecord& fixed) noexcept;
/// `flags`: kPagesStored or 0.
[[nodiscard]] bool encode_page_hashes(RecordBuffer& out, std::uint64_t time, std::uint16_t flags,
                                      PageHashesRecord fixed,
                                      std::span<const HashRun> runs) noexcept;

// Recorders write the next five straight into their rings; here they serve tests and tools.
// `attributes` are whole raw attributes of kLaunchAttributeBytes each.
[[nodiscard]] bool encode_launch(RecordBuffer& out, std::uint64_t time, std::uint16_t flags,
                                 LaunchRecord fixed, Octets params, Octets attributes) noexcept;
[[nodiscard]] bool encode_graph_launch(RecordBuffer& out, std::uint64_t time,
                                       const GraphLaunchRecord& fixed) noexcept;
/// `blobs` with the padding of each blob already in place.
[[nodiscard]] bool encode_call(RecordBuffer& out, std::uint64_t time, CallRecord fixed,
                               std::span<const std::uint64_t> words, Octets blobs) noexcept;

[[nodiscard]] bool encode_payload(RecordBuffer& out, std::uint64_t time, PayloadRecord fixed,
                                  std::span<const Hash> hashes) noexcept;
[[nodiscard]] bool encode_point(RecordBuffer& out, std::uint64_t time,
                                const PointRecord& fixed) noexcept;

/// A node of a graph. For a kernel node (type 0) `kernel`, `params` and `attributes` (raw) are
/// written, unless its flags say kNodeParamsUnknown; for others `params` alone.
struct NodeParts {
  GraphNode fixed{};  ///< `bytes` is ignored
  KernelNode kernel{};
  Octets params;
  Octets attributes;
};

/// A Graph record. Its nodes and edges are not needed at once: first add_node() for every node,
/// then add_edges(), then finish().
class GraphBuilder {
 public:
  GraphBuilder(RecordBuffer& out, std::uint64_t time, GraphRecord fixed) noexcept;
  GraphBuilder& add_node(const NodeParts& node) noexcept;
  GraphBuilder& add_edges(std::span<const GraphEdge> edges) noexcept;
  [[nodiscard]] bool finish() noexcept;

 private:
  RecordBuilder record_;
  GraphRecord fixed_;
};

[[nodiscard]] bool encode_graph_update(RecordBuffer& out, std::uint64_t time,
                                       const GraphUpdateRecord& fixed,
                                       const NodeParts& node) noexcept;

}  // namespace fib::trace
