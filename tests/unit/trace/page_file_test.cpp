// SPDX-License-Identifier: Apache-2.0
#include "trace/page_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "page_file_builder.h"
#include "trace/chunk_scanner.h"

namespace fib::trace {
namespace {

using namespace testing;

std::vector<ChunkHeader> chunks_of(Bytes file) {
  ChunkScanner scanner(file, sizeof(FileHeader));
  ChunkView chunk;
  std::vector<ChunkHeader> headers;
  while (scanner.next(chunk)) headers.push_back(chunk.header);
  EXPECT_EQ(0u, scanner.damaged());
  EXPECT_FALSE(scanner.truncated());
  return headers;
}

void expect_pages(PageStore& store, const std::vector<Page>& pages) {
  for (const Page& page : pages) {
    EXPECT_TRUE(store.contains(page.hash));
    EXPECT_EQ(page.content.size(), store.bytes_of(page.hash));
    const Bytes content = store.read(page.hash);
    EXPECT_TRUE(std::ranges::equal(page.content, content));
  }
}

TEST(PageFile, ReadsBackPagesOfAnySize) {
  std::vector<Page> pages;
  for (const std::size_t bytes : {1, 7, 8, 9, 4096, 65535, 65536}) {
    pages.push_back(noise_page(static_cast<unsigned>(bytes), bytes));
    pages.push_back(regular_page(static_cast<unsigned>(bytes), bytes));
  }
  for (const int level : {0, 1, 3}) {
    PageCapture capture;
    capture.write("a-0.fib", page_file(pages, 4, level));
    PageStore store(capture.capture());
    expect_pages(store, pages);
    EXPECT_EQ(pages.size(), store.size());
    EXPECT_TRUE(store.problems().empty());
  }
}

TEST(PageFile, WritesPairsOfAboutAMegabyte) {
  std::vector<Page> pages;
  for (unsigned i = 0; i < 40; ++i) pages.push_back(noise_page(i + 1));
  const auto headers = chunks_of(page_file(pages));
  ASSERT_EQ(6u, headers.size());
  for (std::size_t i = 0; i < headers.size(); ++i) {
    EXPECT_EQ(i, headers[i].sequence);
    EXPECT_EQ(0u, headers[i].flags);
    const auto type = i % 2 == 0 ? ChunkType::PageIndex : ChunkType::Pages;
    EXPECT_EQ(static_cast<std::uint16_t>(type), headers[i].type);
  }
  EXPECT_EQ(1u << 20, headers[1].raw_bytes);
  EXPECT_EQ(8u * kPageBytes, headers[5].raw_bytes);
}

TEST(PageFile, CompressesWhatShrinksAndOnlyThat) {
  std::vector<Page> regular, noise;
  for (unsigned i = 0; i < 16; ++i) {
    regular.push_back(regular_page(i));
    noise.push_back(noise_page(i + 1));
  }
  EXPECT_EQ(kChunkZstd, chunks_of(page_file(regular)).at(1).flags);
  EXPECT_EQ(0u, chunks_of(page_file(noise)).at(1).flags);
  EXPECT_EQ(0u, chunks_of(page_file(regular, 16, 0)).at(1).flags);
}

TEST(PageFile, RefusesImpossiblePages) {
  const ByteVector large(kPageBytes + 1);
  for (const std::span<const std::byte> content : {std::span(large), std::span(large).first(0)}) {
    ByteVector bytes;
    PageFileWriter writer(std::make_unique<MemorySink>(bytes), 0, 1);
    EXPECT_EQ(EINVAL, writer.add({}, content));
    EXPECT_EQ(EINVAL, writer.error());
  }
  PageFileWriter without(nullptr, 0, 1);
  EXPECT_EQ(EBADF, without.error());
  EXPECT_EQ(EBADF, without.flush());
}

TEST(PageFile, FullDiskLeavesWholePairs) {
  const std::vector<Page> pages = {noise_page(1, 100), regular_page(2, 3000), noise_page(3, 50)};
  const std::size_t whole = page_file(pages, 1).size();
  std::size_t stored_before = 0;
  for (std::size_t capacity = 0; capacity <= whole; ++capacity) {
    ByteVector bytes;
    {
      PageFileWriter writer(std::make_unique<FailingSink>(bytes, capacity), 0, 1);
      int error = 0;
      for (const Page& page : pages) {
        if (writer.add(page.hash, page.content) != 0 || writer.flush() != 0) error = ENOSPC;
      }
      EXPECT_EQ(capacity == whole ? 0 : ENOSPC, error) << capacity;
      EXPECT_EQ(error, writer.error());
      EXPECT_EQ(bytes.size(), writer.bytes_written());
    }
    PageCapture capture;
    if (!bytes.empty()) capture.write("a-0.fib", bytes);
    PageStore store(capture.capture());
    EXPECT_TRUE(store.problems().empty());
    EXPECT_GE(store.size(), stored_before);
    stored_before = store.size();
  }
  EXPECT_EQ(pages.size(), stored_before);
}

TEST(PageFile, FlushesWhenItGoes) {
  ByteVector bytes;
  const Page page = noise_page(1, 100);
  {
    PageFileWriter writer(std::make_unique<MemorySink>(bytes), 0, 1);
    ASSERT_EQ(0, writer.add(page.hash, page.content));
  }
  PageCapture capture;
  capture.write("a-0.fib", bytes);
  PageStore store(capture.capture());
  expect_pages(store, {page});
}

}  // namespace
}  // namespace fib::trace
