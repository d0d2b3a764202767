// SPDX-License-Identifier: Apache-2.0
#include "recorder/params.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "guarded_pages.h"

namespace fib::recorder {
namespace {

using test::GuardedPages;

/// A kernel with these parameters, and a place for a copy of them, which holds garbage.
class CopyParams : public testing::Test {
 protected:
  void layout(std::vector<trace::KernelParam> params) {
    kernel_.params = std::move(params);
    kernel_.param_bytes = 0;
    for (const auto& [offset, bytes] : kernel_.params)
      kernel_.param_bytes = std::max(kernel_.param_bytes, offset + bytes);
    kernel_.layout_known = true;
    copy_.assign(trace::padded(kernel_.param_bytes) + 8, std::byte{0xee});
  }
  void copy(void** params, void** extra) { copy_params(copy_.data(), kernel_, params, extra); }
  /// The copy, up to its padded length. Fails the test if anything behind that was touched.
  [[nodiscard]] std::string copied() const {
    for (std::size_t i = copy_.size() - 8; i < copy_.size(); ++i)
      EXPECT_EQ(copy_[i], std::byte{0xee});
    return {reinterpret_cast<const char*>(copy_.data()), copy_.size() - 8};
  }

  KernelInfo kernel_;
  std::vector<std::byte> copy_;
};

template <class T>
std::string raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

TEST_F(CopyParams, InOrder) {
  layout({{0, 8}, {8, 4}, {12, 4}});
  std::uint64_t pointer = 0x1122334455667788;
  std::uint32_t n = 7;
  float scale = 0.5f;
  void* params[] = {&pointer, &n, &scale};
  copy(params, nullptr);
  EXPECT_EQ(copied(), raw(pointer) + raw(n) + raw(scale));
}

TEST_F(CopyParams, GapsAndPaddingAreZero) {
  layout({{0, 1}, {8, 8}, {16, 2}});
  char flag = 'f';
  std::uint64_t pointer = ~std::uint64_t{0};
  std::uint16_t half = 0x3c3c;
  void* params[] = {&flag, &pointer, &half};
  copy(params, nullptr);
  EXPECT_EQ(copied(), "f" + std::string(7, '\0') + raw(pointer) + raw(half) + std::string(6, '\0'));
}

TEST_F(CopyParams, KernelWithoutParameters) {
  layout({});
  copy(nullptr, nullptr);
  void* params[] = {nullptr};
  copy(params, nullptr);
  EXPECT_EQ(copied(), "");
}

TEST_F(CopyParams, LargeParameterBlock) {
  std::vector<char> block(32764);
  std::iota(block.begin(), block.end(), '\0');
  layout({{0, 32764}});
  void* params[] = {block.data()};
  copy(params, nullptr);
  EXPECT_EQ(copied(), std::string(block.data(), block.size()) + std::string(4, '\0'));
}

TEST_F(CopyParams, ReadsNotOneByteBeyondAValue) {
  const GuardedPages first, second;
  layout({{0, 3}, {4, 4}});
  void* params[] = {first.put_at_end("abc"), second.put_at_end("wxyz")};
  copy(params, nullptr);
  EXPECT_EQ(copied(), std::string("abc\0wxyz", 8));
}

TEST_F(CopyParams, OneBufferInEitherOrder) {
  layout({{0, 8}, {8, 4}});
  std::string buffer = "12345678abcd";
  std::size_t bytes = buffer.size();
  void* pointer_first[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, buffer.data(),
                           CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};
  copy(nullptr, pointer_first);
  EXPECT_EQ(copied(), buffer + std::string(4, '\0'));
  layout({{0, 8}, {8, 4}});
  void* size_first[] = {CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_BUFFER_POINTER,
                        buffer.data(), CU_LAUNCH_PARAM_END};
  copy(nullptr, size_first);
  EXPECT_EQ(copied(), buffer + std::string(4, '\0'));
}

TEST_F(CopyParams, BufferShorterThanTheParameters) {
  const GuardedPages pages;
  layout({{0, 8}, {8, 8}});
  std::size_t bytes = 12;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, pages.put_at_end("12345678abcd"),
                   CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};
  copy(nullptr, extra);
  EXPECT_EQ(copied(), "12345678abcd" + std::string(4, '\0'));
}

TEST_F(CopyParams, BufferLongerThanTheParameters) {
  layout({{0, 4}});
  std::string buffer = "abcdefgh";
  std::size_t bytes = buffer.size();
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, buffer.data(), CU_LAUNCH_PARAM_BUFFER_SIZE,
                   &bytes, CU_LAUNCH_PARAM_END};
  copy(nullptr, extra);
  EXPECT_EQ(copied(), std::string("abcd\0\0\0\0", 8));
}

TEST_F(CopyParams, BufferWithoutASizeOrAPointerIsNotRead) {
  layout({{0, 8}});
  std::size_t bytes = 8;
  void* only_size[] = {CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};
  copy(nullptr, only_size);
  EXPECT_EQ(copied(), std::string(8, '\0'));
  layout({{0, 8}});
  void* only_pointer[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, only_size, CU_LAUNCH_PARAM_END};
  copy(nullptr, only_pointer);
  EXPECT_EQ(copied(), std::string(8, '\0'));
  layout({{0, 8}});
  void* nothing[] = {CU_LAUNCH_PARAM_END};
  copy(nullptr, nothing);
  EXPECT_EQ(copied(), std::string(8, '\0'));
}

TEST_F(CopyParams, ZerosWhereNothingIsPassed) {
  layout({{0, 8}, {8, 4}});
  copy(nullptr, nullptr);
  EXPECT_EQ(copied(), std::string(16, '\0'));
}

TEST_F(CopyParams, AttributesAreCopiedRaw) {
  CUlaunchAttribute attributes[2];
  std::memset(attributes, 0x5a, sizeof attributes);
  std::vector<std::byte> to(sizeof attributes + 8, std::byte{0xee});
  copy_attributes(to.data(), attributes, 2);
  EXPECT_EQ(std::memcmp(to.data(), attributes, sizeof attributes), 0);
  EXPECT_EQ(to[sizeof attributes], std::byte{0xee});
  copy_attributes(to.data(), nullptr, 0);
}

}  // namespace
}  // namespace fib::recorder
