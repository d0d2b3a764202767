// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class ContextTest : public SimTest {};

CHILD(before_init) {
  int value = 0;
  CUdevice device = 0;
  CUdeviceptr address = 0;
  CHILD_REQUIRE(cuDeviceGetCount(&value) == CUDA_ERROR_NOT_INITIALIZED);
  CHILD_REQUIRE(cuDeviceGet(&device, 0) == CUDA_ERROR_NOT_INITIALIZED);
  CHILD_REQUIRE(cuMemAlloc_v2(&address, 16) == CUDA_ERROR_NOT_INITIALIZED);
  CHILD_REQUIRE(cuTexRefSetFormat(nullptr, CU_AD_FORMAT_FLOAT, 1) == CUDA_ERROR_NOT_INITIALIZED);
  CHILD_REQUIRE(cuDriverGetVersion(&value) == CUDA_SUCCESS && value == 13000);
  CHILD_REQUIRE(cuInit(1) == CUDA_ERROR_INVALID_VALUE);
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS && cuInit(0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuDeviceGetCount(&value) == CUDA_SUCCESS && value == 3);
  CHILD_REQUIRE(cuTexRefSetFormat(nullptr, CU_AD_FORMAT_FLOAT, 1) == CUDA_ERROR_NOT_SUPPORTED);
  return 0;
}

TEST(Init, ComesFirst) { EXPECT_EQ(0, run_child("before_init", {{"FIBSIM_DEVICES", "3"}})); }

CHILD(no_device) { return cuInit(0) == CUDA_ERROR_NO_DEVICE ? 0 : 1; }
TEST(Init, FailsWithoutDevice) { EXPECT_EQ(0, run_child("no_device", {{"FIBSIM_DEVICES", "0"}})); }

int exit_code_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

CHILD(fork_after_init) {
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS);
  const pid_t pid = ::fork();
  if (pid == 0) {
    int count = 0;
    const bool dead = cuInit(0) == CUDA_ERROR_NOT_INITIALIZED &&
                      cuDeviceGetCount(&count) == CUDA_ERROR_NOT_INITIALIZED &&
                      cuLaunchKernel(reinterpret_cast<CUfunction>(&count), 1, 1, 1, 1, 1, 1, 0,
                                     nullptr, nullptr, nullptr) == CUDA_ERROR_NOT_INITIALIZED;
    ::_exit(dead ? 0 : 1);
  }
  return exit_code_of(pid);
}

CHILD(fork_before_init) {
  const pid_t pid = ::fork();
  int count = 0;
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS && cuDeviceGetCount(&count) == CUDA_SUCCESS);
  if (pid == 0) ::_exit(0);
  return exit_code_of(pid);
}

TEST(Fork, ChildOfInitialisedParentIsDead) {
  EXPECT_EQ(0, run_child("fork_after_init"));
  EXPECT_EQ(0, run_child("fork_after_init", {{"FIBSIM_LAUNCH", "null"}}));
}
TEST(Fork, ChildBeforeInitWorks) { EXPECT_EQ(0, run_child("fork_before_init")); }

CUfunction g_late_function;
CUdeviceptr g_late_counter;

void launch_late() {
  CUdeviceptr argument = g_late_counter;
  void* params[] = {&argument};
  int count = 0;
  const bool ok = cuLaunchKernel(g_late_function, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr) ==
                      CUDA_SUCCESS &&
                  cuMemcpyDtoH_v2(&count, g_late_counter, sizeof count) == CUDA_SUCCESS &&
                  count == 1;
  if (!ok) ::_exit(77);
}

CHILD(launch_at_exit) {
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CHILD_REQUIRE(std::atexit(launch_late) == 0);
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS && cuDevicePrimaryCtxRetain(&context, 0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuCtxSetCurrent(context) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuModuleLoad(&module, kernels_path().c_str()) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuModuleGetFunction(&g_late_function, module, kAddOne) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuMemAlloc_v2(&g_late_counter, 4) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuMemsetD32_v2(g_late_counter, 0, 1) == CUDA_SUCCESS);
  std::exit(0);
}

TEST(Exit, LaunchesFromAtexitRun) { EXPECT_EQ(0, run_child("launch_at_exit")); }

CHILD(exit_while_busy) {
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction spin = nullptr;
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS && cuDevicePrimaryCtxRetain(&context, 0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuCtxSetCurrent(context) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuModuleLoad(&module, kernels_path().c_str()) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuModuleGetFunction(&spin, module, kSpin) == CUDA_SUCCESS);
  CHILD_REQUIRE(launch(spin, nullptr, 1, 600'000'000) == CUDA_SUCCESS);
  return 0;
}

