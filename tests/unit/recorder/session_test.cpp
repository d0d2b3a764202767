// SPDX-License-Identifier: Apache-2.0
//
// A session from its first record to its last, read back.
#include "recorder/session.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "recorder/clock.h"
#include "recorder_test.h"

namespace fib::recorder {
namespace {

namespace fs = std::filesystem;
using test::LogContents;

class SessionTest : public test::RecorderTest {
 protected:
  /// What calls of record_call() said, thread by thread in their order.
  static std::map<std::uint32_t, std::vector<std::uint64_t>> values(const LogContents& log) {
    std::map<std::uint32_t, std::vector<std::uint64_t>> result;
    for (const LogContents::Call& c : log.calls) result[c.thread].push_back(c.words.at(0));
    return result;
  }
  /// A record larger than any ring of these tests.
  void record_oversize() { EXPECT_EQ(session().reserve(options_.ring_bytes + 8, true), nullptr); }
  template <class Body>
  static void in_thread(Body&& body) {
    std::thread thread(body);
    thread.join();
  }
};

TEST_F(SessionTest, WritesNothingUntilItIsStarted) {
  record_call(1);
  session().flush(1'000'000'000);
  session().finish();
  EXPECT_FALSE(fs::exists(capture_path()));
  EXPECT_FALSE(session().failed());
}

TEST_F(SessionTest, KeepsWhatWasRecordedBeforeTheStart) {
  record_call(1);
  ASSERT_TRUE(session().start());
  EXPECT_TRUE(session().start());
  record_call(2);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.calls.size(), 2u);
  EXPECT_EQ(log.calls[0].words.at(0), 1u);
  EXPECT_EQ(log.calls[1].words.at(0), 2u);
  ASSERT_EQ(log.ends.size(), 1u);
  EXPECT_EQ(log.ends[0].records, 2u);
  EXPECT_EQ(log.ends[0].launches, 0u);
  EXPECT_EQ(log.ends[0].dropped_records, 0u);
}

TEST_F(SessionTest, DescribesProcessDevicesAndEntryPoints) {
  test::fake().devices = 2;
  setenv("CUDA_VISIBLE_DEVICES", "3,4", 1);
  ASSERT_TRUE(session().start());
  unsetenv("CUDA_VISIBLE_DEVICES");
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.processes.size(), 1u);
  EXPECT_EQ(log.processes[0].pid, static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(log.processes[0].parent_pid, static_cast<std::uint32_t>(getppid()));
  EXPECT_EQ(log.processes[0].driver_version, 13000);
  EXPECT_GT(log.processes[0].ticks_per_second, 100'000'000u);
  EXPECT_EQ(log.process_strings.at("executable"), fs::read_symlink("/proc/self/exe").string());
  EXPECT_EQ(log.process_strings.at("directory"), fs::current_path().string());
  EXPECT_EQ(log.process_strings.at("cuda_visible_devices"), "3,4");
  EXPECT_NE(log.process_strings.at("command").find("recorder_tests"), std::string::npos);
  EXPECT_EQ(log.devices, (std::vector<std::string>{"Fictional GPU 0", "Fictional GPU 1"}));
  for (std::size_t i = 0; i < driver::kApiCount; ++i) {
    const auto found = log.apis.find(static_cast<std::uint16_t>(i));
    ASSERT_EQ(found != log.apis.end(), driver::kApiInfo[i].hooked) << driver::kApiInfo[i].name;
    if (found == log.apis.end()) continue;
    EXPECT_EQ(found->second.name, driver::kApiInfo[i].name);
    EXPECT_EQ(found->second.args, driver::kApiInfo[i].args);
  }
}

TEST_F(SessionTest, FlushMakesEverythingReadable) {
  ASSERT_TRUE(session().start());
  for (std::uint64_t i = 0; i < 10; ++i) {
    record_call(i);
    const LogContents log = flush_and_read();
    EXPECT_EQ(log.result.status, trace::ReadStatus::Unclosed) << log.result.message;
    EXPECT_FALSE(log.closed);
    ASSERT_EQ(log.calls.size(), i + 1);
    EXPECT_EQ(log.calls.back().words.at(0), i);
  }
}

TEST_F(SessionTest, WritesOldRecordsWithoutBeingAsked) {
  ASSERT_TRUE(session().start());
  record_call(1);
  bool found = false;
  for (int i = 0; i < 2000 && !found; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    found = !test::read_capture(capture_path()).calls.empty();
  }
  EXPECT_TRUE(found);
}

TEST_F(SessionTest, KeepsTheOrderOfEveryThread) {
  constexpr std::uint64_t kThreads = 6, kEach = 1000;
  ASSERT_TRUE(session().start());
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) record_call(t * kEach + i);
    });
  for (std::thread& thread : threads) thread.join();
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.ends.at(0).records, kThreads * kEach);
  EXPECT_EQ(log.ends.at(0).dropped_records, 0u);
  const auto by_thread = values(log);
  ASSERT_EQ(by_thread.size(), kThreads);
  std::vector<std::uint64_t> firsts;
  for (const auto& [thread, list] : by_thread) {
    ASSERT_EQ(list.size(), kEach);
    for (std::size_t i = 0; i < kEach; ++i) ASSERT_EQ(list[i], list[0] + i);
    firsts.push_back(list[0]);
    EXPECT_EQ(std::count_if(log.threads.begin(), log.threads.end(),
                            [&](const auto& t) { return t.fixed.thread == thread; }),
              1);
  }
  std::sort(firsts.begin(), firsts.end());
  for (std::uint64_t t = 0; t < kThreads; ++t) EXPECT_EQ(firsts[t], t * kEach);
}

