// SPDX-License-Identifier: Apache-2.0
#include "recorder/captures.h"

#include <gtest/gtest.h>

#include "fake_driver.h"

namespace fib::recorder {
namespace {

using test::fake;
using test::FakeDriver;
using test::handle;

class CapturesTest : public testing::Test {
 protected:
  CapturesTest() { test::reset_fake(); }
  static void set(CUstream stream, CUstreamCaptureStatus status, cuuint64_t id) {
    fake().captures[stream] = {status, id};
  }
  const CUstream first_ = handle<CUstream>(0x10), second_ = handle<CUstream>(0x20);
  driver::DriverApi api_ = test::fake_api();
  Captures captures_{api_};
};

TEST_F(CapturesTest, AsksNobodyWhileThereIsNoCapture) {
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  EXPECT_EQ(captures_.id_of(first_), 0u);
  EXPECT_EQ(FakeDriver::capture_questions, 0);
}

TEST_F(CapturesTest, TellsTheIdOfTheCapture) {
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  captures_.begun(first_);
  EXPECT_EQ(captures_.id_of(first_), 5u);
  EXPECT_EQ(captures_.id_of(second_), 0u);
}

TEST_F(CapturesTest, SeesStreamsThatJoin) {
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  captures_.begun(first_);
  set(second_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);  // by waiting for an event
  EXPECT_EQ(captures_.id_of(second_), 5u);
}

TEST_F(CapturesTest, EndsWhenTheDriverSaysSo) {
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  captures_.begun(first_);
  captures_.maybe_ended(first_);  // failed: another thread owns it
  EXPECT_EQ(captures_.id_of(first_), 5u);
  set(first_, CU_STREAM_CAPTURE_STATUS_NONE, 0);
  captures_.maybe_ended(first_);
  FakeDriver::capture_questions = 0;
  EXPECT_EQ(captures_.id_of(first_), 0u);
  EXPECT_EQ(FakeDriver::capture_questions, 0);
}

TEST_F(CapturesTest, GoesOnUntilTheLastOneEnds) {
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  set(second_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 6);
  captures_.begun(first_);
  captures_.begun(second_);
  captures_.begun(second_);
  set(first_, CU_STREAM_CAPTURE_STATUS_NONE, 0);
  captures_.maybe_ended(first_);
  EXPECT_EQ(captures_.id_of(first_), 0u);
  EXPECT_EQ(captures_.id_of(second_), 6u);
  set(second_, CU_STREAM_CAPTURE_STATUS_NONE, 0);
  captures_.maybe_ended(second_);
  EXPECT_EQ(captures_.id_of(second_), 0u);
  FakeDriver::capture_questions = 0;
  EXPECT_EQ(captures_.id_of(second_), 0u);
  EXPECT_EQ(FakeDriver::capture_questions, 0);
}

TEST_F(CapturesTest, InvalidatedCaptureRecordsNothingButIsNotOver) {
  set(first_, CU_STREAM_CAPTURE_STATUS_INVALIDATED, 5);
  captures_.begun(first_);
  EXPECT_EQ(captures_.id_of(first_), 0u);
  captures_.maybe_ended(first_);
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  EXPECT_EQ(captures_.id_of(first_), 5u);
}

TEST_F(CapturesTest, DestroyedStreamIsNotInCapture) {
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  captures_.begun(first_);
  api_.cuStreamIsCapturing = [](CUstream, CUstreamCaptureStatus*) {
    return CUDA_ERROR_INVALID_HANDLE;
  };
  captures_.maybe_ended(first_);
  EXPECT_EQ(captures_.id_of(first_), 0u);
  EXPECT_EQ(FakeDriver::capture_questions, 0);
}

TEST_F(CapturesTest, OldDriverTellsThatThereIsOne) {
  api_.cuStreamGetCaptureInfo_v2 = nullptr;
  set(first_, CU_STREAM_CAPTURE_STATUS_ACTIVE, 5);
  captures_.begun(first_);
  EXPECT_EQ(captures_.id_of(first_), 1u);
}

TEST_F(CapturesTest, DriverThatRefusesToAnswerMeansNoCapture) {
  captures_.begun(first_);
  api_.cuStreamGetCaptureInfo_v2 = [](CUstream, CUstreamCaptureStatus*, cuuint64_t*, CUgraph*,
                                      const CUgraphNode**,
                                      std::size_t*) { return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT; };
  EXPECT_EQ(captures_.id_of(first_), 0u);
}

TEST_F(CapturesTest, ContextOfTheThread) {
  fake().context = handle<CUcontext>(0x123);
  EXPECT_EQ(current_context(api_), 0x123u);
  fake().context_result = CUDA_ERROR_DEINITIALIZED;
  EXPECT_EQ(current_context(api_), 0u);
}

}  // namespace
}  // namespace fib::recorder
