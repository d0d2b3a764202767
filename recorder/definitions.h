// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

#include "trace/record_buffer.h"

namespace fib::recorder {

/// Records that others refer to (kernels, images, graphs ...) on their way to the writer thread.
/// Made on cold paths only, hence a mutex; bounded, hence add() may refuse. Nothing is called with
/// the mutex held but the encoder.
class Definitions {
 public:
  explicit Definitions(std::size_t budget) noexcept : incoming_(budget), outgoing_(budget) {}

  /// `encode` gets the buffer, appends whole records and returns whether all fitted.
  template <class Encode>
  [[nodiscard]] bool add(Encode&& encode) noexcept {
    const std::lock_guard lock(mutex_);
    const std::size_t before = incoming_.size();
    if (encode(incoming_)) return true;
    incoming_.truncate(before);
    return false;
  }

  /// For the writer thread: what has come since the last call. Valid until the next call.
  [[nodiscard]] std::span<const std::byte> take() noexcept {
    outgoing_.clear();
    const std::lock_guard lock(mutex_);
    std::swap(incoming_, outgoing_);
    return outgoing_.bytes();
  }

 private:
  std::mutex mutex_;
  trace::RecordBuffer incoming_, outgoing_;
};

}  // namespace fib::recorder