TEST_F(SessionTest, ManyMoreRecordsThanARingHolds) {
  options_.ring_bytes = 1u << 14;
  ASSERT_TRUE(session().start());
  constexpr std::uint64_t kCount = 3000;  // of 48 bytes: nine rings full
  for (std::uint64_t i = 0; i < kCount; ++i) {
    record_call(i);
    if (i % 200 == 199) session().flush(20'000'000'000u);
  }
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.calls.size(), kCount);
  for (std::uint64_t i = 0; i < kCount; ++i) ASSERT_EQ(log.calls[i].words.at(0), i);
}

TEST_F(SessionTest, StartsByItselfWhenARingIsFull) {
  options_.ring_bytes = 4096;
  for (std::uint64_t i = 0; i < 100; ++i) record_call(i);  // 85 fit
  const LogContents log = finish_and_read();
  // All, unless the writer thread came too late: then what is missing has been counted.
  EXPECT_GE(log.calls.size(), 85u);
  EXPECT_EQ(log.calls.size() + log.ends.at(0).dropped_records, 100u);
}

TEST_F(SessionTest, OneStartForAllThreads) {
  record_call(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) threads.emplace_back([&] { EXPECT_TRUE(session().start()); });
  for (std::thread& thread : threads) thread.join();
  const LogContents log = finish_and_read();  // expects one process
  EXPECT_EQ(log.processes.size(), 1u);
}

TEST_F(SessionTest, CountsDropsOfEveryThread) {
  ASSERT_TRUE(session().start());
  record_call(1);
  record_oversize();
  in_thread([&] {
    record_oversize();
    record_oversize();
  });
  const LogContents log = finish_and_read();
  std::map<std::uint32_t, trace::DropsRecord> last;
  for (const trace::DropsRecord& d : log.drops) last[d.thread] = d;
  ASSERT_EQ(last.size(), 2u);
  EXPECT_EQ(last[1].records, 1u);
  EXPECT_EQ(last[1].launches, 1u);
  EXPECT_EQ(last[1].bytes, options_.ring_bytes + 8);
  EXPECT_EQ(last[2].records, 2u);
  EXPECT_EQ(last[2].bytes, 2 * (options_.ring_bytes + 8));
  EXPECT_EQ(log.ends.at(0).dropped_records, 3u);
  EXPECT_EQ(log.ends.at(0).dropped_launches, 3u);
}