TEST(Exit, DoesNotWaitForRunningWork) { EXPECT_EQ(0, run_child("exit_while_busy")); }

TEST_F(ContextTest, DescribesTheDevice) {
  char name[64];
  int value = 0;
  CUuuid first{}, second{};
  ASSERT_OK(cuDeviceGetName(name, sizeof name, 0));
  EXPECT_STREQ("fibshim simulated GPU", name);
  ASSERT_OK(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0));
  EXPECT_EQ(9, value);
  ASSERT_OK(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 0));
  EXPECT_EQ(132, value);
  ASSERT_OK(cuDeviceGetUuid(&first, 0));
  ASSERT_OK(cuDeviceGetUuid_v2(&second, 0));
  EXPECT_EQ(0, std::memcmp(&first, &second, sizeof first));
  EXPECT_EQ(CUDA_ERROR_INVALID_DEVICE, cuDeviceGetUuid_v2(&second, 1));
}

TEST_F(ContextTest, KeepsAStackPerThread) {
  CUcontext created = nullptr, current = nullptr, popped = nullptr;
  ASSERT_OK(cuCtxCreate_v2(&created, 0, 0));
  ASSERT_OK(cuCtxGetCurrent(&current));
  EXPECT_EQ(created, current);
  std::thread([&] {
    CUcontext none = created;
    EXPECT_OK(cuCtxGetCurrent(&none));
    EXPECT_EQ(nullptr, none);
    CUdeviceptr address = 0;
    EXPECT_EQ(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc_v2(&address, 16));
  }).join();
  ASSERT_OK(cuCtxPushCurrent_v2(context));
  ASSERT_OK(cuCtxPopCurrent_v2(&popped));
  EXPECT_EQ(context, popped);
  ASSERT_OK(cuCtxDestroy_v2(created));
  ASSERT_OK(cuCtxGetCurrent(&current));
  EXPECT_EQ(context, current);
  EXPECT_EQ(CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(created));
}

TEST_F(ContextTest, DestructionFreesWhatIsInside) {
  CUcontext created = nullptr;
  size_t before = 0, after = 0, total = 0;
  ASSERT_OK(cuMemGetInfo_v2(&before, &total));
  ASSERT_OK(cuCtxCreate_v4(&created, nullptr, 0, 0));
  const CUdeviceptr inside = device_memory(1 << 20);
  const CUstream stream = non_blocking_stream();
  ASSERT_OK(cuCtxDestroy_v2(created));
  ASSERT_OK(cuMemGetInfo_v2(&after, &total));
  EXPECT_EQ(before, after);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(inside));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
}

TEST_F(ContextTest, ADestroyedContextStaysOnOtherStacks) {
  CUcontext created = nullptr;
  ASSERT_OK(cuCtxCreate_v3(&created, nullptr, 0, 0, 0));
  std::thread([&] { EXPECT_OK(cuCtxDestroy_v2(created)); }).join();
  CUdeviceptr address = 0;
  EXPECT_EQ(CUDA_ERROR_CONTEXT_IS_DESTROYED, cuMemAlloc_v2(&address, 16));
  ASSERT_OK(cuCtxPopCurrent_v2(nullptr));
}

TEST_F(ContextTest, PrimaryContextsAreCounted) {
  CUcontext again = nullptr;
  unsigned flags = 9;
  int active = 0;
  ASSERT_OK(cuDevicePrimaryCtxRetain(&again, 0));
  EXPECT_EQ(context, again);
  ASSERT_OK(cuDevicePrimaryCtxRelease_v2(0));
  ASSERT_OK(cuDevicePrimaryCtxGetState(0, &flags, &active));
  EXPECT_EQ(0u, flags);
  EXPECT_EQ(1, active);
  EXPECT_EQ(CUDA_ERROR_INVALID_CONTEXT, cuCtxDestroy_v2(context));
}

TEST_F(ContextTest, HasLimits) {
  size_t value = 0;
  ASSERT_OK(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 4096));
  ASSERT_OK(cuCtxGetLimit(&value, CU_LIMIT_STACK_SIZE));
  EXPECT_EQ(4096u, value);
  EXPECT_EQ(CUDA_ERROR_UNSUPPORTED_LIMIT, cuCtxGetLimit(&value, CU_LIMIT_MAX));
}

}  // namespace
}  // namespace fib::sim::test
