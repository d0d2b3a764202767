// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <fstream>

#include "tests/sim_driver/export_table.h"
#include "tests/sim_driver/fatbin.h"
#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class ModuleTest : public SimTest {
 protected:
  void SetUp() override {
    SimTest::SetUp();
    elf = read_all(kernels_path());
    ASSERT_FALSE(elf.empty());
  }
  std::vector<char> elf;
};

TEST_F(ModuleTest, AcceptsEveryContainer) {
  const std::vector<char> fatbin = read_all(FIBSIM_DIR "/sim_kernels.fatbin");
  const FatbinWrapper wrapper = wrap_fatbin(fatbin.data());
  const std::string text = "// a comment\n//fibsim: " + kernels_path() + "\n.version 8.0\n";
  const void* const images[] = {elf.data(), fatbin.data(), &wrapper, text.c_str()};
  for (const void* image : images) {
    CUmodule loaded = nullptr;
    CUfunction f = nullptr;
    ASSERT_OK(cuModuleLoadData(&loaded, image));
    EXPECT_OK(cuModuleGetFunction(&f, loaded, kFill));
    EXPECT_OK(cuModuleUnload(loaded));
    ASSERT_OK(cuModuleLoadDataEx(&loaded, image, 0, nullptr, nullptr));
    EXPECT_OK(cuModuleUnload(loaded));
  }
  CUmodule loaded = nullptr;
  EXPECT_OK(cuModuleLoadFatBinary(&loaded, fatbin.data()));
  EXPECT_EQ(make_fatbin(std::as_bytes(std::span(elf))).size(), fatbin.size());
}

TEST_F(ModuleTest, RefusesWhatIsNoImage) {
  CUmodule loaded = nullptr;
  const char garbage[128] = "garbage";
  EXPECT_EQ(CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(&loaded, garbage));
  EXPECT_EQ(CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
            cuModuleLoadData(&loaded, ".version 8.0\n.target sm_90"));
  EXPECT_EQ(CUDA_ERROR_FILE_NOT_FOUND, cuModuleLoad(&loaded, "/nonexistent"));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuModuleLoadData(&loaded, nullptr));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuModuleUnload(reinterpret_cast<CUmodule>(&loaded)));
}

TEST_F(ModuleTest, EachLoadHasItsOwnGlobals) {
  CUmodule other = nullptr;
  ASSERT_OK(cuModuleLoadData(&other, elf.data()));
  CUdeviceptr here = 0, there = 0;
  size_t bytes = 0;
  ASSERT_OK(cuModuleGetGlobal_v2(&here, &bytes, module, "launch_counter"));
  ASSERT_OK(cuModuleGetGlobal_v2(&there, nullptr, other, "launch_counter"));
  EXPECT_EQ(sizeof(int), bytes);
  EXPECT_NE(here, there);
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuModuleGetGlobal_v2(&here, &bytes, module, "absent"));

  CUdeviceptr constants = 0;
  ASSERT_OK(cuModuleGetGlobal_v2(&constants, &bytes, module, "coefficients"));
  const Coefficients values{2, 1};
  ASSERT_OK(cuMemcpyHtoD_v2(constants, &values, sizeof values));
  const CUdeviceptr data = floats(4, 10);
  ASSERT_OK(launch(function(kUseGlobals), nullptr, 4, data, 4));
  EXPECT_EQ(std::vector<float>(4, 21), read_floats(data, 4));
  int counts[2] = {};
  ASSERT_OK(cuMemcpyDtoH_v2(&counts[0], here, sizeof(int)));
  ASSERT_OK(cuMemcpyDtoH_v2(&counts[1], there, sizeof(int)));
  EXPECT_EQ(1, counts[0]);
  EXPECT_EQ(0, counts[1]);
}

TEST_F(ModuleTest, DescribesFunctions) {
  const CUfunction f = function(kSaxpy);
  EXPECT_EQ(f, function(kSaxpy));
  const char* name = nullptr;
  CUmodule owner = nullptr;
  ASSERT_OK(cuFuncGetName(&name, f));
  EXPECT_STREQ(kSaxpy, name);
  ASSERT_OK(cuFuncGetModule(&owner, f));
  EXPECT_EQ(module, owner);
  const size_t expected[][2] = {{0, 4}, {4, 4}, {8, 8}, {16, 8}};
  for (size_t i = 0; i < 4; ++i) {
    size_t offset = 0, size = 0;
    ASSERT_OK(cuFuncGetParamInfo(f, i, &offset, &size));
    EXPECT_EQ(expected[i][0], offset);
    EXPECT_EQ(expected[i][1], size);
  }
  size_t offset = 0;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuFuncGetParamInfo(f, 4, &offset, nullptr));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuFuncGetParamInfo(function(kNoop), 0, &offset, nullptr));
  CUfunction absent = nullptr;
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&absent, module, "saxpy"));
}

