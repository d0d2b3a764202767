// SPDX-License-Identifier: Apache-2.0
#include "recorder/page_spool.h"

#include <cstring>

#include "recorder/worker_pool.h"
#include "recorder_test.h"
#include "trace/capture.h"

namespace fib::recorder {
namespace {

constexpr std::uint64_t kSecond = 1000000000;

trace::Hash numbered(std::uint64_t number) {
  trace::Hash hash{};
  std::memcpy(hash.data(), &number, sizeof number);
  return hash;
}

TEST(PageSet, TellsWhatIsNew) {
  PageSet set;
  for (std::uint64_t i = 0; i < 10000; ++i) {
    EXPECT_FALSE(set.contains(numbered(i)));
    EXPECT_TRUE(set.insert(numbered(i)));
    EXPECT_FALSE(set.insert(numbered(i)));
  }
  EXPECT_EQ(set.size(), 10000u);
  for (std::uint64_t i = 0; i < 10000; ++i) EXPECT_TRUE(set.contains(numbered(i)));
  EXPECT_FALSE(set.contains(numbered(10000)));
}

TEST(PageSet, HashesThatBeginAlike) {
  PageSet set;
  trace::Hash a = numbered(7), b = numbered(7);
  b[15] = 1;
  EXPECT_TRUE(set.insert(a));
  EXPECT_TRUE(set.insert(b));
  EXPECT_FALSE(set.insert(b));
}

TEST(WorkerPool, DoesEverythingOnce) {
  auto& pool = *new WorkerPool;
  for (const std::size_t threads : {0, 3}) {
    pool.grow(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> done(50);
      pool.run(done.size(), [&](std::size_t i) { ++done[i]; });
      for (const auto& times : done) EXPECT_EQ(times, 1);
    }
  }
  pool.run(0, [](std::size_t) { FAIL(); });
}

class PageSpoolTest : public test::RecorderTest {
 protected:
  PageSpool& spool() {
    if (spool_ == nullptr) kept().push_back(spool_ = new PageSpool(session(), options_));
    return *spool_;
  }
  /// Their threads live on, so they do, too, where the leak checker sees them.
  static std::vector<PageSpool*>& kept() {
    static auto& list = *new std::vector<PageSpool*>;
    return list;
  }
  static std::vector<std::byte> page(unsigned number, std::size_t bytes = trace::kPageBytes) {
    std::vector<std::byte> content(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
      content[i] = static_cast<std::byte>((i * (number + 3)) >> 5);
    std::memcpy(content.data(), &number, sizeof number);
    return content;
  }

  PageSpool* spool_ = nullptr;
};

TEST_F(PageSpoolTest, StoresEachPageOnce) {
  options_.page_writers = 3;
  options_.page_bytes = 16u << 20;  // four blocks: the writers must keep up
  ASSERT_TRUE(session().start());
  ASSERT_EQ(spool().start(), 0);
  std::vector<trace::Hash> hashes;
  for (unsigned i = 0; i < 500; ++i) {
    const auto content = page(i, i % 7 == 0 ? 100 + i : trace::kPageBytes);
    hashes.push_back(trace::content_hash(content));
    for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(spool().add(hashes.back(), content));
  }
  spool().flush(20 * kSecond);
  EXPECT_EQ(spool().stored_pages(), 500u);
  session().finish();
  trace::PageStore store(trace::open_capture(capture_path()));
  EXPECT_TRUE(store.problems().empty());
  EXPECT_EQ(store.size(), 500u);
  for (unsigned i = 0; i < 500; ++i) {
    const auto content = page(i, i % 7 == 0 ? 100 + i : trace::kPageBytes);
    const trace::Bytes read = store.read(hashes[i]);
    ASSERT_EQ(read.size(), content.size()) << i;
    EXPECT_EQ(std::memcmp(read.data(), content.data(), content.size()), 0) << i;
  }
}

TEST_F(PageSpoolTest, FolderThatCanNotBeMade) {
  ASSERT_TRUE(session().start());
  (void)directory_.write("capture/pages", "a file is in the way");
  EXPECT_NE(spool().start(), 0);
  EXPECT_NE(spool().error(), 0);
  const auto content = page(1);
  EXPECT_FALSE(spool().add(trace::content_hash(content), content));
  spool().flush(kSecond);
  EXPECT_NE(spool().problem().find("Not a directory"), std::string::npos) << spool().problem();
}

TEST_F(PageSpoolTest, NothingMoreIsStoredOnceItGaveUp) {
  ASSERT_TRUE(session().start());
  ASSERT_EQ(spool().start(), 0);
  spool().give_up();
  const auto content = page(1);
  EXPECT_FALSE(spool().add(trace::content_hash(content), content));
  EXPECT_NE(spool().error(), 0);
}

}  // namespace
}  // namespace fib::recorder
