// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <set>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

void* look_up(const char* name, int version, cuuint64_t flags = 0) {
  void* address = nullptr;
  return cuGetProcAddress_v2(name, &address, version, flags, nullptr) == CUDA_SUCCESS ? address
                                                                                      : nullptr;
}

template <class Function>
void* at(Function* function) {
  return reinterpret_cast<void*>(function);
}

TEST(ProcAddress, FollowsTheVersionLadder) {
  EXPECT_EQ(nullptr, look_up("cuMemAlloc", 1000));
  EXPECT_EQ(at(&cuMemAlloc), look_up("cuMemAlloc", 2000));
  EXPECT_EQ(at(&cuMemAlloc_v2), look_up("cuMemAlloc", 3020));
  EXPECT_EQ(at(&cuMemAlloc_v2), look_up("cuMemAlloc", 13000));
  EXPECT_EQ(at(&cuCtxCreate_v3), look_up("cuCtxCreate", 12040));
  EXPECT_EQ(at(&cuCtxCreate_v4), look_up("cuCtxCreate", 12050));
  EXPECT_EQ(at(&cuCtxGetDevice), look_up("cuCtxGetDevice", 12090));
  EXPECT_EQ(at(&cuCtxGetDevice_v2), look_up("cuCtxGetDevice", 13000));
  EXPECT_EQ(at(&cuGetProcAddress), look_up("cuGetProcAddress", 11030));
  EXPECT_EQ(at(&cuGetProcAddress_v2), look_up("cuGetProcAddress", 12000));
  EXPECT_EQ(at(&cuGraphKernelNodeGetParams), look_up("cuGraphKernelNodeGetParams", 11080));
  EXPECT_EQ(at(&cuGraphKernelNodeGetParams_v2), look_up("cuGraphKernelNodeGetParams", 12000));
}

TEST(ProcAddress, FlagsChooseTheDefaultStream) {
  const auto legacy = CU_GET_PROC_ADDRESS_LEGACY_STREAM;
  const auto per_thread = CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
  EXPECT_EQ(at(&cuLaunchKernel), look_up("cuLaunchKernel", 7000));
  EXPECT_EQ(at(&cuLaunchKernel), look_up("cuLaunchKernel", 7000, legacy));
  EXPECT_EQ(at(&cuLaunchKernel_ptsz), look_up("cuLaunchKernel", 7000, per_thread));
  EXPECT_EQ(at(&cuLaunchKernel), look_up("cuLaunchKernel", 4000, per_thread)) << "no twin yet";
  EXPECT_EQ(at(&cuMemcpyHtoD_v2_ptds), look_up("cuMemcpyHtoD", 12000, per_thread));
  EXPECT_EQ(at(&cuStreamWaitValue32_ptsz), look_up("cuStreamWaitValue32", 8000, per_thread));
  EXPECT_EQ(at(&cuStreamWaitValue32_v2_ptsz), look_up("cuStreamWaitValue32", 11070, per_thread));
  EXPECT_EQ(at(&cuMemAlloc_v2), look_up("cuMemAlloc", 12000, per_thread)) << "has no twin";
}

TEST(ProcAddress, ReportsWhatItCannotFind) {
  void* address = &address;
  CUdriverProcAddressQueryResult status = CU_GET_PROC_ADDRESS_SUCCESS;
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuGetProcAddress_v2("cuNothing", &address, 12000, 0, &status));
  EXPECT_EQ(nullptr, address);
  EXPECT_EQ(CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND, status);
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND,
            cuGetProcAddress_v2("cuFuncGetName", &address, 12000, 0, &status));
  EXPECT_EQ(CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT, status);
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuGetProcAddress_v2("cuMemAlloc_v2", &address, 12000, 0, &status))
      << "suffixed names are not base names";
  EXPECT_EQ(CUDA_ERROR_NOT_FOUND, cuGetProcAddress("cudnnCreate", &address, 12000, 0));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGetProcAddress_v2("cuInit", &address, 13010, 0, &status));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGetProcAddress_v2("cuInit", &address, 12000, 4, &status));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGetProcAddress_v2(nullptr, &address, 12000, 0, &status));
}

TEST(ProcAddress, AnswersTheEmptyProbe) {
  void* address = &address;
  EXPECT_OK(cuGetProcAddress_v2("", &address, 0, 0, nullptr));
  EXPECT_EQ(nullptr, address);
}

