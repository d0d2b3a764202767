// SPDX-License-Identifier: Apache-2.0
#include "recorder/operation.h"

#include <gtest/gtest.h>

#include "fake_driver.h"

namespace fib::recorder {
namespace {

using driver::Api;
using test::handle;

TEST(Operation, Kinds) {
  for (const Api api : {Api::cuLaunchKernel, Api::cuLaunchKernelEx_ptsz, Api::cuLaunch,
                        Api::cuLaunchCooperativeKernelMultiDevice, Api::cuLaunchGridAsync})
    EXPECT_EQ(kind_of(api), OperationKind::Launch) << driver::info(api).name;
  for (const Api api : {Api::cuGraphLaunch, Api::cuGraphLaunch_ptsz})
    EXPECT_EQ(kind_of(api), OperationKind::GraphLaunch);
  for (const Api api :
       {Api::cuLaunchHostFunc, Api::cuLaunchHostFunc_ptsz, Api::cuStreamAddCallback})
    EXPECT_EQ(kind_of(api), OperationKind::HostCode);
  EXPECT_EQ(kind_of(Api::cuMemcpyHtoDAsync_v2), OperationKind::Copy);
  for (const Api api : {Api::cuMemAlloc_v2, Api::cuMemsetD8_v2, Api::cuGraphInstantiateWithFlags,
                        Api::cuStreamSynchronize})
    EXPECT_EQ(kind_of(api), OperationKind::Other);
}

TEST(Operation, OnlyPlainWaitsCountAsWaiting) {
  for (const Api api : {Api::cuStreamSynchronize, Api::cuStreamSynchronize_ptsz,
                        Api::cuCtxSynchronize, Api::cuCtxSynchronize_v2, Api::cuEventSynchronize})
    EXPECT_TRUE(only_waits(api)) << driver::info(api).name;
  for (const Api api :
       {Api::cuStreamWaitEvent, Api::cuMemcpyDtoH_v2, Api::cuLaunchKernel, Api::cuMemFree_v2})
    EXPECT_FALSE(only_waits(api)) << driver::info(api).name;
}

TEST(Operation, StreamsByTheNameOfTheirArgument) {
  const std::uint64_t words[] = {1, 2, 3, 0x40};
  EXPECT_EQ(stream_of({Api::cuMemcpyHtoDAsync_v2, words}), handle<CUstream>(0x40));
  EXPECT_EQ(stream_of({Api::cuLaunchHostFunc, std::span(words).first(3)}), handle<CUstream>(1));
  const std::uint64_t graph[] = {9, 0};
  EXPECT_EQ(stream_of({Api::cuGraphLaunch, graph}), nullptr);
  EXPECT_EQ(stream_of({Api::cuGraphLaunch_ptsz, graph}), CU_STREAM_PER_THREAD);
  EXPECT_EQ(stream_of({Api::cuMemcpyHtoD_v2, std::span(words).first(3)}), nullptr);
}

}  // namespace
}  // namespace fib::recorder
