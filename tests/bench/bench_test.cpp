// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "tests/bench/elf_symbol.h"
#include "tests/bench/statistics.h"

namespace fib::bench {
namespace {

TEST(ExportedSymbol, AgreesWithDlsym) {
  void* library = dlopen("libstdc++.so.6", RTLD_NOW);
  ASSERT_NE(library, nullptr);
  for (const char* name : {"__cxa_demangle", "__cxa_throw", "_ZSt9terminatev", "_ZdlPv"}) {
    EXPECT_EQ(exported_symbol(library, name), dlsym(library, name)) << name;
  }
}

TEST(ExportedSymbol, IsNullForWhatTheLibraryLacks) {
  void* library = dlopen("libstdc++.so.6", RTLD_NOW);
  ASSERT_NE(library, nullptr);
  EXPECT_EQ(exported_symbol(library, "cuLaunchKernel"), nullptr);
  EXPECT_EQ(exported_symbol(library, "malloc"), nullptr);  // imported at most, not defined there
}

TEST(MedianOf, OneSampleIsItsOwnInterval) {
  const Median median = median_of({7.0});
  EXPECT_EQ(median.value, 7.0);
  EXPECT_EQ(median.low, 7.0);
  EXPECT_EQ(median.high, 7.0);
}

TEST(MedianOf, IntervalFollowsTheRanks) {
  std::vector<double> samples;
  for (int i = 100; i >= 0; --i) samples.push_back(i);
  const Median median = median_of(samples);
  EXPECT_EQ(median.value, 50.0);
  EXPECT_EQ(median.low, 40.0);  // 50 -+ 0.98 * sqrt(101), rounded outwards
  EXPECT_EQ(median.high, 60.0);
}

}  // namespace
}  // namespace fib::bench