TEST_F(ModuleTest, HasFunctionAttributes) {
  const CUfunction f = function(kRmsNorm);
  int value = 0;
  ASSERT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, f));
  EXPECT_EQ(512, value);
  ASSERT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, f));
  EXPECT_EQ(40, value);
  ASSERT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, f));
  EXPECT_EQ(128, value);
  ASSERT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, f));
  EXPECT_EQ(49152 - 128, value);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_NUM_REGS, 1));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE,
            cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 232448));
  ASSERT_OK(cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1));
  ASSERT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, f));
  EXPECT_EQ(1, value);
}

TEST_F(ModuleTest, Enumerates) {
  unsigned count = 0;
  ASSERT_OK(cuModuleGetFunctionCount(&count, module));
  EXPECT_EQ(13u, count);
  std::vector<CUfunction> functions(count);
  ASSERT_OK(cuModuleEnumerateFunctions(functions.data(), count, module));
  EXPECT_NE(functions.end(), std::find(functions.begin(), functions.end(), function(kSaxpy)));
}

TEST_F(ModuleTest, HandlesAreReusedAfterUnload) {
  CUmodule first = nullptr, second = nullptr;
  CUfunction before = nullptr, after = nullptr;
  ASSERT_OK(cuModuleLoadData(&first, elf.data()));
  ASSERT_OK(cuModuleGetFunction(&before, first, kFill));
  ASSERT_OK(cuModuleUnload(first));
  const char* name = nullptr;
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuFuncGetName(&name, before));
  ASSERT_OK(cuModuleLoadData(&second, elf.data()));
  ASSERT_OK(cuModuleGetFunction(&after, second, kScale));
  EXPECT_EQ(first, second);
  EXPECT_EQ(before, after);
}

TEST_F(ModuleTest, UnloadWaitsForNothingAndBreaksNothing) {
  CUmodule loaded = nullptr;
  CUfunction spin = nullptr;
  const CUstream stream = non_blocking_stream();
  ASSERT_OK(cuModuleLoadData(&loaded, elf.data()));
  ASSERT_OK(cuModuleGetFunction(&spin, loaded, kSpin));
  ASSERT_OK(launch(spin, stream, 1, 20000));
  ASSERT_OK(cuModuleUnload(loaded));
  ASSERT_OK(cuStreamSynchronize(stream));
}

class LibraryTest : public ModuleTest {
 protected:
  void SetUp() override {
    ModuleTest::SetUp();
    ASSERT_OK(cuLibraryLoadData(&library, elf.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  }
  CUkernel kernel(const char* name) {
    CUkernel k = nullptr;
    EXPECT_OK(cuLibraryGetKernel(&k, library, name));
    return k;
  }
  CUlibrary library = nullptr;
};

TEST_F(LibraryTest, KernelsLaunchAsFunctions) {
  const CUdeviceptr out = floats(8, 0);
  ASSERT_OK(launch(reinterpret_cast<CUfunction>(kernel(kFill)), nullptr, 8, out, 4.0f, 8));
  EXPECT_EQ(std::vector<float>(8, 4), read_floats(out, 8));
}

TEST_F(LibraryTest, HandlesAreNotInterchangeableInQueries) {
  const CUkernel k = kernel(kFill);
  const auto as_function = reinterpret_cast<CUfunction>(k);
  const auto as_kernel = reinterpret_cast<CUkernel>(function(kFill));
  const char* name = nullptr;
  CUmodule owner = nullptr;
  CUlibrary from = nullptr;
  size_t offset = 0, size = 0;
  int value = 0;
  const auto attribute = CU_FUNC_ATTRIBUTE_NUM_REGS;
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuFuncGetName(&name, as_function));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuFuncGetModule(&owner, as_function));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuFuncGetParamInfo(as_function, 0, &offset, &size));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuFuncGetAttribute(&value, attribute, as_function));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuKernelGetName(&name, as_kernel));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuKernelGetLibrary(&from, as_kernel));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuKernelGetParamInfo(as_kernel, 0, &offset, &size));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuKernelGetAttribute(&value, attribute, as_kernel, 0));
  EXPECT_OK(cuKernelGetName(&name, k));
  EXPECT_STREQ(kFill, name);
  EXPECT_OK(cuKernelGetLibrary(&from, k));
  EXPECT_EQ(library, from);
  EXPECT_OK(cuKernelGetParamInfo(k, 1, &offset, &size));
  EXPECT_EQ(8u, offset);
  EXPECT_EQ(4u, size);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuKernelGetParamInfo(k, 3, &offset, &size));
}

