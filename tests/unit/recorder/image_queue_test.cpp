// SPDX-License-Identifier: Apache-2.0
#include "recorder/image_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "guarded_pages.h"

namespace fib::recorder {
namespace {

using trace::ImageKind;

const std::array<std::byte, 100> kImage = {std::byte{1}, std::byte{2}, std::byte{3}};

ImageBytes bytes(std::size_t size) { return {kImage.data(), size, ImageKind::Fatbin}; }

TEST(ImageQueue, CopiesAndHandsOver) {
  ImageQueue queue(1000);
  OwnedImage image = queue.copy(7, 2, bytes(100));
  ASSERT_NE(image.data, nullptr);
  EXPECT_NE(image.data.get(), kImage.data());
  EXPECT_TRUE(std::equal(kImage.begin(), kImage.end(), image.data.get()));
  EXPECT_TRUE(queue.push(std::move(image)));
  OwnedImage got;
  ASSERT_TRUE(queue.pop(got));
  EXPECT_EQ(got.load, 7u);
  EXPECT_EQ(got.part, 2u);
  EXPECT_EQ(got.kind, ImageKind::Fatbin);
  EXPECT_EQ(got.size, 100u);
  EXPECT_TRUE(std::equal(kImage.begin(), kImage.end(), got.data.get()));
  queue.discard(got);
  EXPECT_EQ(got.data, nullptr);
  EXPECT_FALSE(queue.pop(got));
}

TEST(ImageQueue, RefusesWhatGoesOverTheBudget) {
  ImageQueue queue(100);
  OwnedImage first = queue.copy(1, 0, bytes(60));
  EXPECT_NE(first.data, nullptr);
  EXPECT_EQ(queue.copy(2, 0, bytes(41)).data, nullptr);
  OwnedImage rest = queue.copy(3, 0, bytes(40));
  EXPECT_NE(rest.data, nullptr);
  EXPECT_EQ(queue.copy(4, 0, bytes(1)).data, nullptr);
  queue.discard(first);
  EXPECT_NE(queue.copy(5, 0, bytes(60)).data, nullptr);
}

TEST(ImageQueue, ImagesThatWaitCountUntilTheyAreDiscarded) {
  ImageQueue queue(100);
  ASSERT_TRUE(queue.push(queue.copy(1, 0, bytes(100))));
  EXPECT_EQ(queue.copy(2, 0, bytes(1)).data, nullptr);
  OwnedImage image;
  ASSERT_TRUE(queue.pop(image));
  EXPECT_EQ(queue.copy(2, 0, bytes(1)).data, nullptr);
  queue.discard(image);
  queue.discard(image);  // twice is once
  EXPECT_NE(queue.copy(2, 0, bytes(100)).data, nullptr);
  EXPECT_EQ(queue.copy(2, 0, bytes(1)).data, nullptr);
}

TEST(ImageQueue, UnreadableImageTakesNoBudget) {
  const test::GuardedPages pages;
  ImageQueue queue(100);
  EXPECT_EQ(queue.copy(1, 0, {pages.end() - 8, 100, ImageKind::Elf}).data, nullptr);
  EXPECT_NE(queue.copy(2, 0, bytes(100)).data, nullptr);
}

TEST(ImageQueue, AbsurdSizeTakesNoBudget) {
  ImageQueue queue(~std::size_t{0});
  EXPECT_EQ(queue.copy(1, 0, {kImage.data(), std::size_t{1} << 62, ImageKind::Elf}).data, nullptr);
  EXPECT_NE(queue.copy(2, 0, bytes(100)).data, nullptr);
}

TEST(ImageQueue, ThreadsShareTheBudget) {
  ImageQueue queue(100 * 40);
  std::atomic<int> pushed{0};
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < 10; ++i) {
        OwnedImage image = queue.copy(t, i, bytes(100));
        if (image.data != nullptr && queue.push(std::move(image))) pushed.fetch_add(1);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pushed.load(), 40);
  int popped = 0;
  for (OwnedImage image; queue.pop(image); queue.discard(image)) ++popped;
  EXPECT_EQ(popped, 40);
  EXPECT_NE(queue.copy(9, 0, bytes(100)).data, nullptr);
}

}  // namespace
}  // namespace fib::recorder
