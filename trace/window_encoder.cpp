// SPDX-License-Identifier: Apache-2.0
#include "trace/encoder.h"

namespace fib::trace {

bool encode_window(RecordBuffer& out, std::uint64_t time, WindowRecord fixed,
                   std::string_view text) noexcept {
  fixed.text_bytes = static_cast<std::uint32_t>(text.size());
  return RecordBuilder(out, RecordType::Window, 0, time).pod(fixed).text(text).finish();
}

bool encode_region(RecordBuffer& out, std::uint64_t time, RegionRecord fixed,
                   std::string_view name) noexcept {
  fixed.name_bytes = static_cast<std::uint16_t>(name.size());
  RecordBuilder record(out, RecordType::Region, 0, time);
  return record.require(name.size() <= UINT16_MAX).pod(fixed).text(name).finish();
}

bool encode_stream(RecordBuffer& out, std::uint64_t time, const StreamRecord& fixed) noexcept {
  return RecordBuilder(out, RecordType::Stream, 0, time).pod(fixed).finish();
}

bool encode_page_hashes(RecordBuffer& out, std::uint64_t time, std::uint16_t flags,
                        PageHashesRecord fixed, std::span<const HashRun> runs) noexcept {
  fixed.run_count = static_cast<std::uint32_t>(runs.size());
  RecordBuilder record(out, RecordType::PageHashes, flags, time);
  record.pod(fixed);
  for (const HashRun& run : runs)
    record.pod(PageRun{run.first, static_cast<std::uint32_t>(run.hashes.size())}).array(run.hashes);
  return record.finish();
}

bool encode_payload(RecordBuffer& out, std::uint64_t time, PayloadRecord fixed,
                    std::span<const Hash> hashes) noexcept {
  fixed.hash_count = static_cast<std::uint32_t>(hashes.size());
  return RecordBuilder(out, RecordType::Payload, 0, time).pod(fixed).array(hashes).finish();
}

bool encode_point(RecordBuffer& out, std::uint64_t time, const PointRecord& fixed) noexcept {
  return RecordBuilder(out, RecordType::Point, 0, time).pod(fixed).finish();
}

}  // namespace fib::trace
