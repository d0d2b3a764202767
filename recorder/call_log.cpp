// SPDX-License-Identifier: Apache-2.0
#include "recorder/call_log.h"

#include "recorder/clock.h"

namespace fib::recorder {

using trace::CallRecord;
using trace::RecordHeader;

void CallLog::write(driver::Api api, CUresult result, std::uint64_t begin,
                    std::span<const ArgValue> values) noexcept {
  const std::uint32_t duration = elapsed(begin);
  std::uint32_t blob_bytes = 0;
  for (const ArgValue& value : values)
    if (value.bytes != nullptr) blob_bytes += trace::padded(static_cast<std::uint32_t>(value.word));
  const std::size_t size = sizeof(RecordHeader) + sizeof(CallRecord) +
                           values.size() * sizeof(std::uint64_t) + blob_bytes;
  std::byte* room = session_.reserve(size, false);
  if (room == nullptr) return;

  const RecordHeader header{static_cast<std::uint16_t>(trace::RecordType::Call), 0,
                            static_cast<std::uint32_t>(size), begin};
  const CallRecord record{static_cast<std::uint16_t>(api),
                          static_cast<std::uint16_t>(values.size()),
                          static_cast<std::int32_t>(result),
                          duration,
                          blob_bytes,
                          current_context(api_)};
  std::memcpy(room, &header, sizeof header);
  std::memcpy(room + sizeof header, &record, sizeof record);
  std::byte* word = room + sizeof header + sizeof record;
  std::byte* blob = word + values.size() * sizeof(std::uint64_t);
  for (const ArgValue& value : values) {
    std::memcpy(word, &value.word, sizeof value.word);
    word += sizeof value.word;
    if (value.bytes == nullptr) continue;
    const std::size_t padded = trace::padded(static_cast<std::uint32_t>(value.word));
    std::memcpy(blob, value.bytes, value.word);
    std::memset(blob + value.word, 0, padded - value.word);
    blob += padded;
  }
  session_.commit(size, false);
}

}  // namespace fib::recorder
