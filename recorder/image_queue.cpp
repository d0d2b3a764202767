// SPDX-License-Identifier: Apache-2.0
#include "recorder/image_queue.h"

#include <new>

namespace fib::recorder {

OwnedImage ImageQueue::copy(std::uint32_t load, std::uint32_t part,
                            const ImageBytes& bytes) noexcept {
  OwnedImage image{load, part, bytes.kind, nullptr, bytes.size};
  if (held_.fetch_add(bytes.size) + bytes.size <= budget_)
    image.data.reset(new (std::nothrow) std::byte[bytes.size]);
  if (image.data == nullptr || !copy_safely(image.data.get(), bytes.data, bytes.size)) {
    image.data.reset();
    held_.fetch_sub(bytes.size);
  }
  return image;
}

bool ImageQueue::push(OwnedImage image) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(image));
    return true;
  } catch (...) {
    discard(image);
    return false;
  }
}

bool ImageQueue::pop(OwnedImage& image) noexcept {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return false;
  image = std::move(queue_.back());
  queue_.pop_back();
  return true;
}

void ImageQueue::note_stored(const OwnedImage& image, const trace::Hash& hash) noexcept try {
  const std::lock_guard lock(mutex_);
  stored_.push_back({image.load, image.part, image.kind, hash});
} catch (...) {
  // Whoever looks for the part says that it is missing.
}

std::vector<StoredImage> ImageQueue::stored(std::uint32_t load) const {
  const std::lock_guard lock(mutex_);
  std::vector<StoredImage> parts;
  for (const StoredImage& part : stored_)
    if (part.load == load) parts.push_back(part);
  return parts;
}

void ImageQueue::discard(OwnedImage& image) noexcept {
  if (image.data == nullptr) return;
  image.data.reset();
  held_.fetch_sub(image.size);
}

}  // namespace fib::recorder
