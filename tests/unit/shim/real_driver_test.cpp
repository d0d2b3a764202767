// SPDX-License-Identifier: Apache-2.0
//
// Finding the driver among the libraries of a process, and ourselves for each of its functions. The
// shim's exported symbols are those of entry_points.S here.
#include "shim/real_driver.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "loaded_library.h"

namespace fib::shim {
namespace {

using driver::Api;
using test::LoadedLibrary;

/// Our symbol for each entry point, null for those that we only use.
constexpr std::size_t kApiCount = driver::kApiCount;
void* const* wrappers() {
  static void* const list[kApiCount] = {
#define FIB_HOOK(symbol, args) reinterpret_cast<void*>(&::symbol),
#define FIB_CALL(symbol, args) reinterpret_cast<void*>(&::symbol),
#define FIB_USE(symbol) nullptr,
#include "driver/driver_api.def"
  };
  return list;
}

void* slot(const RealDriver& real, std::size_t i) {
  return const_cast<driver::DriverApi&>(real.api).slots()[i];
}

class RealDriverTest : public testing::Test {
 protected:
  RealDriverTest() { g_real.store(nullptr); }
  ~RealDriverTest() override { g_real.store(nullptr); }
};

TEST_F(RealDriverTest, NoDriverIsLoaded) { EXPECT_EQ(real_driver_if_loaded(), nullptr); }

TEST_F(RealDriverTest, StubIsNoDriver) {
  const LoadedLibrary stub(FIB_STUB_DRIVER);
  EXPECT_EQ(real_driver_if_loaded(), nullptr);
}

TEST_F(RealDriverTest, ResolvesEveryEntryPointAndItsWrapper) {
  const LoadedLibrary stub(FIB_STUB_DRIVER);
  const LoadedLibrary driver(FIB_WHOLE_DRIVER);
  const RealDriver* real = real_driver_if_loaded();
  ASSERT_NE(real, nullptr);
  EXPECT_EQ(g_real.load(), real);
  EXPECT_EQ(real_driver_if_loaded(), real);
  for (std::size_t i = 0; i < kApiCount; ++i) {
    const char* name = driver::kApiInfo[i].name;
    void* address = slot(*real, i);
    ASSERT_NE(address, nullptr) << name;
    EXPECT_EQ(address, driver.symbol(name)) << name;
    EXPECT_EQ(real->wrapper_of(address), wrappers()[i] != nullptr ? wrappers()[i] : address)
        << name;
  }
}

TEST_F(RealDriverTest, OtherAddressesStayAsTheyAre) {
  const LoadedLibrary driver(FIB_PARTIAL_DRIVER);
  const RealDriver* real = real_driver_if_loaded();
  ASSERT_NE(real, nullptr);
  EXPECT_EQ(real->wrapper_of(nullptr), nullptr);
  int here = 0;
  EXPECT_EQ(real->wrapper_of(&here), &here);
  void* unlisted = driver.symbol("cuNotOnOurList");
  EXPECT_EQ(real->wrapper_of(unlisted), unlisted);
  void* only_used = driver.symbol("cuDriverGetVersion");
  EXPECT_EQ(real->wrapper_of(only_used), only_used);
  // Our own symbols are nobody's to wrap again.
  void* ours = reinterpret_cast<void*>(&::cuInit);
  EXPECT_EQ(real->wrapper_of(ours), ours);
}

TEST_F(RealDriverTest, WhatAnOldDriverLacksIsNull) {
  const LoadedLibrary driver(FIB_PARTIAL_DRIVER);
  const RealDriver* real = real_driver_if_loaded();
  ASSERT_NE(real, nullptr);
  EXPECT_NE(real->api.cuInit, nullptr);
  EXPECT_EQ(real->api.cuMemAlloc_v2, nullptr);
  EXPECT_EQ(real->api.cuLaunchKernel, nullptr);
}

TEST_F(RealDriverTest, NamesOfOneFunctionHaveOneWrapper) {
  const LoadedLibrary driver(FIB_PARTIAL_DRIVER);
  const RealDriver* real = real_driver_if_loaded();
  ASSERT_NE(real, nullptr);
  ASSERT_EQ(reinterpret_cast<void*>(real->api.cuStreamSynchronize),
            reinterpret_cast<void*>(real->api.cuStreamSynchronize_ptsz));
  EXPECT_EQ(real->wrapper_of(reinterpret_cast<void*>(real->api.cuStreamSynchronize_ptsz)),
            wrappers()[static_cast<std::size_t>(Api::cuStreamSynchronize)]);
}

TEST_F(RealDriverTest, ThreadsAgreeOnOneTable) {
  const LoadedLibrary driver(FIB_WHOLE_DRIVER);
  std::vector<const RealDriver*> found(8);
  std::vector<std::thread> threads;
  for (const RealDriver*& mine : found)
    threads.emplace_back([&] { mine = real_driver_if_loaded(); });
  for (std::thread& thread : threads) thread.join();
  for (const RealDriver* real : found) {
    EXPECT_NE(real, nullptr);
    EXPECT_EQ(real, found[0]);
  }
}

TEST_F(RealDriverTest, OpensTheDriverWhenItIsNeeded) {
  const RealDriver* real = real_driver();  // found by the program's run path
  ASSERT_NE(real, nullptr);
  EXPECT_NE(real->api.cuInit, nullptr);
  void* opened = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(dlsym(opened, "cuInit"), reinterpret_cast<void*>(real->api.cuInit));
  dlclose(opened);
  dlclose(opened);  // for real_driver(), which keeps it for ever
}

TEST_F(RealDriverTest, TellsTheDriversSide) {
  const LoadedLibrary driver(FIB_WHOLE_DRIVER);
  EXPECT_TRUE(is_driver_side(driver.symbol("cuInit")));
  EXPECT_FALSE(is_driver_side(reinterpret_cast<void*>(&::cuInit)));
  EXPECT_FALSE(is_driver_side(reinterpret_cast<void*>(&dlopen)));
  EXPECT_FALSE(is_driver_side(nullptr));
}

TEST_F(RealDriverTest, TellsAnotherDriver) {
  const LoadedLibrary first(FIB_WHOLE_DRIVER);
  const RealDriver* real = real_driver_if_loaded();
  ASSERT_NE(real, nullptr);
  const LoadedLibrary second(FIB_PARTIAL_DRIVER);
  ASSERT_NE(first.symbol("cuInit"), second.symbol("cuInit"));
  EXPECT_TRUE(is_other_driver(*real, second.symbol("cuInit")));
  EXPECT_FALSE(is_other_driver(*real, first.symbol("cuInit")));
  EXPECT_FALSE(is_other_driver(*real, first.symbol("cuDriverGetVersion")));
  EXPECT_FALSE(is_other_driver(*real, reinterpret_cast<void*>(&dlopen)));
}

TEST_F(RealDriverTest, FindsLibcWithoutAskingIt) {
  const LoadedLibrary libc("libc.so.6", RTLD_NOLOAD);
  EXPECT_EQ(reinterpret_cast<void*>(real_dlsym()), libc.symbol("dlsym"));
  EXPECT_EQ(reinterpret_cast<void*>(real_dlopen()), libc.symbol("dlopen"));
  EXPECT_EQ(reinterpret_cast<void*>(real_dlmopen()), libc.symbol("dlmopen"));
  EXPECT_EQ(reinterpret_cast<void*>(real_exit()), libc.symbol("_exit"));
}

}  // namespace
}  // namespace fib::shim
