// SPDX-License-Identifier: Apache-2.0
#include "cli/counters_file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "cli/exit_codes.h"
#include "registry/match/reason.h"
#include "tests/unit/cli/run_fib.h"
#include "tests/unit/trace/temp_directory.h"
#include "trace/counters.h"

namespace fib::cli {
namespace {

using testing::run_fib;
using trace::testing::TempDirectory;

/// What a process would have counted; cut off behind the last kernel.
class Page {
 public:
  Page() : page_(std::make_unique<trace::CountersPage>()) {
    auto& header = page_->header;
    std::memcpy(header.magic, trace::kCountersMagic, sizeof header.magic);
    header.version = trace::kCountersVersion;
    header.pid = static_cast<std::uint32_t>(getpid());
    header.mode = static_cast<std::uint32_t>(trace::CountersMode::Apply);
    header.generation = 3;
    header.gpu_count = 1;
    std::strcpy(header.gpus[0], "NVIDIA H200");
    std::strcpy(header.registry, "/registry");
    header.reason_count = static_cast<std::uint32_t>(match::kReasons);
    for (std::size_t i = 0; i < match::kReasons; ++i) {
      std::strcpy(header.reasons[i], match::to_string(static_cast<match::Reason>(i)));
    }
    auto& candidate = page_->candidates[0];
    std::strcpy(candidate.name, "fast");
    std::strcpy(candidate.why, "it was\nwrong");
    candidate.state = static_cast<std::uint32_t>(trace::CandidateState::Demoted);
    candidate.eager = 7;
    candidate.mismatched = 1;
    header.candidate_count = 1;
    auto& kernel = page_->kernels[0];
    std::strcpy(kernel.name, "_Z5scalePKfPffi");
    kernel.candidates[0].candidate = 1;
    kernel.candidates[0].eager = 7;
    kernel.candidates[1].candidate = 99;  // none of ours
    kernel.reasons[static_cast<std::size_t>(match::Reason::Exact)] = 7;
    kernel.reasons[static_cast<std::size_t>(match::Reason::NotFound)] = 9;
    header.kernel_count = 1;
  }
  trace::CountersPage& page() { return *page_; }
  [[nodiscard]] std::string bytes() const {
    return {reinterpret_cast<const char*>(page_.get()),
            offsetof(trace::CountersPage, kernels) + sizeof(trace::KernelCounters)};
  }

 private:
  std::unique_ptr<trace::CountersPage> page_;
};

TEST(CountersFile, IsReadAsItWasCounted) {
  const TempDirectory directory;
  const CountersReport report = read_counters_file(directory.write("report", Page().bytes()));
  EXPECT_EQ(report.mode, "apply");
  EXPECT_EQ(report.generation, 3u);
  EXPECT_EQ(report.gpus, std::vector<std::string>{"NVIDIA H200"});
  ASSERT_EQ(report.candidates.size(), 1u);
  EXPECT_EQ(report.candidates[0].state, "demoted");
  EXPECT_EQ(report.candidates[0].why, "it was?wrong");  // no control characters
  ASSERT_EQ(report.kernels.size(), 1u);
  EXPECT_EQ(report.kernels[0].launches(), 16u);
  EXPECT_EQ(report.kernels[0].reasons[0].name, "NotFound");
  EXPECT_TRUE(report.kernels[0].reasons[1].hit);
  ASSERT_EQ(report.kernels[0].candidates.size(), 1u);
  EXPECT_EQ(report.kernels[0].candidates[0].name, "fast");
}

TEST(CountersFile, IsPrinted) {
  const TempDirectory directory;
  const auto path = directory.write("report", Page().bytes()).string();
  const auto result = run_fib({"explain", "--report", path});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("mode apply, generation 3"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("scale\n  9  NotFound\n  7  Exact → fast\n"), std::string::npos)
      << result.out;
  const auto json = run_fib({"explain", "--report", path, "--json"});
  EXPECT_NE(json.out.find("\"NotFound\": 9"), std::string::npos) << json.out;
  EXPECT_EQ(run_fib({"explain", "--report", path, "--kernel", "other", "--json"}).out.find("_Z5"),
            std::string::npos);
}

TEST(CountersFile, HostileOnesAreRefusedOrBounded) {
  const TempDirectory directory;
  const std::string good = Page().bytes();
  EXPECT_THROW((void)read_counters_file(directory.write("short", good.substr(0, 5000))), CliError);
  EXPECT_THROW((void)read_counters_file(directory.write("empty", "")), CliError);
  EXPECT_THROW((void)read_counters_file(directory.path()), CliError);
  std::string other = good;
  other[0] = 'X';
  EXPECT_THROW((void)read_counters_file(directory.write("other", other)), CliError);
  Page page;
  page.page().header.version = 77;
  EXPECT_THROW((void)read_counters_file(directory.write("newer", page.bytes())), CliError);
  page.page().header.version = trace::kCountersVersion;
  page.page().header.kernel_count = page.page().header.candidate_count = 0xffffffff;
  page.page().header.reason_count = page.page().header.gpu_count = 0xffffffff;
  std::memset(page.page().kernels[0].name, 'x', sizeof page.page().kernels[0].name);
  const CountersReport report = read_counters_file(directory.write("many", page.bytes()));
  EXPECT_EQ(report.kernels.size(), 1u);
  EXPECT_EQ(report.kernels[0].name.size(), sizeof page.page().kernels[0].name);
  EXPECT_EQ(report.candidates.size(), trace::kMaxCountedCandidates);
}

TEST(CountersFile, OfAProcessThatRuns) {
  EXPECT_THROW((void)read_counters_of(getpid()), CliError);  // counts nothing yet
  const int fd = memfd_create(trace::kCountersName, MFD_CLOEXEC);
  const std::string bytes = Page().bytes();
  ASSERT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(read_counters_of(getpid()).kernels.size(), 1u);
  Page parents;
  parents.page().header.pid = 1;  // inherited from a process that forked
  ASSERT_EQ(pwrite(fd, parents.bytes().data(), bytes.size(), 0),
            static_cast<ssize_t>(bytes.size()));
  EXPECT_THROW((void)read_counters_of(getpid()), CliError);
  close(fd);
}

}  // namespace
}  // namespace fib::cli
