// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class EventTest : public SimTest {
 protected:
  CUevent event(unsigned flags = 0) {
    CUevent created = nullptr;
    EXPECT_OK(cuEventCreate(&created, flags));
    return created;
  }
};

TEST_F(EventTest, MarksAPointInAStream) {
  const CUstream stream = non_blocking_stream();
  const CUevent e = event();
  EXPECT_OK(cuEventQuery(e)) << "never recorded: complete";
  Gate gate(stream);
  ASSERT_OK(cuEventRecord(e, stream));
  EXPECT_EQ(CUDA_ERROR_NOT_READY, cuEventQuery(e));
  gate.open();
  ASSERT_OK(cuEventSynchronize(e));
  EXPECT_OK(cuEventQuery(e));
  EXPECT_OK(cuStreamQuery(stream));
}

TEST_F(EventTest, OrdersStreams) {
  const CUstream first = non_blocking_stream(), second = non_blocking_stream();
  const CUdeviceptr out = floats(1, 0);
  const CUevent e = event(CU_EVENT_DISABLE_TIMING);
  ASSERT_OK(launch(function(kSpin), first, 1, 30000));
  ASSERT_OK(launch(function(kFill), first, 1, out, 2.0f, 1));
  ASSERT_OK(cuEventRecord(e, first));
  ASSERT_OK(cuStreamWaitEvent(second, e, 0));
  ASSERT_OK(launch(function(kScale), second, 1, out, 5.0f, 1));
  ASSERT_OK(cuStreamSynchronize(second));
  EXPECT_EQ(std::vector<float>(1, 10), read_floats(out, 1));
}

TEST_F(EventTest, MeasuresTime) {
  const CUevent begin = event(), end = event(), untimed = event(CU_EVENT_DISABLE_TIMING);
  float ms = 0;
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&ms, begin, end)) << "not recorded";
  ASSERT_OK(cuEventRecord(begin, nullptr));
  ASSERT_OK(launch(function(kSpin), nullptr, 1, 20000));
  Gate gate(nullptr);
  ASSERT_OK(cuEventRecord(end, nullptr));
  EXPECT_EQ(CUDA_ERROR_NOT_READY, cuEventElapsedTime(&ms, begin, end));
  gate.open();
  ASSERT_OK(cuEventSynchronize(end));
  ASSERT_OK(cuEventElapsedTime_v2(&ms, begin, end));
  EXPECT_GE(ms, 19.0f);
  ASSERT_OK(cuEventRecord(untimed, nullptr));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&ms, begin, untimed));
}

TEST_F(EventTest, ValidatesHandles) {
  const CUevent e = event();
  ASSERT_OK(cuEventDestroy_v2(e));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuEventQuery(e));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuEventRecord(nullptr, nullptr));
  CUevent created = nullptr;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuEventCreate(&created, 64));
}

}  // namespace
}  // namespace fib::sim::test
