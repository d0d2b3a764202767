// SPDX-License-Identifier: Apache-2.0
#include "recorder/thread_log.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace fib::recorder {
namespace {

constexpr std::size_t kRingBytes = 4096;
constexpr std::size_t kMaxLogs = 1024;

std::size_t count(ThreadLogs& logs) {
  std::size_t result = 0;
  logs.for_each([&](ThreadLog&) { ++result; });
  return result;
}

/// As the writer thread does with the log of a thread that has ended, once it is drained.
void set_free(ThreadLog* log) { log->state.store(ThreadLog::Free, std::memory_order_release); }

TEST(ThreadLogs, AcquireGivesAnEmptyActiveLogOfTheCallingThread) {
  const auto logs = std::make_unique<ThreadLogs>(kRingBytes);
  EXPECT_EQ(count(*logs), 0u);
  ThreadLog* log = nullptr;
  std::uint32_t tid = 0;
  std::thread thread([&] {
    pthread_setname_np(pthread_self(), "fib-test-name");
    tid = static_cast<std::uint32_t>(gettid());
    log = logs->acquire();
  });
  thread.join();
  ASSERT_NE(log, nullptr);
  EXPECT_EQ(log->state.load(), ThreadLog::Active);
  EXPECT_EQ(log->tid, tid);
  EXPECT_STREQ(log->name, "fib-test-name");
  EXPECT_EQ(log->thread, 1u);
  EXPECT_EQ(log->ring.size(), kRingBytes);
  EXPECT_EQ(log->ring.pending().bytes(), 0u);
  EXPECT_EQ(count(*logs), 1u);
}

TEST(ThreadLogs, RingIsUsableToItsLastByte) {
  const auto logs = std::make_unique<ThreadLogs>(kRingBytes);
  ThreadLog* log = logs->acquire();
  ASSERT_NE(log, nullptr);
  std::byte* room = log->ring.reserve(kRingBytes);
  ASSERT_NE(room, nullptr);
  std::memset(room, 1, kRingBytes);
  log->ring.commit(kRingBytes);
  EXPECT_EQ(log->ring.pending().bytes(), kRingBytes);
  EXPECT_EQ(log->state.load(), ThreadLog::Active);
}

TEST(ThreadLogs, LogsInUseAreNotHandedOutAgain) {
  const auto logs = std::make_unique<ThreadLogs>(kRingBytes);
  ThreadLog* first = logs->acquire();
  ThreadLog* second = logs->acquire();
  ASSERT_NE(first, nullptr);
  EXPECT_NE(first, second);
  // Not even when its thread has ended: the writer thread may not have drained it.
  first->state.store(ThreadLog::Orphan);
  ThreadLog* third = logs->acquire();
  EXPECT_NE(third, first);
  EXPECT_EQ(count(*logs), 3u);
}

TEST(ThreadLogs, ReusesAFreeLogUnderANewIndex) {
  const auto logs = std::make_unique<ThreadLogs>(kRingBytes);
  ThreadLog* first = logs->acquire();
  ThreadLog* other = logs->acquire();
  ASSERT_NE(other, nullptr);
  set_free(first);
  ThreadLog* again = logs->acquire();
  EXPECT_EQ(again, first);
  EXPECT_EQ(again->thread, 3u);
  EXPECT_EQ(again->state.load(), ThreadLog::Active);
  EXPECT_EQ(count(*logs), 2u);
}

TEST(ThreadLogs, RunsOutOfSlots) {
  const auto logs = std::make_unique<ThreadLogs>(64);
  ThreadLog* last = nullptr;
  for (std::size_t i = 0; i < kMaxLogs; ++i) {
    last = logs->acquire();
    ASSERT_NE(last, nullptr) << i;
  }
  EXPECT_EQ(logs->acquire(), nullptr);
  EXPECT_EQ(logs->acquire(), nullptr);
  EXPECT_EQ(count(*logs), kMaxLogs);
  set_free(last);
  EXPECT_EQ(logs->acquire(), last);
  EXPECT_EQ(logs->acquire(), nullptr);
}

TEST(ThreadLogs, ThreadsGetDifferentLogs) {
  const auto logs = std::make_unique<ThreadLogs>(256);
  constexpr std::size_t kThreads = 8, kEach = 100;
  std::vector<std::vector<ThreadLog*>> got(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < kEach; ++i) got[t].push_back(logs->acquire());
    });
  // The writer thread looks at the same time.
  for (int i = 0; i < 50; ++i) logs->for_each([](ThreadLog& log) { EXPECT_NE(log.thread, 0u); });
  for (std::thread& thread : threads) thread.join();
  std::set<ThreadLog*> different;
  std::set<std::uint32_t> indices;
  for (const auto& list : got)
    for (ThreadLog* log : list) {
      ASSERT_NE(log, nullptr);
      different.insert(log);
      indices.insert(log->thread);
    }
  EXPECT_EQ(different.size(), kThreads * kEach);
  EXPECT_EQ(indices.size(), kThreads * kEach);
  EXPECT_EQ(count(*logs), kThreads * kEach);
}

TEST(ThreadLogs, ThreadsShareTheLastSlotsWithoutLosingAny) {
  const auto logs = std::make_unique<ThreadLogs>(64);
  for (std::size_t i = 0; i < kMaxLogs - 40; ++i) ASSERT_NE(logs->acquire(), nullptr);
  std::atomic<std::size_t> got{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i)
        if (logs->acquire() != nullptr) got.fetch_add(1);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got.load(), 40u);
  EXPECT_EQ(count(*logs), kMaxLogs);
}

TEST(ThreadLogs, ThreadsReuseEachLogOnce) {
  const auto logs = std::make_unique<ThreadLogs>(256);
  std::vector<ThreadLog*> all(32);
  for (ThreadLog*& log : all) log = logs->acquire();
  for (ThreadLog* log : all) set_free(log);
  std::vector<ThreadLog*> got(all.size());
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 8; ++i) got[t * 8 + i] = logs->acquire();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<ThreadLog*>(got.begin(), got.end()),
            std::set<ThreadLog*>(all.begin(), all.end()));
}

TEST(OwnedCounter, Counts) {
  OwnedCounter counter;
  counter.add(3);
  counter.add(4);
  EXPECT_EQ(counter.get(), 7u);
}

}  // namespace
}  // namespace fib::recorder
