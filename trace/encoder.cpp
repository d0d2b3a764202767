// SPDX-License-Identifier: Apache-2.0
#include "trace/encoder.h"

#include <cstring>
#include <limits>

namespace fib::trace {
namespace {

/// Lengths beyond 32 bits cannot be finished (see kMaxRecordBytes), so cutting them is harmless.
constexpr std::uint32_t narrow(std::size_t count) { return static_cast<std::uint32_t>(count); }

constexpr std::size_t kMaxRecordBytes = kMaxChunkBytes - sizeof(RecordsPrefix);

constexpr bool fits_16(std::size_t count) {
  return count <= std::numeric_limits<std::uint16_t>::max();
}

RecordBuilder& add_string(RecordBuilder& record, std::string_view text) noexcept {
  return record.pod(narrow(text.size())).text(text);
}

}  // namespace

RecordBuilder::RecordBuilder(RecordBuffer& out, RecordType type, std::uint16_t flags,
                             std::uint64_t time) noexcept
    : out_(out), start_(out.size()) {
  RecordHeader header{};
  header.type = static_cast<std::uint16_t>(type);
  header.flags = flags;
  header.time = time;
  pod(header);
}

RecordBuilder::~RecordBuilder() {
  if (!finished_) out_.truncate(start_);
}

RecordBuilder& RecordBuilder::bytes(Octets bytes) noexcept {
  ok_ = ok_ && out_.append(bytes.data(), bytes.size());
  return *this;
}

RecordBuilder& RecordBuilder::text(std::string_view text) noexcept {
  return bytes(std::as_bytes(std::span(text)));
}

RecordBuilder& RecordBuilder::align() noexcept {
  static constexpr std::byte kZeros[8] = {};
  return bytes(std::span(kZeros).first((8 - size() % 8) % 8));
}

RecordBuilder& RecordBuilder::require(bool possible) noexcept {
  ok_ = ok_ && possible;
  return *this;
}

void RecordBuilder::overwrite(std::size_t at, Octets bytes) noexcept {
  if (ok_) std::memcpy(out_.data() + start_ + at, bytes.data(), bytes.size());
}

bool RecordBuilder::finish() noexcept {
  align();
  if (!ok_ || size() > kMaxRecordBytes) return false;
  patch(offsetof(RecordHeader, bytes), narrow(size()));
  finished_ = true;
  return true;
}

bool encode_process(RecordBuffer& out, std::uint64_t time, ProcessRecord fixed,
                    std::span<const StringPair> strings) noexcept {
  RecordBuilder record(out, RecordType::Process, 0, time);
  fixed.string_count = narrow(strings.size());
  record.pod(fixed);
  for (const auto& [key, value] : strings) add_string(add_string(record, key), value);
  return record.finish();
}

bool encode_clock(RecordBuffer& out, std::uint64_t time, const ClockRecord& fixed) noexcept {
  return RecordBuilder(out, RecordType::Clock, 0, time).pod(fixed).finish();
}

bool encode_api(RecordBuffer& out, std::uint64_t time, std::uint16_t api, std::string_view name,
                std::string_view args) noexcept {
  ApiRecord fixed{};
  fixed.api = api;
  fixed.name_bytes = static_cast<std::uint16_t>(name.size());
  fixed.args_bytes = static_cast<std::uint16_t>(args.size());
  RecordBuilder record(out, RecordType::Api, 0, time);
  record.require(fits_16(name.size()) && fits_16(args.size()));
  return record.pod(fixed).text(name).text(args).finish();
}

bool encode_device(RecordBuffer& out, std::uint64_t time, DeviceRecord fixed,
                   std::string_view name) noexcept {
  fixed.name_bytes = narrow(name.size());
  return RecordBuilder(out, RecordType::Device, 0, time).pod(fixed).text(name).finish();
}

bool encode_context(RecordBuffer& out, std::uint64_t time, ContextRecord fixed,
                    std::span<const ContextLimit> limits) noexcept {
  fixed.limit_count = narrow(limits.size());
  return RecordBuilder(out, RecordType::Context, 0, time).pod(fixed).array(limits).finish();
}

bool encode_load(RecordBuffer& out, std::uint64_t time, LoadRecord fixed,
                 std::span<const LoadOption> options, std::span<const LoadOption> library_options,
                 std::string_view path) noexcept {
  fixed.option_count = narrow(options.size());
  fixed.library_option_count = narrow(library_options.size());
  fixed.path_bytes = narrow(path.size());
  RecordBuilder record(out, RecordType::Load, 0, time);
  return record.pod(fixed).array(options).array(library_options).text(path).finish();
}

bool encode_image(RecordBuffer& out, std::uint64_t time, const ImageRecord& fixed) noexcept {
  return RecordBuilder(out, RecordType::Image, 0, time).pod(fixed).finish();
}

bool encode_kernel(RecordBuffer& out, std::uint64_t time, std::uint16_t flags, KernelRecord fixed,
                   std::span<const KernelParam> params, std::span<const KernelAttribute> attributes,
                   std::string_view name) noexcept {
  fixed.param_count = narrow(params.size());
  fixed.attribute_count = narrow(attributes.size());
  fixed.name_bytes = narrow(name.size());
  RecordBuilder record(out, RecordType::Kernel, flags, time);
  return record.pod(fixed).array(params).array(attributes).text(name).finish();
}

bool encode_deviation(RecordBuffer& out, std::uint64_t time, Deviation code,
                      std::string_view text) noexcept {
  const DeviationRecord fixed{static_cast<std::uint32_t>(code), narrow(text.size())};
  return RecordBuilder(out, RecordType::Deviation, 0, time).pod(fixed).text(text).finish();
}

bool encode_drops(RecordBuffer& out, std::uint64_t time, const DropsRecord& fixed) noexcept {
  return RecordBuilder(out, RecordType::Drops, 0, time).pod(fixed).finish();
}

bool encode_thread(RecordBuffer& out, std::uint64_t time, ThreadRecord fixed,
                   std::string_view name) noexcept {
  fixed.name_bytes = narrow(name.size());
  return RecordBuilder(out, RecordType::Thread, 0, time).pod(fixed).text(name).finish();
}

bool encode_launch(RecordBuffer& out, std::uint64_t time, std::uint16_t flags, LaunchRecord fixed,
                   Octets params, Octets attributes) noexcept {
  const std::size_t count = attributes.size() / kLaunchAttributeBytes;
  fixed.param_bytes = narrow(params.size());
  fixed.attribute_count = static_cast<std::uint16_t>(count);
  RecordBuilder record(out, RecordType::Launch, flags, time);
  record.require(fits_16(count) && attributes.size() % kLaunchAttributeBytes == 0);
  return record.pod(fixed).bytes(params).align().bytes(attributes).finish();
}

bool encode_graph_launch(RecordBuffer& out, std::uint64_t time,
                         const GraphLaunchRecord& fixed) noexcept {
  return RecordBuilder(out, RecordType::GraphLaunch, 0, time).pod(fixed).finish();
}

bool encode_call(RecordBuffer& out, std::uint64_t time, CallRecord fixed,
                 std::span<const std::uint64_t> words, Octets blobs) noexcept {
  fixed.word_count = static_cast<std::uint16_t>(words.size());
  fixed.blob_bytes = narrow(blobs.size());
  RecordBuilder record(out, RecordType::Call, 0, time);
  record.require(fits_16(words.size()));
  return record.pod(fixed).array(words).bytes(blobs).finish();
}

}  // namespace fib::trace
