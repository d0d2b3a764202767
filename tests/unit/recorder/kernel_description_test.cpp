// SPDX-License-Identifier: Apache-2.0
//
// What can be said of a kernel when the driver is old or strange, and the filter.
#include <map>

#include "kernel_fixture.h"

namespace fib::recorder {
namespace {

using test::handle;
using test::LogContents;
using trace::Deviation;

using KernelDescription = test::KernelTest;

TEST_F(KernelDescription, OldDriverIsHelpedByWhatLookupsTold) {
  api_.cuFuncGetName = nullptr;
  api_.cuKernelGetName = nullptr;
  api_.cuKernelGetLibrary = nullptr;
  load(0x50);
  function(0x10, "the driver can't tell", 0x50);
  kernels().named(handle<void*>(0x10), "gemm", handle<void*>(0x50));
  (void)find(0x10);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.kernels.size(), 1u);
  EXPECT_EQ(log.kernels[0].name, "gemm");
  EXPECT_EQ(log.kernels[0].fixed.load, 1u);
}

TEST_F(KernelDescription, OldDriverKnowsFunctionsByTheKernelTheyWereMadeFrom) {
  api_.cuFuncGetName = nullptr;
  api_.cuKernelGetName = nullptr;
  api_.cuKernelGetLibrary = nullptr;
  load(0x60);
  kernels().named(handle<void*>(0x10), "attention", handle<void*>(0x60));
  kernels().function_of(handle<CUfunction>(0x20), handle<CUkernel>(0x10));
  (void)find(0x20);
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.kernels.at(0).name, "attention");
  EXPECT_EQ(log.kernels.at(0).fixed.load, 1u);
}

TEST_F(KernelDescription, OldDriverWithoutAnyNameGetsOneMadeUp) {
  api_.cuFuncGetName = nullptr;
  api_.cuKernelGetName = nullptr;
  api_.cuKernelGetLibrary = nullptr;
  EXPECT_EQ(find(0x10).id, 1u);
  EXPECT_EQ(find(0x20).id, 2u);
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.kernels.at(0).name, "(unnamed 0x10)");
  EXPECT_EQ(log.kernels.at(1).name, "(unnamed 0x20)");
}

TEST_F(KernelDescription, OldDriverDoesNotTellParameters) {
  api_.cuFuncGetParamInfo = nullptr;
  load(0x50);
  function(0x10, "gemm", 0x50);
  const KernelInfo& info = find(0x10);
  EXPECT_FALSE(info.layout_known);
  EXPECT_EQ(info.param_bytes, 0u);
  EXPECT_TRUE(info.params.empty());
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.kernels.at(0).flags, trace::kKernelLayoutUnknown);
  EXPECT_EQ(log.deviation_texts(Deviation::ParameterLayout).size(), 1u);
}

TEST_F(KernelDescription, LayoutThatBreaksOffIsNotUsed) {
  api_.cuFuncGetParamInfo = [](CUfunction, std::size_t i, std::size_t* offset, std::size_t* bytes) {
    *offset = 8 * i;
    *bytes = 8;
    return i < 3 ? CUDA_SUCCESS : CUDA_ERROR_UNKNOWN;
  };
  function(0x10, "gemm", 0x50);
  EXPECT_FALSE(find(0x10).layout_known);
}

TEST_F(KernelDescription, LayoutThatMakesNoSenseIsNotUsed) {
  function(0x10, "huge", 0x50).params = {{0, 8}, {1u << 20, 8}};
  EXPECT_FALSE(find(0x10).layout_known);
  function(0x20, "largest", 0x50).params = {{0, 32764}};
  EXPECT_TRUE(find(0x20).layout_known);
  api_.cuFuncGetParamInfo = [](CUfunction, std::size_t, std::size_t* offset, std::size_t* bytes) {
    *offset = *bytes = 0;  // for ever
    return CUDA_SUCCESS;
  };
  function(0x30, "endless", 0x50);
  EXPECT_FALSE(find(0x30).layout_known);
}

TEST_F(KernelDescription, KernelWithoutParameters) {
  function(0x10, "nothing", 0x50).params = {};
  EXPECT_TRUE(find(0x10).layout_known);
  EXPECT_EQ(find(0x10).param_bytes, 0u);
}

TEST_F(KernelDescription, FilterTakesKernelsOut) {
  options_.kernel_filter = "gemm|attention$";
  for (const auto& [number, name] : std::map<std::uintptr_t, const char*>{
           {0x10, "_Z4gemmPf"}, {0x20, "flash_attention"}, {0x30, "attention_bwd"}})
    function(number, name, 0x50);
  EXPECT_FALSE(find(0x10).filtered);
  EXPECT_FALSE(find(0x20).filtered);
  EXPECT_TRUE(find(0x30).filtered);
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.kernels.at(2).flags, trace::kKernelFiltered);
}

TEST_F(KernelDescription, FilterThatIsNoExpressionIsSaidAndIgnored) {
  options_.kernel_filter = "gemm(";
  ::testing::internal::CaptureStderr();
  function(0x10, "anything", 0x50);
  EXPECT_FALSE(find(0x10).filtered);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(test::count_of("\n", said), 1u);
  EXPECT_EQ(said.find("fibshim: the kernel filter 'gemm(' is not"), 0u) << said;
}

}  // namespace
}  // namespace fib::recorder
