// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "trace/reader.h"
#include "trace/records.h"

namespace fib::trace {

enum class DecodeStatus {
  Delivered,
  Skipped,    ///< filler; nothing to deliver
  Unknown,    ///< of a type that this build does not know
  Malformed,  ///< what the record says of its own parts does not fit into it; nothing was delivered
};

/// Turns the bytes of records into the structures of records.h and hands them to a visitor. Reads
/// nothing outside the record that it is given; bytes behind the parts that it knows are ignored.
/// Not thread-safe.
class Decoder {
 public:
  explicit Decoder(Visitor& visitor) : visitor_(visitor) {}

  /// `record` is one whole record with its header, `thread` that of the chunk's prefix.
  [[nodiscard]] DecodeStatus decode(std::uint32_t thread, Bytes record);

 private:
  Visitor& visitor_;
  // The frequent ones; kept so that their vectors are allocated once.
  Launch launch_{};
  Call call_{};
};

}  // namespace fib::trace
