// SPDX-License-Identifier: Apache-2.0
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class Launch : public SimTest {};

TEST_F(Launch, RunsOncePerThread) {
  const CUdeviceptr x = floats(100, 2), y = floats(100, 1);
  ASSERT_OK(launch(function(kSaxpy), nullptr, 100, 100, 3.0f, x, y));
  EXPECT_EQ(std::vector<float>(100, 7), read_floats(y, 100));
}

TEST_F(Launch, TakesParametersThroughExtraInEitherOrder) {
  const CUdeviceptr out = floats(32, 0);
  struct {
    CUdeviceptr out;
    float value;
    int n;
  } args{out, 5, 32};
  size_t size = sizeof args;
  void* pointer_first[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &args, CU_LAUNCH_PARAM_BUFFER_SIZE,
                           &size, CU_LAUNCH_PARAM_END};
  void* size_first[] = {CU_LAUNCH_PARAM_BUFFER_SIZE, &size, CU_LAUNCH_PARAM_BUFFER_POINTER, &args,
                        CU_LAUNCH_PARAM_END};
  const CUfunction f = function(kFill);
  ASSERT_OK(cuLaunchKernel(f, 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, pointer_first));
  EXPECT_EQ(std::vector<float>(32, 5), read_floats(out, 32));
  args.value = 6;
  ASSERT_OK(cuLaunchKernel(f, 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, size_first));
  EXPECT_EQ(std::vector<float>(32, 6), read_floats(out, 32));
}

TEST_F(Launch, RefusesBothOrTooFewParameters) {
  const CUfunction f = function(kFill);
  size_t size = 4;
  int word = 0;
  void* params[] = {&word, &word, &word};
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &word, CU_LAUNCH_PARAM_BUFFER_SIZE, &size,
                   CU_LAUNCH_PARAM_END};
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params, extra));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra));
}

TEST_F(Launch, CopiesParametersAtTheCall) {
  const CUstream stream = non_blocking_stream();
  const CUdeviceptr out = floats(4, 0);
  ASSERT_OK(launch(function(kSpin), stream, 1, 20000));
  float value = 1;
  int n = 4;
  CUdeviceptr address = out;
  void* params[] = {&address, &value, &n};
  ASSERT_OK(cuLaunchKernel(function(kFill), 1, 1, 1, 4, 1, 1, 0, stream, params, nullptr));
  value = 99;
  address = 0;
  ASSERT_OK(cuStreamSynchronize(stream));
  EXPECT_EQ(std::vector<float>(4, 1), read_floats(out, 4));
}

TEST_F(Launch, TakesBigStructsByValue) {
  const CUdeviceptr a = floats(8, 1), b = floats(8, 10), out = floats(8, 0);
  BigStruct args{};
  args.n = 8;
  args.inputs = 2;
  args.in[0] = reinterpret_cast<const float*>(a);
  args.in[1] = reinterpret_cast<const float*>(b);
  args.out = reinterpret_cast<float*>(out);
  ASSERT_OK(launch(function(kBigStruct), nullptr, 8, args));
  EXPECT_EQ(std::vector<float>(8, 11), read_floats(out, 8));

  HugeParams huge{};
  for (int& word : huge.words) word = 2;
  int sum = 0;
  ASSERT_OK(launch(function(kHugeParams), nullptr, 1, huge, out));
  ASSERT_OK(cuMemcpyDtoH_v2(&sum, out, sizeof sum));
  EXPECT_EQ(2200, sum);
}

TEST_F(Launch, ChecksLimits) {
  const CUfunction f = function(kNoop);
  const auto shape = [&](unsigned grid, unsigned block, unsigned shared) {
    return cuLaunchKernel(f, grid, 1, 1, block, 1, 1, shared, nullptr, nullptr, nullptr);
  };
  EXPECT_OK(shape(1, 1024, 49152));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, shape(0, 1, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, shape(1, 0, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, shape(1, 1025, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, shape(1, 1, 49153));
  ASSERT_OK(cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100000));
  EXPECT_OK(shape(1, 1, 100000));
}

TEST_F(Launch, ExValidatesAttributes) {
  CUlaunchAttribute attributes[2]{};
  CUlaunchConfig config{};
  config.gridDimX = 4;
  config.gridDimY = config.gridDimZ = config.blockDimX = config.blockDimY = config.blockDimZ = 1;
  config.attrs = attributes;
  config.numAttrs = 2;
  attributes[0].id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attributes[0].value.clusterDim.x = 2;
  attributes[0].value.clusterDim.y = attributes[0].value.clusterDim.z = 1;
  attributes[1].id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
  attributes[1].value.programmaticStreamSerializationAllowed = 1;
  const CUfunction f = function(kNoop);
  EXPECT_OK(cuLaunchKernelEx(&config, f, nullptr, nullptr));
  attributes[0].value.clusterDim.x = 3;  // does not divide the grid
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuLaunchKernelEx(&config, f, nullptr, nullptr));
  attributes[0].value.clusterDim.x = 2;
  attributes[1].id = static_cast<CUlaunchAttributeID>(31);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuLaunchKernelEx(&config, f, nullptr, nullptr));
}

