// SPDX-License-Identifier: Apache-2.0
#include "driver/check.h"

#include <gtest/gtest.h>

#include <string>

namespace fib::driver {
namespace {

CUresult error_name(CUresult code, const char** name) {
  if (code != CUDA_ERROR_OUT_OF_MEMORY) return CUDA_ERROR_INVALID_VALUE;
  *name = "CUDA_ERROR_OUT_OF_MEMORY";
  return CUDA_SUCCESS;
}
CUresult error_string(CUresult code, const char** text) {
  if (code != CUDA_ERROR_OUT_OF_MEMORY) return CUDA_ERROR_INVALID_VALUE;
  *text = "out of memory";
  return CUDA_SUCCESS;
}
CUresult init(unsigned int flags) { return static_cast<CUresult>(flags); }

DriverApi fake() {
  DriverApi api{};
  api.cuGetErrorName = error_name;
  api.cuGetErrorString = error_string;
  api.cuInit = init;
  return api;
}

TEST(Check, SuccessIsSilent) {
  const DriverApi api = fake();
  EXPECT_NO_THROW(FIB_DRIVER_CHECK(api, cuInit(CUDA_SUCCESS)));
  testing::internal::CaptureStderr();
  FIB_DRIVER_CHECK_NOEXCEPT(api, cuInit(CUDA_SUCCESS));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Check, FailureSaysWhereWhatAndWhy) {
  const DriverApi api = fake();
  try {
    FIB_DRIVER_CHECK(api, cuInit(CUDA_ERROR_OUT_OF_MEMORY));
    FAIL() << "nothing thrown";
  } catch (const DriverError& error) {
    const std::string what = error.what();
    EXPECT_EQ(error.code(), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_NE(what.find("check_test.cpp:"), std::string::npos) << what;
    EXPECT_NE(
        what.find("cuInit(CUDA_ERROR_OUT_OF_MEMORY): CUDA_ERROR_OUT_OF_MEMORY (out of memory)"),
        std::string::npos)
        << what;
  }
}

TEST(Check, UnknownCodesAndOldDriversAreNamedByNumber) {
  EXPECT_EQ(describe_failure(fake(), CUDA_ERROR_INVALID_VALUE, "f()", "a.cpp", 1),
            "a.cpp:1: f(): error 1");
  EXPECT_EQ(describe_failure(DriverApi{}, CUDA_ERROR_OUT_OF_MEMORY, "f()", "a.cpp", 1),
            "a.cpp:1: f(): error 2");
}

TEST(Check, DestructorsReportButNotOnTheWayOut) {
  const DriverApi api = fake();
  testing::internal::CaptureStderr();
  FIB_DRIVER_CHECK_NOEXCEPT(api, cuInit(CUDA_ERROR_DEINITIALIZED));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  FIB_DRIVER_CHECK_NOEXCEPT(api, cuInit(CUDA_ERROR_OUT_OF_MEMORY));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("(out of memory)\n"), std::string::npos);
}

}  // namespace
}  // namespace fib::driver
