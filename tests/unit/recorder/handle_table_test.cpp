// SPDX-License-Identifier: Apache-2.0
#include "recorder/handle_table.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

namespace fib::recorder {
namespace {

const void* handle(std::uintptr_t number) { return reinterpret_cast<const void*>(number); }

TEST(HandleTable, FindsNothingInAnEmptyTable) {
  const HandleTable<int> table;
  EXPECT_EQ(table.find(handle(8)), nullptr);
  EXPECT_EQ(table.find(nullptr), nullptr);
  table.for_each([](const void*, int*) { ADD_FAILURE(); });
}

TEST(HandleTable, FindsWhatWasSet) {
  HandleTable<int> table;
  int one = 1, two = 2;
  table.set(handle(0x1000), &one);
  table.set(handle(0x2000), &two);
  EXPECT_EQ(table.find(handle(0x1000)), &one);
  EXPECT_EQ(table.find(handle(0x2000)), &two);
  EXPECT_EQ(table.find(handle(0x3000)), nullptr);
  EXPECT_EQ(table.find(nullptr), nullptr);
}

TEST(HandleTable, OverwritesAndForgets) {
  HandleTable<int> table;
  int one = 1, two = 2;
  table.set(handle(0x1000), &one);
  table.set(handle(0x1000), &two);
  EXPECT_EQ(table.find(handle(0x1000)), &two);
  table.set(handle(0x1000), nullptr);
  EXPECT_EQ(table.find(handle(0x1000)), nullptr);
  table.for_each([](const void*, int*) { ADD_FAILURE(); });
  table.set(handle(0x1000), &one);
  EXPECT_EQ(table.find(handle(0x1000)), &one);
}

TEST(HandleTable, KeepsEverythingWhenItGrows) {
  HandleTable<std::size_t> table;
  std::vector<std::size_t> values(20000);
  // Spacings as heaps have them, and one that a poor hash would put into one place.
  for (const std::uintptr_t spacing :
       {std::uintptr_t{16}, std::uintptr_t{4096}, std::uintptr_t{1} << 20}) {
    for (std::size_t i = 0; i < values.size(); ++i)
      table.set(handle(0x7f0000000000 + i * spacing), &values[i]);
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(table.find(handle(0x7f0000000000 + i * spacing)), &values[i]) << i;
  }
}

TEST(HandleTable, StaysCorrectOverManyLivesOfHandles) {
  HandleTable<int> table;
  std::map<std::uintptr_t, int*> expected;
  std::vector<int> values(16);
  for (std::uintptr_t i = 0; i < 50000; ++i) {
    const std::uintptr_t key = 0x1000 + i * 64 % 40000 * 16;
    int* value = i % 3 == 0 ? nullptr : &values[i % values.size()];
    table.set(handle(key), value);
    expected[key] = value;
  }
  for (const auto& [key, value] : expected) ASSERT_EQ(table.find(handle(key)), value) << key;
  std::size_t seen = 0, wanted = 0;
  table.for_each([&](const void* key, int* value) {
    EXPECT_EQ(expected[reinterpret_cast<std::uintptr_t>(key)], value);
    ++seen;
  });
  for (const auto& [key, value] : expected) wanted += value != nullptr ? 1 : 0;
  EXPECT_EQ(seen, wanted);
}

TEST(HandleTable, ReadersSeeNothingOrTheTruthWhileItGrows) {
  HandleTable<std::uintptr_t> table;
  constexpr std::uintptr_t kCount = 3000;
  std::vector<std::uintptr_t> values(kCount);
  for (std::uintptr_t i = 0; i < kCount; ++i) values[i] = i;
  std::atomic<std::uintptr_t> done{0};
  std::atomic<std::size_t> wrong{0};
  const auto read = [&] {
    for (std::uintptr_t set = 0; set < kCount;) {
      set = done.load(std::memory_order_acquire);
      for (std::uintptr_t i = 0; i < kCount; i += 7) {
        const std::uintptr_t* found = table.find(handle((i + 1) * 4096));
        if (found == nullptr ? i < set : *found != i) wrong.fetch_add(1);
      }
    }
  };
  std::thread first(read), second(read);
  for (std::uintptr_t i = 0; i < kCount; ++i) {
    table.set(handle((i + 1) * 4096), &values[i]);
    done.store(i + 1, std::memory_order_release);
  }
  first.join();
  second.join();
  EXPECT_EQ(wrong.load(), 0u);
}

TEST(HandleTable, ReadersSeeOneOfTheValuesWhileItIsOverwritten) {
  HandleTable<int> table;
  int values[] = {1, 2};
  table.set(handle(0x1000), &values[0]);
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> wrong{0};
  std::thread reader([&] {
    while (!stop.load()) {
      const int* found = table.find(handle(0x1000));
      if (found != &values[0] && found != &values[1]) wrong.fetch_add(1);
    }
  });
  for (std::size_t i = 0; i < 100000; ++i) table.set(handle(0x1000), &values[i % 2]);
  stop.store(true);
  reader.join();
  EXPECT_EQ(wrong.load(), 0u);
}

}  // namespace
}  // namespace fib::recorder