TEST_F(Launch, AllFormsRun) {
  const CUdeviceptr counter = device_memory(sizeof(int));
  ASSERT_OK(cuMemsetD32_v2(counter, 0, 1));
  const CUfunction f = function(kAddOne);
  CUdeviceptr argument = counter;
  void* params[] = {&argument};
  CUlaunchConfig config{};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = config.blockDimY = config.blockDimZ = 1;
  EXPECT_OK(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  EXPECT_OK(cuLaunchKernel_ptsz(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  EXPECT_OK(cuLaunchKernelEx(&config, f, params, nullptr));
  EXPECT_OK(cuLaunchKernelEx_ptsz(&config, f, params, nullptr));
  EXPECT_OK(cuLaunchCooperativeKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params));
  EXPECT_OK(cuLaunchCooperativeKernel_ptsz(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params));
  EXPECT_OK(cuFuncSetBlockShape(f, 1, 1, 1));
  EXPECT_OK(cuParamSetv(f, 0, &argument, sizeof argument));
  EXPECT_OK(cuParamSetSize(f, sizeof argument));
  EXPECT_OK(cuLaunch(f));
  EXPECT_OK(cuLaunchGrid(f, 1, 1));
  EXPECT_OK(cuLaunchGridAsync(f, 1, 1, nullptr));
  ASSERT_OK(cuCtxSynchronize());
  int count = 0;
  ASSERT_OK(cuMemcpyDtoH_v2(&count, counter, sizeof count));
  EXPECT_EQ(9, count);
}

TEST_F(Launch, ValidatesHandles) {
  int decoy[64] = {};
  const auto bad = reinterpret_cast<CUfunction>(decoy);
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE,
            cuLaunchKernel(bad, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE,
            cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  const auto stream = reinterpret_cast<CUstream>(decoy);
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE,
            cuLaunchKernel(function(kNoop), 1, 1, 1, 1, 1, 1, 0, stream, nullptr, nullptr));
}

TEST_F(Launch, ComputesInReducedPrecision) {
  const std::vector<uint16_t> in = {0x3F80, 0x4000, 0x4040, 0x4080};  // bfloat16 1, 2, 3, 4
  const std::vector<uint16_t> weight(4, 0x3F80);
  const CUdeviceptr from = device_memory(8), by = device_memory(8), to = device_memory(8);
  ASSERT_OK(cuMemcpyHtoD_v2(from, in.data(), 8));
  ASSERT_OK(cuMemcpyHtoD_v2(by, weight.data(), 8));
  ASSERT_OK(launch(function(kRmsNorm), nullptr, 1, to, from, by, 0.0f, 4));
  std::vector<uint16_t> out(4);
  ASSERT_OK(cuMemcpyDtoH_v2(out.data(), to, 8));
  EXPECT_EQ((std::vector<uint16_t>{0x3EBB, 0x3F3B, 0x3F8C, 0x3FBB}), out);  // x / sqrt(7.5)
}

TEST_F(Launch, OverrunsHitMappedMemory) {
  const CUdeviceptr out = floats(128, 0);
  ASSERT_OK(launch(function(kOverrun), nullptr, 129, out, 3.0f, 128));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(3.0f, reinterpret_cast<const float*>(out)[128]);
}

TEST_F(Launch, ManyThreadsAtOnce) {
  const CUfunction f = function(kAddOne);
  std::vector<CUdeviceptr> counters;
  for (int i = 0; i < 16; ++i) {
    counters.push_back(device_memory(sizeof(int)));
    ASSERT_OK(cuMemsetD32_v2(counters.back(), 0, 1));
  }
  std::vector<std::thread> threads;
  for (CUdeviceptr counter : counters)
    threads.emplace_back([&, counter] {
      ASSERT_OK(cuCtxSetCurrent(context));
      CUdeviceptr argument = counter;
      void* params[] = {&argument};
      for (int i = 0; i < 100; ++i)
        EXPECT_OK(cuLaunchKernel_ptsz(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
      EXPECT_OK(cuStreamSynchronize(CU_STREAM_PER_THREAD));
    });
  for (std::thread& thread : threads) thread.join();
  for (CUdeviceptr counter : counters) {
    int count = 0;
    ASSERT_OK(cuMemcpyDtoH_v2(&count, counter, sizeof count));
    EXPECT_EQ(100, count);
  }
}

CHILD(null_launch) {
  int decoy = 0;
  const auto f = reinterpret_cast<CUfunction>(&decoy);
  CHILD_REQUIRE(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr) ==
                CUDA_ERROR_NOT_INITIALIZED);
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuLaunchKernel_ptsz(f, 0, 0, 0, 0, 0, 0, 0, nullptr, nullptr, nullptr) ==
                CUDA_SUCCESS);
  CHILD_REQUIRE(cuGraphLaunch(reinterpret_cast<CUgraphExec>(f), nullptr) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr) ==
                CUDA_ERROR_INVALID_HANDLE);
  return 0;
}

CHILD(null_launch_in_a_box) {
  int decoy = 0;
  const auto f = reinterpret_cast<CUfunction>(&decoy);
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS);
  CHILD_REQUIRE(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);  // any system call kills
  int failures = 0;
  for (int i = 0; i < 1'000'000; ++i)
    failures += cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr) != CUDA_SUCCESS;
  ::syscall(SYS_exit, failures == 0 ? 0 : 1);
  return 1;
}

TEST(NullLaunch, MakesNoSystemCall) {
  EXPECT_EQ(0, run_child("null_launch_in_a_box", {{"FIBSIM_LAUNCH", "null"}}));
  EXPECT_EQ(128 + SIGKILL, run_child("null_launch_in_a_box")) << "the box must be tight";
}

TEST(NullLaunch, DoesNothing) {
  EXPECT_EQ(0, run_child("null_launch", {{"FIBSIM_LAUNCH", "null"}}));
}

}  // namespace
}  // namespace fib::sim::test
