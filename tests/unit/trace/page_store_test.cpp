// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "log_builder.h"
#include "page_file_builder.h"
#include "trace/page_file.h"

namespace fib::trace {
namespace {

using namespace testing;
namespace fs = std::filesystem;

std::vector<Page> some_pages(unsigned count, std::size_t bytes = 200) {
  std::vector<Page> pages;
  for (unsigned i = 0; i < count; ++i)
    pages.push_back(i % 2 == 0 ? noise_page(i + 1, bytes) : regular_page(i, bytes));
  return pages;
}

bool holds(PageStore& store, const Page& page) {
  return std::ranges::equal(page.content, store.read(page.hash));
}
std::size_t count_held(PageStore& store, const std::vector<Page>& pages) {
  std::size_t count = 0;
  for (const Page& page : pages) count += holds(store, page) ? 1 : 0;
  return count;
}

/// Whatever is read must be right, whatever was done to the file.
void expect_no_wrong_page(PageStore& store, const std::vector<Page>& pages) {
  for (const Page& page : pages) {
    const Bytes content = store.read(page.hash);
    EXPECT_TRUE(content.empty() || std::ranges::equal(page.content, content));
  }
}

TEST(PageStore, WithoutWindowsIsEmpty) {
  PageCapture capture;
  PageStore store(capture.capture());
  EXPECT_EQ(0u, store.size());
  EXPECT_FALSE(store.contains(noise_page(1, 8).hash));
  EXPECT_EQ(0u, store.bytes_of(Hash{}));
  EXPECT_TRUE(store.read(Hash{}).empty());
  EXPECT_TRUE(store.problems().empty());
}

TEST(PageStore, EmptyFolderAndEmptyPageFile) {
  PageCapture capture;
  capture.write("a-0.fib", page_file({}));
  PageStore store(capture.capture());
  EXPECT_EQ(0u, store.size());
  EXPECT_TRUE(store.problems().empty());
}

TEST(PageStore, FolderThatCantBeListedIsAnError) {
  const TempDirectory directory;
  directory.write("pages", "a file");
  EXPECT_THROW(PageStore(Capture{directory.path(), {}}), CaptureError);
}

TEST(PageStore, JoinsTheFilesOfAllProcesses) {
  const auto pages = some_pages(10);
  PageCapture capture;
  capture.write("a-0.fib", page_file({pages.begin(), pages.begin() + 6}, 2));
  capture.write("b-0.fib", page_file({pages.begin() + 4, pages.end()}, 3));
  capture.write("notes.txt", page_file(some_pages(20)));
  PageStore store(capture.capture());
  EXPECT_EQ(10u, store.size());
  EXPECT_EQ(10u, count_held(store, pages));
}

TEST(PageStore, AnyOrderOfReading) {
  const auto pages = some_pages(64, 5000);
  PageCapture capture;
  capture.write("a-0.fib", page_file(pages, 5));
  PageStore store(capture.capture());
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_TRUE(holds(store, pages[i * 37 % pages.size()]));
  }
}

TEST(PageStore, SecondCopyOfADamagedPageIsUsed) {
  const auto pages = some_pages(1, 304);
  ByteVector bad = page_file(pages);
  bad.back() ^= std::byte{1};
  PageCapture capture;
  capture.write("a-0.fib", bad);
  {
    PageStore store(capture.capture());
    EXPECT_TRUE(store.contains(pages[0].hash));
    EXPECT_FALSE(holds(store, pages[0]));
  }
  capture.write("b-0.fib", page_file(pages));
  PageStore store(capture.capture());
  EXPECT_EQ(1u, store.size());
  EXPECT_TRUE(holds(store, pages[0]));
}

TEST(PageStore, CutAtEveryByteKeepsTheWholePairsBefore) {
  const auto pages = some_pages(5, 120);
  const ByteVector whole = page_file(pages, 1);
  std::size_t before = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    PageCapture capture;
    capture.write("a-0.fib", std::span(whole).first(size));
    PageStore store(capture.capture());
    const std::size_t held = count_held(store, pages);
    EXPECT_EQ(held, store.size());
    EXPECT_GE(held, before);
    EXPECT_LE(held, before + 1);
    EXPECT_EQ(size == sizeof(FileHeader) || held > before || size == whole.size(),
              store.problems().empty())
        << size;
    if (!store.problems().empty()) {
      EXPECT_NE(std::string::npos, store.problems()[0].find("cut off")) << store.problems()[0];
    }
    before = held;
  }
  EXPECT_EQ(pages.size(), before);
}