TEST_F(LibraryTest, GivesModulesAndFunctionsOfTheContext) {
  CUfunction f = nullptr, again = nullptr;
  CUmodule owner = nullptr, whole = nullptr;
  const CUkernel k = kernel(kFill);
  ASSERT_OK(cuKernelGetFunction(&f, k));
  ASSERT_OK(cuKernelGetFunction(&again, k));
  EXPECT_EQ(f, again);
  EXPECT_NE(reinterpret_cast<void*>(k), reinterpret_cast<void*>(f));
  ASSERT_OK(cuFuncGetModule(&owner, f));
  ASSERT_OK(cuLibraryGetModule(&whole, library));
  EXPECT_EQ(owner, whole);
  EXPECT_EQ(CUDA_ERROR_NOT_PERMITTED, cuModuleUnload(whole));
  CUcontext second = nullptr;
  ASSERT_OK(cuCtxCreate_v2(&second, 0, 0));
  ASSERT_OK(cuKernelGetFunction(&again, k));
  EXPECT_NE(f, again);
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, launch(f, nullptr, 1, CUdeviceptr{0}, 0.0f, 0));
  ASSERT_OK(cuCtxDestroy_v2(second));
}

TEST_F(LibraryTest, KernelAttributesReachTheLaunch) {
  const CUkernel k = kernel(kNoop);
  const auto f = reinterpret_cast<CUfunction>(k);
  const auto attempt = [&] {
    return cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 100000, nullptr, nullptr, nullptr);
  };
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, attempt());
  ASSERT_OK(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100000, k, 0));
  EXPECT_OK(attempt());
  int value = 0;
  ASSERT_OK(cuKernelGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, k, 0));
  EXPECT_EQ(100000, value);
}

TEST_F(LibraryTest, LoadsLazily) {
  // Not a loadable object, but its symbol table is intact: only the first use notices.
  std::vector<char> broken = elf;
  const uint16_t machine = 0xFFFF;
  std::memcpy(broken.data() + 18, &machine, sizeof machine);
  CUlibrary lazy = nullptr;
  CUkernel k = nullptr;
  CUfunction f = nullptr;
  ASSERT_OK(cuLibraryLoadData(&lazy, broken.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  ASSERT_OK(cuLibraryGetKernel(&k, lazy, kFill));
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuLibraryGetKernel(&k, lazy, "absent"));
  EXPECT_EQ(CUDA_ERROR_INVALID_IMAGE, cuKernelGetFunction(&f, k));
  CUmodule loaded = nullptr;
  EXPECT_EQ(CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(&loaded, broken.data()));
}

TEST_F(LibraryTest, LoadsFromFilesAndEnumerates) {
  CUlibrary from_file = nullptr;
  unsigned count = 0;
  ASSERT_OK(cuLibraryLoadFromFile(&from_file, FIBSIM_DIR "/sim_kernels.fatbin", nullptr, nullptr, 0,
                                  nullptr, nullptr, 0));
  ASSERT_OK(cuLibraryGetKernelCount(&count, from_file));
  EXPECT_EQ(13u, count);
  std::vector<CUkernel> kernels(count);
  ASSERT_OK(cuLibraryEnumerateKernels(kernels.data(), count, from_file));
  for (CUkernel k : kernels) EXPECT_NE(nullptr, k);
  CUdeviceptr address = 0;
  size_t bytes = 0;
  ASSERT_OK(cuLibraryGetGlobal(&address, &bytes, from_file, "coefficients"));
  EXPECT_EQ(sizeof(Coefficients), bytes);
  ASSERT_OK(cuLibraryUnload(from_file));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuLibraryGetKernelCount(&count, from_file));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH_v2(&bytes, address, 4));
}

TEST_F(ModuleTest, ExportTableHidesItsLookups) {
  const void* table = nullptr;
  CUuuid id{};
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuGetExportTable(&table, &id));
  std::memcpy(id.bytes, kHiddenTableId, sizeof id.bytes);
  ASSERT_OK(cuGetExportTable(&table, &id));
  const auto* hidden = static_cast<const HiddenTable*>(table);
  ASSERT_GE(hidden->size, sizeof(HiddenTable));
  CUfunction f = nullptr;
  ASSERT_OK(hidden->get_function(&f, elf.data(), kNoop));
  const char* name = nullptr;
  ASSERT_OK(cuFuncGetName(&name, f));
  EXPECT_STREQ(kNoop, name);
  EXPECT_OK(launch(f, nullptr, 1));
}

}  // namespace
}  // namespace fib::sim::test
