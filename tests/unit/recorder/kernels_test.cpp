// SPDX-License-Identifier: Apache-2.0
//
// Which kernel a handle stands for, and for how long.
#include "recorder/kernels.h"

#include <set>
#include <thread>

#include "kernel_fixture.h"

namespace fib::recorder {
namespace {

using test::fake;
using test::FakeDriver;
using test::handle;
using test::LogContents;
using trace::Deviation;

using KernelsTest = test::KernelTest;

TEST_F(KernelsTest, DescribesAFunctionOfAModule) {
  load(0x50);
  FakeDriver::Function& f = function(0x10, "_Z4gemmPKfi", 0x50);
  f.attributes = {{CU_FUNC_ATTRIBUTE_NUM_REGS, 128},
                  {CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 512}};
  const KernelInfo& info = find(0x10);
  EXPECT_EQ(info.id, 1u);
  EXPECT_EQ(info.param_bytes, 12u);
  EXPECT_TRUE(info.layout_known);
  EXPECT_FALSE(info.filtered);
  ASSERT_EQ(info.params.size(), 2u);
  EXPECT_EQ(info.params[1].offset, 8u);
  EXPECT_EQ(info.params[1].bytes, 4u);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.kernels.size(), 1u);
  const LogContents::Kernel& kernel = log.kernels[0];
  EXPECT_EQ(kernel.name, "_Z4gemmPKfi");
  EXPECT_EQ(kernel.flags, 0);
  EXPECT_EQ(kernel.fixed.kernel, 1u);
  EXPECT_EQ(kernel.fixed.load, 1u);
  EXPECT_EQ(kernel.fixed.handle, 0x10u);
  EXPECT_EQ(kernel.fixed.param_bytes, 12u);
  EXPECT_EQ(kernel.params.size(), 2u);
  ASSERT_EQ(kernel.attributes.size(), 2u);
  EXPECT_EQ(kernel.attributes[0].value, 512);
  EXPECT_EQ(kernel.attributes[1].attribute, CU_FUNC_ATTRIBUTE_NUM_REGS);
  EXPECT_EQ(log.images.size(), 1u) << "a kernel that runs needs its image";
  EXPECT_TRUE(log.deviations.empty());
}

TEST_F(KernelsTest, DescribesAKernelOfALibrary) {
  load(0x60);
  FakeDriver::Function& f = library_kernel(0x10, "attention", 0x60);
  f.attributes = {{CU_FUNC_ATTRIBUTE_NUM_REGS, 64}};
  EXPECT_TRUE(find(0x10).layout_known);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.kernels.size(), 1u);
  EXPECT_EQ(log.kernels[0].name, "attention");
  EXPECT_EQ(log.kernels[0].flags, trace::kKernelIsLibraryKernel);
  EXPECT_EQ(log.kernels[0].fixed.load, 1u);
  ASSERT_EQ(log.kernels[0].attributes.size(), 1u);
  EXPECT_EQ(log.kernels[0].attributes[0].value, 64);
}

TEST_F(KernelsTest, FunctionMadeFromAKernelBelongsToItsLibrary) {
  load(0x60);
  library_kernel(0x10, "attention", 0x60);
  function(0x20, "attention", 0);  // the driver does not tell its module
  kernels().function_of(handle<CUfunction>(0x20), handle<CUkernel>(0x10));
  const std::uint32_t id = find(0x20).id;
  EXPECT_EQ(find(0x10).id, id);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.kernels.size(), 2u);
  EXPECT_EQ(log.kernels[0].fixed.load, 1u);
  EXPECT_EQ(log.kernels[0].flags, 0);
  EXPECT_EQ(log.kernels[1].flags, trace::kKernelIsLibraryKernel);
}

TEST_F(KernelsTest, ModuleMadeFromALibraryOutOfSightIsFoundByTheKernelsName) {
  load(0x50);
  load(0x60, true);
  load(0x70, true);
  library_kernel(0x16, "attention", 0x60);
  library_kernel(0x17, "softmax", 0x70);
  function(0x20, "softmax", 0x99);  // of a graph node
  (void)find(0x20);
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.kernels.at(0).fixed.load, 3u);
  EXPECT_TRUE(log.deviations.empty());
}

TEST_F(KernelsTest, LibrariesThatShareAKernelsNameAreToldByTheirModules) {
  load(0x60, true);
  load(0x70, true);
  library_kernel(0x16, "softmax", 0x60);
  library_kernel(0x17, "softmax", 0x70);
  fake().library_modules = {{handle<CUlibrary>(0x60), handle<CUmodule>(0x99)},
                            {handle<CUlibrary>(0x70), handle<CUmodule>(0x98)}};
  function(0x20, "softmax", 0x98);
  function(0x30, "softmax", 0x97);  // of neither
  (void)find(0x20);
  (void)find(0x30);
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.kernels.at(0).fixed.load, 2u);
  EXPECT_EQ(log.kernels.at(1).fixed.load, 0u);
}

TEST_F(KernelsTest, AsksTheDriverOnce) {
  load(0x50);
  function(0x10, "gemm", 0x50);
  EXPECT_EQ(kernels().known(handle<CUfunction>(0x10)), nullptr);
  const KernelInfo* first = &find(0x10);
  FakeDriver::function_questions = 0;
  EXPECT_EQ(&find(0x10), first);
  EXPECT_EQ(kernels().known(handle<CUfunction>(0x10)), first);
  EXPECT_EQ(FakeDriver::function_questions, 0);
}

