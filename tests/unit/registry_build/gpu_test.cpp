// SPDX-License-Identifier: Apache-2.0
// What a build made is loaded by a real driver and launched. Skipped without a GPU or NVRTC.
#include "driver/cuda_abi.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <vector>

#include "registry/build/gpus.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

using testing::messages;
using testing::Workshop;

// clang-format off
#define FIB_DRIVER_CALLS(X)                                                                       \
  X(cuInit) X(cuDeviceGet) X(cuDeviceGetAttribute) X(cuDevicePrimaryCtxRetain) X(cuCtxSetCurrent) \
  X(cuCtxSynchronize) X(cuModuleLoadData) X(cuModuleUnload) X(cuModuleGetFunction)                \
  X(cuFuncGetAttribute) X(cuLaunchKernel) X(cuMemAlloc_v2) X(cuMemFree_v2) X(cuMemcpyHtoD_v2)     \
  X(cuMemcpyDtoH_v2)
// clang-format on

/// The driver of this machine, with a context on its first GPU.
struct Driver {
#define FIB_MEMBER(name) decltype(&::name) name = nullptr;
  FIB_DRIVER_CALLS(FIB_MEMBER)
#undef FIB_MEMBER

  bool usable = false;
  Capability gpu;

  Driver() {
    void* const library = ::dlopen("libcuda.so.1", RTLD_NOW);
    if (library == nullptr) return;
    bool complete = true;
#define FIB_LOOKUP(name) \
  complete = (name = reinterpret_cast<decltype(name)>(::dlsym(library, #name))) && complete;
    FIB_DRIVER_CALLS(FIB_LOOKUP)
#undef FIB_LOOKUP
    CUdevice device = 0;
    CUcontext context = nullptr;
    usable = complete && cuInit(0) == CUDA_SUCCESS && cuDeviceGet(&device, 0) == CUDA_SUCCESS &&
             cuDevicePrimaryCtxRetain(&context, device) == CUDA_SUCCESS &&
             cuCtxSetCurrent(context) == CUDA_SUCCESS;
    if (!usable) return;
    cuDeviceGetAttribute(&gpu.major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
    cuDeviceGetAttribute(&gpu.minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
  }
};

const Driver& driver() {
  static const Driver driver;
  return driver;
}

int attribute(CUfunction function, CUfunction_attribute which) {
  int value = -1;
  EXPECT_EQ(driver().cuFuncGetAttribute(&value, which, function), CUDA_SUCCESS);
  return value;
}

void expect_same(CUfunction function, const Entry& entry) {
  EXPECT_EQ(attribute(function, CU_FUNC_ATTRIBUTE_NUM_REGS), entry.registers);
  EXPECT_EQ(attribute(function, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES), entry.shared);
  EXPECT_EQ(attribute(function, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES), entry.local);
  EXPECT_EQ(attribute(function, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK), entry.max_threads);
}

/// Runs testing::kKernel over rows that hold their numbers.
void expect_scaled(CUfunction function) {
  constexpr int kRows = 1000;
  std::vector<float> rows(kRows);
  for (int i = 0; i < kRows; ++i) rows[static_cast<std::size_t>(i)] = static_cast<float>(i);
  CUdeviceptr in = 0, out = 0;
  ASSERT_EQ(driver().cuMemAlloc_v2(&in, kRows * sizeof(float)), CUDA_SUCCESS);
  ASSERT_EQ(driver().cuMemAlloc_v2(&out, kRows * sizeof(float)), CUDA_SUCCESS);
  ASSERT_EQ(driver().cuMemcpyHtoD_v2(in, rows.data(), kRows * sizeof(float)), CUDA_SUCCESS);
  int count = kRows;
  void* arguments[] = {&out, &in, &count};
  ASSERT_EQ(driver().cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, nullptr, arguments, nullptr),
            CUDA_SUCCESS);
  ASSERT_EQ(driver().cuCtxSynchronize(), CUDA_SUCCESS);
  ASSERT_EQ(driver().cuMemcpyDtoH_v2(rows.data(), out, kRows * sizeof(float)), CUDA_SUCCESS);
  for (int i = 0; i < kRows; ++i) {
    ASSERT_EQ(rows[static_cast<std::size_t>(i)], static_cast<float>(3 * i + (i + 1) % 64)) << i;
  }
  driver().cuMemFree_v2(in);
  driver().cuMemFree_v2(out);
}

void build_and_launch(const Arch& arch) {
  const Workshop shop;
  const BuildResult result = shop.build(testing::cuda_json(), to_string(arch).c_str());
  ASSERT_EQ(result.outcome, BuildOutcome::Built) << messages(result) << result.log;
  const Module& built = result.manifest->modules.at(0);
  const std::string code = shop.directory.read(
      std::filesystem::relative(result.directory / built.file, shop.directory.path()).string());
  ASSERT_TRUE(is_intact(built, std::as_bytes(std::span(code))));
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  ASSERT_EQ(driver().cuModuleLoadData(&module, code.c_str()), CUDA_SUCCESS);
  ASSERT_EQ(driver().cuModuleGetFunction(&function, module, "scale_rows"), CUDA_SUCCESS);
  if (built.kind == BinaryKind::Cubin) expect_same(function, *built.entry("scale_rows"));
  expect_scaled(function);
  EXPECT_EQ(driver().cuModuleUnload(module), CUDA_SUCCESS);
}

#define FIB_NEEDS_GPU()                                         \
  if (!driver().usable) GTEST_SKIP() << "there is no GPU here"; \
  FIB_NEEDS_NVRTC()

TEST(BuildOnGpu, RunsCodeForThisVeryGpu) {
  FIB_NEEDS_GPU();
  build_and_launch(native_arch(driver().gpu));
}

TEST(BuildOnGpu, RunsCodeForItsArchitecture) {
  FIB_NEEDS_GPU();
  build_and_launch({driver().gpu.major * 10 + driver().gpu.minor, 0, false});
}

TEST(BuildOnGpu, RunsPtxThatTheDriverCompiles) {
  FIB_NEEDS_GPU();
  build_and_launch({driver().gpu.major * 10 + driver().gpu.minor, 0, true});
}

}  // namespace
}  // namespace fib::build
