// SPDX-License-Identifier: Apache-2.0
#include "judge/wire.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace fib::judge {
namespace {

TrialResult example() {
  TrialResult result;
  result.status = registry::Status::IncorrectNumerical;
  result.reason = "writes too much";
  result.max_absolute_error = std::numeric_limits<double>::infinity();
  result.max_relative_error = std::nan("");
  result.first_wrong = FirstWrong{"output", {3, 4}, 1.5, -2};
  result.checks = {{"recorded inputs", true, ""}, {"poison A", false, "12 bytes"}};
  result.timing = {{"cold", 1200, 1000, 1.2, 1.1, 1.3, 0.95, 40, 1, "faster"}};
  result.clocks.sm_mhz_min = 1980;
  result.libs = {{"cuda", "13.0"}};
  return result;
}

TEST(Wire, KeepsAResult) {
  const registry::Json json = to_json(example());
  const TrialResult again = result_of(registry::parse_json(registry::to_text(json)).value);
  EXPECT_EQ(to_json(again), json);
  EXPECT_EQ(again.status, registry::Status::IncorrectNumerical);
  EXPECT_TRUE(std::isinf(again.max_absolute_error));
  EXPECT_TRUE(std::isnan(again.max_relative_error));
  EXPECT_EQ(again.first_wrong->index, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(again.timing.at(0).verdict, "faster");
}

TEST(Wire, KeepsARequest) {
  TrialRequest request;
  request.subject.axes = {{"batch_size", 32}};
  request.subject.directory = "/cases/one";
  request.seed = UINT64_MAX;
  request.timing.margin = 0.02;
  const registry::Json json = to_json(request);
  const TrialRequest again = request_of(registry::parse_json(registry::to_text(json)).value);
  EXPECT_EQ(to_json(again), json);
  EXPECT_EQ(again.seed, UINT64_MAX);
}

void expect_refused(registry::Json json, const char* message) {
  try {
    (void)result_of(json);
    FAIL() << "should be refused: " << message;
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), message);
  }
}

TEST(Wire, RefusesWhatIsMissingOrWrong) {
  const registry::Json good = to_json(example());
  registry::Json bad = good;
  bad.erase("reason");
  expect_refused(bad, "no member \"reason\"");
  bad = good;
  bad["status"] = "FINE";
  expect_refused(bad, "member \"status\" should be one of the seven statuses");
  bad = good;
  bad["clocks"]["temperature"] = std::int64_t{1} << 40;
  expect_refused(bad, "member \"temperature\" should be an integer within its range");
  bad = good;
  bad["checks"] = 7;
  expect_refused(bad, "member \"checks\" should be an array");
  expect_refused("text", "member \"result\" should be an object");
}

}  // namespace
}  // namespace fib::judge