TEST_F(KernelsTest, TwoHandlesOfOneKernelHaveOneId) {
  load(0x50);
  function(0x10, "gemm", 0x50);
  function(0x20, "gemm", 0x50);
  function(0x30, "gemv", 0x50);
  EXPECT_EQ(find(0x10).id, find(0x20).id);
  EXPECT_NE(find(0x10).id, find(0x30).id);
  EXPECT_EQ(finish_and_read().kernels.size(), 3u);
}

TEST_F(KernelsTest, SameNameInAnotherLoadIsAnotherKernel) {
  load(0x50);
  load(0x51);
  function(0x10, "gemm", 0x50);
  function(0x20, "gemm", 0x51);
  EXPECT_NE(find(0x10).id, find(0x20).id);
}

TEST_F(KernelsTest, SameKernelKeepsItsIdOverAnEpoch) {
  load(0x50);
  function(0x10, "gemm", 0x50);
  const KernelInfo* before = &find(0x10);
  kernels().end_epoch();  // something else was unloaded
  EXPECT_EQ(kernels().known(handle<CUfunction>(0x10)), nullptr);
  EXPECT_EQ(&find(0x10), before);
  EXPECT_EQ(kernels().known(handle<CUfunction>(0x10)), before);
  EXPECT_EQ(finish_and_read().kernels.size(), 1u);
}

TEST_F(KernelsTest, ReusedHandleIsAnotherKernel) {
  load(0x50);
  function(0x10, "gemm", 0x50);
  const std::uint32_t before = find(0x10).id;
  kernels().end_epoch();
  recorder().loads.unloading(handle<void*>(0x50));
  load(0x50);
  function(0x10, "softmax", 0x50).params = {{0, 16}};
  const KernelInfo& after = find(0x10);
  EXPECT_NE(after.id, before);
  EXPECT_EQ(after.param_bytes, 16u);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.kernels.size(), 2u);
  EXPECT_EQ(log.kernels[1].name, "softmax");
  EXPECT_EQ(log.kernels[1].fixed.load, 2u);
}

TEST_F(KernelsTest, SameHandleAndNameFromANewLoadIsAnotherKernel) {
  load(0x50);
  function(0x10, "gemm", 0x50);
  const std::uint32_t before = find(0x10).id;
  kernels().end_epoch();
  recorder().loads.unloading(handle<void*>(0x50));
  load(0x50);
  EXPECT_NE(find(0x10).id, before);
}

TEST_F(KernelsTest, KernelLoadedOutOfSightIsSaid) {
  function(0x10, "mystery", 0x50);
  EXPECT_EQ(find(0x10).id, 1u);
  const LogContents log = finish_and_read();
  EXPECT_EQ(log.kernels.at(0).fixed.load, 0u);
  EXPECT_EQ(log.deviation_texts(Deviation::ImageUnknown),
            std::vector<std::string>{"kernel mystery was loaded out of sight"});
}

TEST_F(KernelsTest, DescribesEachContextOnce) {
  fake().context = handle<CUcontext>(0xc1);
  function(0x10, "a", 0x50);
  function(0x20, "b", 0x50);
  function(0x30, "c", 0x50);
  (void)find(0x10);
  (void)find(0x20);
  fake().context = handle<CUcontext>(0xc2);
  (void)find(0x30);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.contexts.size(), 2u);
  EXPECT_EQ(log.contexts[0].fixed.handle, 0xc1u);
  EXPECT_EQ(log.contexts[0].fixed.device, 0);
  ASSERT_EQ(log.contexts[0].limits.size(), 1u);
  EXPECT_EQ(log.contexts[0].limits[0].limit, static_cast<std::uint32_t>(CU_LIMIT_STACK_SIZE));
  EXPECT_EQ(log.contexts[0].limits[0].value, 1024u);
  EXPECT_EQ(log.contexts[1].fixed.handle, 0xc2u);
}

TEST_F(KernelsTest, ContextIsDescribedAnewAfterAnEpoch) {
  function(0x10, "a", 0x50);
  (void)find(0x10);
  kernels().end_epoch();
  (void)find(0x10);
  EXPECT_EQ(finish_and_read().contexts.size(), 2u);
}

TEST_F(KernelsTest, ThreadsThatLaunchAtOnceAgree) {
  load(0x50);
  for (std::uintptr_t i = 0; i < 64; ++i)
    function(0x1000 + i * 16, ("kernel" + std::to_string(i / 2)).c_str(), 0x50);
  (void)recorder();
  std::vector<std::vector<std::uint32_t>> ids(6, std::vector<std::uint32_t>(64));
  std::vector<std::thread> threads;
  for (auto& mine : ids)
    threads.emplace_back([this, &mine] {
      for (std::uintptr_t i = 0; i < 64; ++i) {
        const KernelInfo* info = kernels().find(handle<CUfunction>(0x1000 + i * 16));
        mine[i] = info != nullptr ? info->id : 0;
        if (i == 32) kernels().end_epoch();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : ids) EXPECT_EQ(mine, ids[0]);
  EXPECT_EQ(std::set<std::uint32_t>(ids[0].begin(), ids[0].end()).size(), 32u);
  EXPECT_FALSE(ids[0].front() == 0);
  EXPECT_EQ(finish_and_read().kernels.size(), 64u) << "each handle is described once";
}

}  // namespace
}  // namespace fib::recorder