const char* const kAllSymbols[] = {
#define FIB_HOOK(symbol, args) #symbol,
#define FIB_CALL(symbol, args) #symbol,
#define FIB_USE(symbol) #symbol,
#define FIB_PASS(symbol, why) #symbol,
#include "driver/driver_api.def"
};

TEST(ProcAddress, EverySymbolIsExportedWithAnAddressOfItsOwn) {
  void* library = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  ASSERT_NE(nullptr, library) << ::dlerror();
  std::set<void*> addresses;
  for (const char* symbol : kAllSymbols) {
    void* address = ::dlsym(library, symbol);
    EXPECT_NE(nullptr, address) << symbol;
    EXPECT_TRUE(addresses.insert(address).second) << symbol << " shares its address";
  }
}

TEST(ProcAddress, FindsEveryUnversionedSymbolAtTheNewestVersion) {
  std::set<std::string> found;
  for (const char* symbol : kAllSymbols) {
    const std::string name = symbol;
    if (name.find("_v") != std::string::npos || name.find("_pt") != std::string::npos) continue;
    EXPECT_NE(nullptr, look_up(symbol, 13000)) << symbol;
  }
}

CHILD(missing_symbols) {
  CHILD_REQUIRE(!look_up("cuFuncGetParamInfo", 12040) && !look_up("cuFuncGetName", 12040));
  CHILD_REQUIRE(look_up("cuKernelGetParamInfo", 12040));
  int version = 0;
  CHILD_REQUIRE(cuDriverGetVersion(&version) == CUDA_SUCCESS && version == 12060);
  CHILD_REQUIRE(!look_up("cuInit", 13000) && look_up("cuInit", 12060));
  return 0;
}

TEST(Faults, HideSymbolsAndVersions) {
  EXPECT_EQ(
      0, run_child("missing_symbols",
                   {{"FIBSIM_FAULTS", "missing=cuFuncGetParamInfo+cuFuncGetName,version=12060"}}));
}

CHILD(failing_calls) {
  CUcontext context = nullptr;
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS && cuDevicePrimaryCtxRetain(&context, 0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuCtxSetCurrent(context) == CUDA_SUCCESS);
  CUdeviceptr address = 0;
  CUevent event = nullptr;
  for (int i = 1; i <= 5; ++i) {
    CHILD_REQUIRE(cuMemAlloc_v2(&address, 16) ==
                  (i == 3 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS));
    CHILD_REQUIRE(cuEventCreate(&event, 0) == (i >= 2 ? CUDA_ERROR_LAUNCH_FAILED : CUDA_SUCCESS));
  }
  return 0;
}

TEST(Faults, FailTheNthCall) {
  EXPECT_EQ(0, run_child("failing_calls",
                         {{"FIBSIM_FAULTS", "cuMemAlloc_v2:fail=2@3,cuEventCreate:fail=719@2+"}}));
}

TEST(Faults, RejectsNonsense) {
  EXPECT_EQ(128 + 6, run_child("failing_calls", {{"FIBSIM_FAULTS", "cuNothing:fail=2@3"}}));
}

TEST(OldDriver, LacksNewSymbols) {
  void* library = ::dlopen(FIBSIM_OLD_DIR "/libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(nullptr, library) << ::dlerror();
  for (const char* newer : {"cuFuncGetName", "cuKernelGetName", "cuFuncGetParamInfo",
                            "cuKernelGetParamInfo", "cuKernelGetLibrary",
                            "cuModuleEnumerateFunctions", "cuGraphAddNode_v2", "cuCtxGetDevice_v2"})
    EXPECT_EQ(nullptr, ::dlsym(library, newer)) << newer;
  for (const char* older :
       {"cuLibraryLoadData", "cuGetProcAddress_v2", "cuGraphKernelNodeGetParams_v2"})
    EXPECT_NE(nullptr, ::dlsym(library, older)) << older;
  const auto get_version =
      reinterpret_cast<CUresult (*)(int*)>(::dlsym(library, "cuDriverGetVersion"));
  int version = 0;
  ASSERT_OK(get_version(&version));
  EXPECT_EQ(12000, version);
}

TEST(Errors, HaveNamesAndTexts) {
  const char *name = nullptr, *text = nullptr;
  ASSERT_OK(cuGetErrorName(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, &name));
  EXPECT_STREQ("CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", name);
  ASSERT_OK(cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &text));
  EXPECT_STREQ("out of memory", text);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuGetErrorName(static_cast<CUresult>(777), &name));
  EXPECT_EQ(nullptr, name);
}

}  // namespace
}  // namespace fib::sim::test
