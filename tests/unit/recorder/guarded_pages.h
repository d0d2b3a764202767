// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

namespace fib::recorder::test {

/// Pages with nothing readable before and behind them.
class GuardedPages {
 public:
  explicit GuardedPages(std::size_t pages = 1)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))), bytes_(pages * page_) {
    void* memory = mmap(nullptr, bytes_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    outer_ = static_cast<std::byte*>(memory);
    if (mprotect(begin(), bytes_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  }
  ~GuardedPages() { munmap(outer_, bytes_ + 2 * page_); }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  [[nodiscard]] std::byte* begin() const { return outer_ + page_; }
  [[nodiscard]] std::byte* end() const { return begin() + bytes_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// Copies `content` so that its last byte is the last readable one.
  std::byte* put_at_end(std::span<const std::byte> content) const {
    std::byte* at = end() - content.size();
    std::memcpy(at, content.data(), content.size());
    return at;
  }
  std::byte* put_at_end(std::string_view text) const {
    return put_at_end(std::as_bytes(std::span(text)));
  }

 private:
  std::size_t page_, bytes_;
  std::byte* outer_ = nullptr;
};

}  // namespace fib::recorder::test
