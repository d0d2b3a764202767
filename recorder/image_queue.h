// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "recorder/image.h"
#include "trace/records.h"

namespace fib::recorder {

/// An image part that we own, on its way to the store.
struct OwnedImage {
  std::uint32_t load = 0, part = 0;
  trace::ImageKind kind = trace::ImageKind::Unknown;
  std::unique_ptr<std::byte[]> data;
  std::size_t size = 0;
};

/// An image part that is in the store.
struct StoredImage {
  std::uint32_t load = 0, part = 0;
  trace::ImageKind kind = trace::ImageKind::Unknown;
  trace::Hash hash{};
};

/// Copies of images: taken at load, handed to the writer thread when one of their kernels runs.
/// Bounded by a budget over all copies alive. Thread-safe; cold paths only.
class ImageQueue {
 public:
  explicit ImageQueue(std::size_t budget) noexcept : budget_(budget) {}

  /// A copy of the engine's bytes; `data` is null if over budget, unreadable or out of memory.
  [[nodiscard]] OwnedImage copy(std::uint32_t load, std::uint32_t part,
                                const ImageBytes& bytes) noexcept;
  /// To the store. False (and the copy is freed) when out of memory.
  [[nodiscard]] bool push(OwnedImage image) noexcept;
  /// For the writer thread.
  [[nodiscard]] bool pop(OwnedImage& image) noexcept;
  /// Frees a copy.
  void discard(OwnedImage& image) noexcept;

  /// By the writer thread: `image` is in the store now. Forgotten when out of memory.
  void note_stored(const OwnedImage& image, const trace::Hash& hash) noexcept;
  /// The parts of a load that are in the store.
  [[nodiscard]] std::vector<StoredImage> stored(std::uint32_t load) const;

 private:
  const std::size_t budget_;
  std::atomic<std::size_t> held_{0};
  mutable std::mutex mutex_;
  std::vector<OwnedImage> queue_;
  std::vector<StoredImage> stored_;
};

}  // namespace fib::recorder
