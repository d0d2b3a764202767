// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_tools.h"

#include <gtest/gtest.h>

#include "cli/exit_codes.h"
#include "cli/workload_export.h"

namespace fib::cli {
namespace {

constexpr const char* kCsv =
    "==PROF== Connected to process 7\n"
    "{\n  \"status\": \"PASSED\"\n}\n"
    "\"ID\",\"Kernel Name\",\"gpu__time_duration.sum\",\"launch__registers_per_thread\"\n"
    "\"\",\"\",\"ns\",\"register/thread\"\n"
    "\"0\",\"norm(int, float)\",\"5,152\",\"32\"\n"
    "\"1\",\"norm(int, float)\",\"5088\",\"32\"\n";

TEST(BenchTools, ReadsWhatNcuPrints) {
  const registry::Json kernels = read_ncu_csv(kCsv);
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0]["kernel"], "norm(int, float)");
  EXPECT_EQ(kernels[0]["duration_ns"], 5152);
  EXPECT_EQ(kernels[1]["registers"], 32);
  EXPECT_FALSE(kernels[0].contains("occupancy_percent"));
}

TEST(BenchTools, CountersThatNcuCannotReadAreLeftOut) {
  const registry::Json kernels = read_ncu_csv(
      "\"Kernel "
      "Name\",\"gpu__time_duration.sum\",\"dram__throughput.avg.pct_of_peak_sustained_elapsed\"\n"
      "\"\",\"ns\",\"%\"\n"
      "\"norm\",\"n/a\",\"nan\"\n");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels[0], registry::Json({{"kernel", "norm"}}));
}

TEST(BenchTools, NothingOfWhatIsNoTable) {
  EXPECT_TRUE(read_ncu_csv("").empty());
  EXPECT_TRUE(read_ncu_csv("==ERROR== no permission\n").empty());
  EXPECT_TRUE(read_ncu_csv("\"ID\",\"Kernel Name\"\n\"\",\"\"\n\"0\"\n").empty());
}

TEST(WorkloadExport, SizesAsPeopleWriteThem) {
  EXPECT_EQ(parse_size("--budget", "1500"), 1500u);
  EXPECT_EQ(parse_size("--budget", "2G"), std::uint64_t{2} << 30);
  for (const char* wrong : {"", "G", "2GB", "-1", "2x", "99999999999T"})
    EXPECT_THROW((void)parse_size("--budget", wrong), CliError) << wrong;
}

}  // namespace
}  // namespace fib::cli
