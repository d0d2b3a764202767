// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "temp_directory.h"
#include "test_sinks.h"
#include "trace/page_file.h"

namespace fib::trace::testing {

struct Page {
  Hash hash;
  ByteVector content;
};

inline Page page_of(ByteVector content) {
  const Hash hash = content_hash(content);
  return {hash, std::move(content)};
}
inline Page noise_page(unsigned seed, std::size_t bytes = kPageBytes) {
  std::minstd_rand random(seed);
  ByteVector content(bytes);
  for (auto& value : content) value = static_cast<std::byte>(random() >> 8);
  return page_of(std::move(content));
}
/// Shrinks a lot.
inline Page regular_page(unsigned value, std::size_t bytes = kPageBytes) {
  ByteVector content(bytes);
  for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<std::byte>(value + i / 97);
  return page_of(std::move(content));
}

/// The bytes of a page file; flushed after every `pages_per_pair` pages.
inline ByteVector page_file(const std::vector<Page>& pages, std::size_t pages_per_pair = 1u << 20,
                            int level = 1) {
  ByteVector bytes;
  PageFileWriter writer(std::make_unique<MemorySink>(bytes), 77, level);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (writer.add(pages[i].hash, pages[i].content) != 0) return {};
    if ((i + 1) % pages_per_pair == 0 && writer.flush() != 0) return {};
  }
  return writer.flush() == 0 ? bytes : ByteVector();
}

/// A capture directory with page files only.
class PageCapture {
 public:
  void write(const std::string& name, std::span<const std::byte> bytes) const {
    directory_.write("pages/" + name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  [[nodiscard]] Capture capture() const { return {directory_.path(), {}}; }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

 private:
  TempDirectory directory_;
};

}  // namespace fib::trace::testing
