// SPDX-License-Identifier: Apache-2.0
#include "recorder/image.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "image_expectations.h"

namespace fib::recorder {
namespace {

using test::append;
using test::ByteVector;
using test::expect_nothing;
using test::expect_one;
using test::GuardedPages;
using trace::ImageKind;

/// As fatbinary_section.h has it.
struct Wrapper {
  std::uint32_t magic = 0x466243B1, version = 1;
  const void* data = nullptr;
  const void* rest = nullptr;
};

ByteVector fatbin(std::size_t payload) {
  struct {
    std::uint32_t magic = 0xBA55ED50;
    std::uint16_t version = 1, header_bytes = 16;
    std::uint64_t payload_bytes;
  } header{.payload_bytes = payload};
  ByteVector result;
  append(result, header);
  result.resize(result.size() + payload, std::byte{0x11});
  return result;
}

TEST(InspectImage, PtxEndsBeforeItsTerminator) {
  const GuardedPages pages;
  const std::string ptx = "//\n.version 8.0\n.target sm_90\n";
  // The terminator is the last byte that can be read.
  expect_one(pages.put_at_end(std::string_view(ptx.data(), ptx.size() + 1)), ptx.size(),
             ImageKind::Ptx);
}

TEST(InspectImage, PtxOverSeveralPages) {
  const GuardedPages pages(3);
  for (const std::size_t size : {std::size_t{4095}, std::size_t{4096}, std::size_t{4097},
                                 std::size_t{8192}, pages.bytes() - 1}) {
    const std::string ptx(size, 'p');
    std::memcpy(pages.begin(), ptx.c_str(), size + 1);
    expect_one(pages.begin(), size, ImageKind::Ptx);
    expect_one(pages.put_at_end(std::string_view(ptx.data(), size + 1)), size, ImageKind::Ptx);
  }
}

TEST(InspectImage, RefusesTextWithoutATerminator) {
  const GuardedPages pages(2);
  const std::string endless(pages.bytes(), 'p');
  expect_nothing(pages.put_at_end(endless));
  expect_nothing(pages.put_at_end(".version 8.0"));
}

TEST(InspectImage, FatbinTellsItsLength) {
  const GuardedPages pages;
  const ByteVector content = fatbin(200);
  expect_one(pages.put_at_end(content), content.size(), ImageKind::Fatbin);
}

TEST(InspectImage, RefusesFatbinOfImpossibleLength) {
  for (const std::uint64_t bytes :
       {~std::uint64_t{0}, ~std::uint64_t{0} - 7, std::uint64_t{1} << 40}) {
    ByteVector content = fatbin(64);
    std::memcpy(content.data() + 8, &bytes, sizeof bytes);
    expect_nothing(content.data());
  }
}

TEST(InspectImage, WrapperOfVersion1StandsForItsFatbin) {
  const ByteVector content = fatbin(40);
  Wrapper wrapper;
  wrapper.data = content.data();
  wrapper.rest = "the name of a file";  // not a list in this version
  const ImageParts parts = inspect_image(&wrapper);
  ASSERT_EQ(parts.count, 1u);
  EXPECT_EQ(parts.kind, ImageKind::Fatbin);
  EXPECT_EQ(parts.parts[0].data, content.data());
  EXPECT_EQ(parts.parts[0].size, content.size());
}

TEST(InspectImage, WrapperMayHoldOtherFormats) {
  const std::string ptx = ".version 8.0";
  Wrapper wrapper;
  wrapper.data = ptx.c_str();
  const ImageParts parts = inspect_image(&wrapper);
  ASSERT_EQ(parts.count, 1u);
  EXPECT_EQ(parts.kind, ImageKind::Ptx);
}

TEST(InspectImage, WrapperOfVersion2StandsForLinkedAndInputFatbins) {
  const ByteVector linked = fatbin(8), first = fatbin(16), second = fatbin(24);
  const std::array<const void*, 3> inputs = {first.data(), second.data(), nullptr};
  Wrapper wrapper;
  wrapper.version = 2;
  wrapper.data = linked.data();
  wrapper.rest = inputs.data();
  const ImageParts parts = inspect_image(&wrapper);
  EXPECT_EQ(parts.kind, ImageKind::Linked);
  ASSERT_EQ(parts.count, 3u);
  EXPECT_EQ(parts.parts[0].size, linked.size());
  EXPECT_EQ(parts.parts[1].data, first.data());
  EXPECT_EQ(parts.parts[2].size, second.size());
  EXPECT_EQ(parts.parts[2].kind, ImageKind::Fatbin);
}

TEST(InspectImage, WrapperOfVersion2WithoutALinkedFatbin) {
  const ByteVector first = fatbin(16);
  const std::array<const void*, 2> inputs = {first.data(), nullptr};
  Wrapper wrapper;
  wrapper.version = 2;
  wrapper.rest = inputs.data();
  const ImageParts parts = inspect_image(&wrapper);
  EXPECT_EQ(parts.kind, ImageKind::Linked);
  ASSERT_EQ(parts.count, 1u);
  EXPECT_EQ(parts.parts[0].data, first.data());
}

TEST(InspectImage, WrapperOfVersion2WithoutAList) {
  const ByteVector linked = fatbin(8);
  Wrapper wrapper;
  wrapper.version = 2;
  wrapper.data = linked.data();
  EXPECT_EQ(inspect_image(&wrapper).count, 1u);
}

TEST(InspectImage, ListWithoutAnEndStopsAtTheLimit) {
  const ByteVector part = fatbin(8);
  const std::vector<const void*> inputs(3 * kMaxImageParts, part.data());
  Wrapper wrapper;
  wrapper.version = 2;
  wrapper.rest = inputs.data();
  EXPECT_EQ(inspect_image(&wrapper).count, kMaxImageParts);
}

TEST(InspectImage, ListThatEndsAtAnUnmappedPage) {
  const GuardedPages pages;
  const ByteVector part = fatbin(8);
  const std::array<const void*, 2> inputs = {part.data(), part.data()};
  Wrapper wrapper;
  wrapper.version = 2;
  wrapper.rest = pages.put_at_end(std::as_bytes(std::span(inputs)));
  EXPECT_EQ(inspect_image(&wrapper).count, 2u);
}

TEST(InspectImage, WrapperWithWildPointers) {
  const GuardedPages pages;
  for (const std::uint32_t version : {1u, 2u}) {
    Wrapper wrapper;
    wrapper.version = version;
    wrapper.data = pages.end();
    wrapper.rest = pages.end();
    expect_nothing(&wrapper);
    wrapper.data = test::handle<void*>(16);
    wrapper.rest = test::handle<void*>(~std::uintptr_t{0} - 7);
    expect_nothing(&wrapper);
  }
}

TEST(InspectImage, RefusesGarbage) {
  expect_nothing(nullptr);
  expect_nothing(test::handle<void*>(16));
  const std::array<unsigned char, 64> zeros{};
  expect_nothing(zeros.data());
  std::array<unsigned char, 64> noise{};
  for (unsigned seed = 0; seed < 256; ++seed) {
    for (std::size_t i = 0; i < noise.size(); ++i)
      noise[i] = static_cast<unsigned char>(0x80 + (seed * 7 + i * 13) % 128);
    expect_nothing(noise.data());
  }
}

TEST(InspectImage, RefusesHeadersThatAreCutByAnUnmappedPage) {
  const GuardedPages pages;
  const ByteVector whole_fatbin = fatbin(0);
  const Wrapper wrapper;
  const auto whole_wrapper = std::as_bytes(std::span(&wrapper, 1));
  for (std::size_t size = 1; size < whole_fatbin.size(); ++size)
    expect_nothing(pages.put_at_end(std::span(whole_fatbin).first(size)));
  for (std::size_t size = 1; size < whole_wrapper.size(); ++size)
    expect_nothing(pages.put_at_end(whole_wrapper.first(size)));
  for (std::size_t size = 1; size < 4; ++size)
    expect_nothing(pages.put_at_end(std::string_view("\x7f"
                                                     "ELF")
                                        .substr(0, size)));
}

const std::array<char, 64> g_constant = {"in a read-only segment of the program"};
std::array<char, 64> g_variable = {"in a segment that is written"};

TEST(IsInLoadedObject, OnlyForReadOnlyDataOfObjects) {
  EXPECT_TRUE(is_in_loaded_object(g_constant.data(), g_constant.size()));
  EXPECT_FALSE(is_in_loaded_object(g_variable.data(), g_variable.size()));
  const std::array<char, 64> on_stack{};
  EXPECT_FALSE(is_in_loaded_object(on_stack.data(), on_stack.size()));
  const std::vector<char> on_heap(64);
  EXPECT_FALSE(is_in_loaded_object(on_heap.data(), on_heap.size()));
  EXPECT_FALSE(is_in_loaded_object(nullptr, 8));
}

TEST(IsInLoadedObject, AlsoForLibraries) {
  // A pointer into libc's own read-only data.
  EXPECT_TRUE(is_in_loaded_object(strerror(EINVAL), 8));
}

TEST(IsInLoadedObject, NotForARangeThatLeavesTheSegment) {
  EXPECT_FALSE(is_in_loaded_object(g_constant.data(), std::size_t{1} << 32));
  const auto address = reinterpret_cast<std::uintptr_t>(g_constant.data());
  EXPECT_FALSE(is_in_loaded_object(test::handle<void*>(address - (1u << 30)), 1u << 31));
}

TEST(CopySafely, CopiesWhatIsThere) {
  const GuardedPages pages(2);
  const std::string text(pages.bytes(), 't');
  pages.put_at_end(text);
  std::string copy(pages.bytes(), ' ');
  EXPECT_TRUE(copy_safely(copy.data(), pages.begin(), pages.bytes()));
  EXPECT_EQ(copy, text);
  EXPECT_TRUE(copy_safely(copy.data(), pages.end(), 0));
}

TEST(CopySafely, RefusesWhatIsNotThere) {
  const GuardedPages pages;
  std::array<char, 64> to{};
  EXPECT_FALSE(copy_safely(to.data(), pages.end(), 1));
  EXPECT_FALSE(copy_safely(to.data(), pages.end() - 8, 16));
  EXPECT_FALSE(copy_safely(to.data(), pages.begin() - 1, 8));
  EXPECT_FALSE(copy_safely(to.data(), nullptr, 8));
  EXPECT_FALSE(copy_safely(to.data(), test::handle<void*>(~std::uintptr_t{0}), 1));
  EXPECT_TRUE(copy_safely(to.data(), pages.end() - 8, 8));
}

}  // namespace
}  // namespace fib::recorder
