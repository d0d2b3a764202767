// SPDX-License-Identifier: Apache-2.0
#include "registry/build/cache.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "registry/build/sha256.h"
#include "registry/store/error.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;
using registry::RegistryError;
using testing::contains;

const std::string kSource(32, 'a'), kBuild(32, 'b');

struct Fixture {
  trace::testing::TempDirectory directory;
  fs::path cache = fs::path(directory.path()) / "deep/cache";

  [[nodiscard]] static Manifest manifest(const std::string& content) {
    Manifest manifest;
    manifest.key = kBuild;
    manifest.source_key = kSource;
    manifest.solution = "scale_fast";
    manifest.content_hash = "c0ffee";
    manifest.compiler = "none";
    manifest.built = "2026-01-01T00:00:00Z";
    manifest.modules = {{"a.cubin",
                         "module0.cubin",
                         BinaryKind::Cubin,
                         *arch_of("sm_90"),
                         content.size(),
                         sha256(content),
                         {}}};
    return manifest;
  }
  void store(const std::string& content) const {
    BuildLock(cache, kSource, kBuild).store(manifest(content), {{"module0.cubin", content}});
  }
  [[nodiscard]] CachedBuild find() const { return find_build(cache, kSource, kBuild); }
  [[nodiscard]] fs::path build() const { return builds_of(cache, kSource) / kBuild; }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(builds_of(cache, kSource)), fs::directory_iterator()));
  }
};

TEST(BuildCache, HasWhatWasStored) {
  const Fixture fixture;
  EXPECT_FALSE(fixture.find().manifest);
  EXPECT_EQ(fixture.find().damage, "");
  fixture.store("first");
  EXPECT_TRUE(fixture.find().manifest);
  fixture.store("second");
  ASSERT_TRUE(fixture.find().manifest);
  EXPECT_EQ(fixture.find().manifest->modules[0].bytes, 6u);
  EXPECT_EQ(fixture.entries(), 2u);  // the build and its lock
}

TEST(BuildCache, NoticesDamage) {
  const Fixture fixture;
  fixture.store("content");
  fixture.directory.write("deep/cache/" + kSource + '/' + kBuild + "/module0.cubin", "contenT");
  EXPECT_FALSE(fixture.find().manifest);
  EXPECT_EQ(fixture.find().damage, "module0.cubin is not what was written");
  fs::remove(fixture.build() / "module0.cubin");
  EXPECT_TRUE(contains(fixture.find().damage, "module0.cubin can't be read"));
  fixture.directory.write("deep/cache/" + kSource + '/' + kBuild + "/build.json", "{}");
  EXPECT_TRUE(contains(fixture.find().damage, "build.json is no manifest"));
  fs::remove(fixture.build() / "build.json");
  EXPECT_TRUE(contains(fixture.find().damage, "build.json can't be read"));
  fixture.store("content");
  EXPECT_TRUE(fixture.find().manifest);
}

TEST(BuildCache, DoesNotTakeTheBuildOfAnotherKey) {
  const Fixture fixture;
  fixture.store("content");
  const std::string other(32, 'c');
  fs::rename(fixture.build(), builds_of(fixture.cache, kSource) / other);
  const CachedBuild found = find_build(fixture.cache, kSource, other);
  EXPECT_FALSE(found.manifest);
  EXPECT_EQ(found.damage, "build.json is of another build");
}

TEST(BuildCache, IsNobodyElsesToWrite) {
  const mode_t before = ::umask(0);
  const Fixture fixture;
  fixture.store("content");
  ::umask(before);
  for (const fs::path& path : {fixture.cache, fixture.build(), fixture.build() / "build.json",
                               fixture.build() / "module0.cubin"}) {
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & (S_IWGRP | S_IWOTH), 0u) << path;
  }
  EXPECT_EQ(trust_problem(fixture.cache), "");
  fs::permissions(fixture.cache, fs::perms::group_write, fs::perm_options::add);
  EXPECT_TRUE(contains(trust_problem(fixture.cache), "can be written by others"));
}

// A full disk, as a limit of file sizes: what was there stays, and nothing half is left.
TEST(BuildCache, LeavesNothingHalfOnAFullDisk) {
  const Fixture fixture;
  fixture.store("content");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(fixture.store(std::string(10'000, 'x')), RegistryError);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_TRUE(fixture.find().manifest);
  EXPECT_EQ(fixture.find().manifest->modules[0].bytes, 7u);
  EXPECT_EQ(fixture.entries(), 2u);
}

TEST(BuildCache, ClearsAwayWhatACrashLeft) {
  const Fixture fixture;
  fixture.store("content");
  fs::create_directories(builds_of(fixture.cache, kSource) / (".new-" + kBuild) / "x");
  fs::create_directories(builds_of(fixture.cache, kSource) / (".old-" + kBuild));
  fixture.store("again");
  EXPECT_EQ(fixture.entries(), 2u);
}

TEST(BuildCache, HasOneBuilderAtATime) {
  const Fixture fixture;
  std::atomic<int> inside = 0, most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 4; ++round) {
        BuildLock lock(fixture.cache, kSource, kBuild);
        most = std::max(most.load(), ++inside);
        lock.store(Fixture::manifest("content"), {{"module0.cubin", "content"}});
        EXPECT_TRUE(fixture.find().manifest);
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

TEST(BuildCache, SaysWhereItCantWrite) {
  const trace::testing::TempDirectory directory;
  const fs::path file = directory.write("file", "x");
  EXPECT_THROW(writable_cache("/r", file / "cache"), RegistryError);
  EXPECT_THROW(BuildLock(file / "cache", kSource, kBuild), RegistryError);
  const fs::path root = directory.path() / fs::path("root");
  EXPECT_EQ(writable_cache(root, ""), root / ".fib/build");
  EXPECT_TRUE(fs::is_directory(root / ".fib/build"));
}

}  // namespace
}  // namespace fib::build