TEST(PageStore, EveryBitFlipLosesAtMostOnePair) {
  const auto pages = some_pages(6, 60);
  const ByteVector whole = page_file(pages, 2);
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    ByteVector bytes = whole;
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    PageCapture capture;
    capture.write("a-0.fib", bytes);
    PageStore store(capture.capture());
    expect_no_wrong_page(store, pages);
    if (bit < 8 * sizeof(FileHeader)) {
      EXPECT_EQ(1u, store.problems().size()) << bit;
    } else {
      EXPECT_GE(count_held(store, pages), 4u) << "byte " << bit / 8 << " bit " << bit % 8;
    }
  }
}

TEST(PageStore, MissingPairIsNoticed) {
  const auto pages = some_pages(3, 64);
  const ByteVector first = page_file({pages[0]});
  const ByteVector two = page_file({pages[0], pages[1]}, 1);
  const ByteVector all = page_file(pages, 1);
  ByteVector without(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first.size()));
  without.insert(without.end(), all.begin() + static_cast<std::ptrdiff_t>(two.size()), all.end());
  PageCapture capture;
  capture.write("a-0.fib", without);
  PageStore store(capture.capture());
  EXPECT_EQ(2u, count_held(store, pages));
  ASSERT_EQ(1u, store.problems().size());
  EXPECT_NE(std::string::npos, store.problems()[0].find("a-0.fib: damaged at byte"));
}

// An index that is impossible must not pass for one of pages without contents.
TEST(PageStore, ImpossibleEntriesAreNoPages) {
  for (const std::uint32_t claimed : {0u, kPageBytes + 1, 0xfffffff8u, 0xffffffffu}) {
    for (const std::uint32_t raw : {0u, 8u}) {
      const PageEntry entry{{1, 2, 3}, claimed, 0};
      ByteVector file = page_file({});
      const auto add = [&file](ChunkType type, std::uint64_t sequence, Bytes payload) {
        ChunkHeader header{kChunkMagic, static_cast<std::uint16_t>(type), 0, 0, 0, sequence, 0};
        header.stored_bytes = header.raw_bytes = static_cast<std::uint32_t>(payload.size());
        header.checksum = chunk_checksum(header, payload);
        append(file, octets_of(header));
        append(file, payload);
      };
      add(ChunkType::PageIndex, 0, octets_of(entry));
      add(ChunkType::Pages, 1, ByteVector(raw));
      PageCapture capture;
      capture.write("a-0.fib", file);
      PageStore store(capture.capture());
      EXPECT_EQ(0u, store.size());
      EXPECT_EQ(1u, store.problems().size());
    }
  }
}

TEST(PageStore, OtherFilesAreNamedAsProblems) {
  const auto pages = some_pages(2);
  PageCapture capture;
  capture.write("a-0.fib", page_file(pages));
  capture.write("log.fib", std::as_bytes(std::span("FIBTRACE and more")));
  fs::create_directory(capture.path() / "pages" / "directory.fib");
  fs::create_symlink("nowhere", capture.path() / "pages" / "link.fib");
  ByteVector newer = page_file(pages);
  FileHeader header;
  std::memcpy(&header, newer.data(), sizeof header);
  header.version = kFormatVersion + 1;
  header.checksum = file_checksum(header);
  std::memcpy(newer.data(), &header, sizeof header);
  capture.write("newer.fib", newer);
  PageStore store(capture.capture());
  EXPECT_EQ(2u, count_held(store, pages));
  EXPECT_EQ(4u, store.problems().size());
}

}  // namespace
}  // namespace fib::trace
