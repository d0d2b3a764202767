// SPDX-License-Identifier: Apache-2.0
//
// libfibaudit.so with a CUPTI of our own: whatever way a process leaves, its counts are written
// once.
#include <gtest/gtest.h>

#include "cli/audit_compare.h"
#include "cli/child_process.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::cli {
namespace {

class AuditLibrary : public ::testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] Environment environment() const {
    Environment environment;
    environment.preload({FIB_TEST_AUDIT_LIBRARY});
    environment.set("FIBAUDIT_DIR", (directory_.path() / "audit").string());
    environment.set("FIB_CUPTI_LIBRARY", FIB_TEST_CUPTI);
    return environment;
  }
  [[nodiscard]] std::vector<WitnessCounts> counts() const {
    return read_cupti_counts((directory_.path() / "audit").string());
  }

  trace::testing::TempDirectory directory_;
};

TEST_P(AuditLibrary, CountsAreWrittenWhateverWayAProcessLeaves) {
  const ChildResult result = run_child(
      {FIB_TEST_AUDITED, FIB_TEST_AUDIT_LIBRARY, FIB_TEST_CUPTI, GetParam()}, environment());
  EXPECT_EQ(result.exit_code, 0) << describe(result);
  const std::vector<WitnessCounts> written = counts();
  ASSERT_EQ(written.size(), 1u);
  const bool in_child = std::string(GetParam()) == "child";
  EXPECT_EQ(written[0].pid == static_cast<std::uint32_t>(result.pid), !in_child);
  EXPECT_EQ(written[0].error, "");
  ASSERT_EQ(written[0].kernels.size(), 2u);
  EXPECT_EQ(written[0].kernels.at("_Z1av"), 5u);
  EXPECT_NE(written[0].command.find(FIB_TEST_AUDITED), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Ways, AuditLibrary,
                         ::testing::Values("return", "exit", "_exit", "_Exit", "quick_exit", "fork",
                                           "child"));

TEST_F(AuditLibrary, IsHarmlessWithoutCuda) {
  std::string output;
  const ChildResult result = run_captured(
      {"/bin/sh", "-c", "(exit 3); echo $?; /bin/echo x; exit 5"}, environment(), output);
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(output, "3\nx\n");
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "audit"));
}

TEST_F(AuditLibrary, SaysWhyItCannotCount) {
  Environment without = environment();
  without.set("FIB_CUPTI_LIBRARY", FIB_TEST_AUDIT_LIBRARY);  // a library, but no CUPTI
  std::string output;
  const ChildResult result = run_captured(
      {FIB_TEST_AUDITED, FIB_TEST_AUDIT_LIBRARY, FIB_TEST_CUPTI, "return"}, without, output);
  EXPECT_EQ(result.exit_code, 3) << output;
  ASSERT_EQ(counts().size(), 1u) << output;
  EXPECT_NE(counts()[0].error.find("this CUPTI has no cupti"), std::string::npos) << output;
}

}  // namespace
}  // namespace fib::cli
