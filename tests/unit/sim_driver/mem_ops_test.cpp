// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class MemOps : public SimTest {
 protected:
  unsigned word(CUdeviceptr address) {
    unsigned value = 0;
    EXPECT_OK(cuMemcpyDtoH_v2(&value, address, sizeof value));
    return value;
  }
};

CUstreamBatchMemOpParams write(CUdeviceptr address, unsigned value) {
  CUstreamBatchMemOpParams op{};
  op.writeValue.operation = CU_STREAM_MEM_OP_WRITE_VALUE_32;
  op.writeValue.address = address;
  op.writeValue.value = value;
  return op;
}

TEST_F(MemOps, AWaitHoldsTheStreamUp) {
  const CUstream waiting = non_blocking_stream(), writing = non_blocking_stream();
  const CUdeviceptr flag = device_memory(16);
  ASSERT_OK(cuMemsetD8_v2(flag, 0, 16));
  ASSERT_OK(cuStreamWaitValue32_v2(waiting, flag, 5, CU_STREAM_WAIT_VALUE_GEQ));
  ASSERT_OK(cuMemsetD32Async(flag + 4, 9, 1, waiting));
  EXPECT_EQ(CUDA_ERROR_NOT_READY, cuStreamQuery(waiting));
  ASSERT_OK(cuStreamWriteValue32_v2(writing, flag, 4, 0));
  ASSERT_OK(cuStreamSynchronize(writing));
  EXPECT_EQ(CUDA_ERROR_NOT_READY, cuStreamQuery(waiting));
  ASSERT_OK(cuStreamWriteValue32(writing, flag, 6, 0));
  ASSERT_OK(cuStreamSynchronize(waiting));
  EXPECT_EQ(9u, word(flag + 4));
}

TEST_F(MemOps, EveryConditionIsKnown) {
  const CUstream stream = non_blocking_stream();
  const CUdeviceptr flag = device_memory(16);
  ASSERT_OK(cuMemsetD32_v2(flag, 6, 4));
  EXPECT_OK(cuStreamWaitValue32_v2(stream, flag, 6, CU_STREAM_WAIT_VALUE_EQ));
  EXPECT_OK(cuStreamWaitValue32_v2(stream, flag, 2, CU_STREAM_WAIT_VALUE_AND));
  EXPECT_OK(cuStreamWaitValue32_v2(stream, flag, 1, CU_STREAM_WAIT_VALUE_NOR));
  EXPECT_OK(cuStreamWaitValue64_v2(stream, flag, 7, CU_STREAM_WAIT_VALUE_GEQ));
  EXPECT_OK(cuStreamWriteValue64_v2(stream, flag + 8, 1, 0));
  EXPECT_OK(cuStreamSynchronize(stream));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuStreamWaitValue32_v2(stream, flag + 2, 1, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuStreamWriteValue32_v2(stream, 4096, 1, 0));
}

TEST_F(MemOps, AreNodesOfGraphs) {
  const CUdeviceptr flag = device_memory(16);
  CUstreamBatchMemOpParams list[] = {write(flag, 1), write(flag + 4, 2)};
  CUDA_BATCH_MEM_OP_NODE_PARAMS params{context, 2, list, 0};
  CUgraph graph = nullptr;
  CUgraphNode node = nullptr;
  CUgraphExec exec = nullptr;
  CUgraphNodeType type{};
  ASSERT_OK(cuGraphCreate(&graph, 0));
  ASSERT_OK(cuGraphAddBatchMemOpNode(&node, graph, nullptr, 0, &params));
  ASSERT_OK(cuGraphNodeGetType(node, &type));
  EXPECT_EQ(CU_GRAPH_NODE_TYPE_BATCH_MEM_OP, type);
  ASSERT_OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
  ASSERT_OK(cuGraphLaunch(exec, nullptr));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(1u, word(flag));
  EXPECT_EQ(2u, word(flag + 4));
  list[1] = write(flag + 4, 3);
  ASSERT_OK(cuGraphExecBatchMemOpNodeSetParams(exec, node, &params));
  ASSERT_OK(cuGraphLaunch(exec, nullptr));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(3u, word(flag + 4));
  CUDA_BATCH_MEM_OP_NODE_PARAMS read{};
  ASSERT_OK(cuGraphBatchMemOpNodeGetParams(node, &read));
  ASSERT_EQ(2u, read.count);
  EXPECT_EQ(2u, read.paramArray[1].writeValue.value);
  ASSERT_OK(cuGraphExecDestroy(exec));
  ASSERT_OK(cuGraphDestroy(graph));
}

}  // namespace
}  // namespace fib::sim::test