TEST_F(SessionTest, ReusesTheLogOfAThreadThatHasEnded) {
  ASSERT_TRUE(session().start());
  ThreadLog *first = nullptr, *second = nullptr;
  in_thread([&] {
    record_call(1);
    first = t_log;
  });
  session().flush(20'000'000'000u);
  in_thread([&] {
    record_call(2);
    second = t_log;
  });
  EXPECT_EQ(first, second);
  const LogContents log = finish_and_read();
  EXPECT_EQ(values(log), (std::map<std::uint32_t, std::vector<std::uint64_t>>{{1, {1}}, {2, {2}}}));
  ASSERT_EQ(log.threads.size(), 2u);
  EXPECT_NE(log.threads[0].fixed.tid, 0u);
  EXPECT_EQ(log.ends.at(0).records, 2u);
}

TEST_F(SessionTest, DropsOfAReusedLogAreNotCountedTwice) {
  ASSERT_TRUE(session().start());
  in_thread([&] { record_oversize(); });
  session().flush(20'000'000'000u);
  in_thread([&] {
    record_oversize();
    record_oversize();
  });
  const LogContents log = finish_and_read();
  std::map<std::uint32_t, std::uint64_t> records, launches, bytes;
  for (const trace::DropsRecord& d : log.drops) {
    records[d.thread] = d.records;
    launches[d.thread] = d.launches;
    bytes[d.thread] = d.bytes / (options_.ring_bytes + 8);
  }
  const std::map<std::uint32_t, std::uint64_t> expected{{1, 1}, {2, 2}};
  EXPECT_EQ(records, expected);
  EXPECT_EQ(launches, expected);
  EXPECT_EQ(bytes, expected);
  EXPECT_EQ(log.ends.at(0).dropped_records, 3u);
}

TEST_F(SessionTest, RecordsAfterTheEndAreReadBack) {
  ASSERT_TRUE(session().start());
  record_call(1);
  session().finish();
  record_call(2);
  in_thread([&] { record_call(3); });
  session().flush(20'000'000'000u);
  const LogContents log = test::read_capture(capture_path());
  EXPECT_EQ(log.result.status, trace::ReadStatus::Complete) << log.result.message;
  EXPECT_TRUE(log.closed);
  EXPECT_EQ(log.calls.size(), 3u);
  EXPECT_EQ(log.ends.back().records, 3u);
}

TEST_F(SessionTest, FinishingTwiceIsHarmless) {
  ASSERT_TRUE(session().start());
  record_call(1);
  session().finish();
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.calls.size(), 1u);
  EXPECT_FALSE(session().failed());
}

TEST_F(SessionTest, FinishesFromAnyThread) {
  ASSERT_TRUE(session().start());
  record_call(1);
  in_thread([&] { session().finish(); });
  EXPECT_EQ(test::read_capture(capture_path()).result.status, trace::ReadStatus::Complete);
}

TEST_F(SessionTest, SaysEachKindOfDeviationOnce) {
  ASSERT_TRUE(session().start());
  session().deviation(trace::Deviation::HostFunction, "first %d", 1);
  session().deviation(trace::Deviation::HostFunction, "second %d", 2);
  session().deviation(trace::Deviation::LegacyLaunch, "%s", std::string(1000, 'x').c_str());
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.deviation_texts(trace::Deviation::HostFunction),
            std::vector<std::string>{"first 1"});
  ASSERT_EQ(log.deviations.size(), 2u);
  EXPECT_EQ(log.deviations[1].text, std::string(399, 'x'));
}

/// Status of all writer threads of this process.
std::vector<std::string> writer_threads() {
  std::vector<std::string> result;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    const std::string status = test::read_text(task.path() / "status");
    if (status.find("fibshim-writer") != std::string::npos) result.push_back(status);
  }
  return result;
}

TEST_F(SessionTest, WriterThreadTakesNoSignals) {
  ASSERT_TRUE(session().start());
  session().flush(20'000'000'000u);  // it runs
  const std::vector<std::string> threads = writer_threads();
  ASSERT_FALSE(threads.empty());
  for (const std::string& status : threads) {
    const std::string blocked = status.substr(status.find("SigBlk:\t") + 8, 16);
    // All but KILL and STOP, and the two that libc keeps for itself.
    const std::uint64_t mask = std::stoull(blocked, nullptr, 16);
    EXPECT_EQ(mask | 0x0000000180040100u, ~std::uint64_t{0}) << blocked;
  }
}

}  // namespace
}  // namespace fib::recorder
