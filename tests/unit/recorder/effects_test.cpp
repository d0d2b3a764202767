// SPDX-License-Identifier: Apache-2.0
#include "recorder/effects.h"

#include <algorithm>

#include "kernel_fixture.h"

namespace fib::recorder::test {
namespace {

using trace::EffectReason;

EffectReason by_name(const char* name, const char* pattern = "") {
  return EffectNames(pattern).of(name);
}

TEST(EffectNamesTest, KnowsCommunicationLibraries) {
  for (const char* name :
       {"_Z40ncclDevKernel_AllReduce_Sum_bf16_RING_LL24ncclDevKernelArgsStorageILm4096EE",
        "_Z13ncclDevKernel_SendRecv20ncclDevKernelArgs", "ncclKernel_AllReduce_RING_LL_Sum_float",
        "_Z30nvshmemi_proxy_quiet_kernelv",
        "_ZN4vllm26cross_device_reduce_1stageI13__nv_bfloat16Li8EEEvPNS_8RankDataE",
        "_ZN10flashinfer21trtllm_allreduce_fusion42allreduce_fusion_kernel_oneshot_lamportI",
        "_ZN12tensorrt_llm7kernels22oneShotAllReduceKernelI6__halfEEvv",
        "_ZN2at6native30two_shot_all_reduce_kernelEv", "_ZN2at25multimem_one_shot_reduceEv",
        "_ZN7deep_ep9intranode8dispatchILi8EEEvv", "triton_all_gather_kernel",
        "userbuffers_fp16_sum_inplace_gpu_rr", "_Z14all_to_all_v2Pv", "reduce_scatter_kernel"})
    EXPECT_EQ(by_name(name), EffectReason::Name) << name;
}

TEST(EffectNamesTest, LeavesOthersAlone) {
  for (const char* name :
       {"", "_Z5saxpyifPKfPf", "_ZN7cutlass6KernelI4GemmEE", "small_gather_kernel", "warpAllReduce",
        "_ZN3foo14BlockAllReduceEv", "block_all_reduce_sum", "reduce_kernel", "gather_all",
        "scatter_reduce", "_Z11callreducerPf", "vectorized_gather_kernel",
        "nvjet_tst_128x128_64x6_1x2_h_bz_coopA_NNT"})
    EXPECT_EQ(by_name(name), EffectReason::None) << name;
}

TEST(EffectNamesTest, TakesTheUsersPattern) {
  EXPECT_EQ(by_name("my_exchange", "^my_(ex|inter)change$"), EffectReason::Pattern);
  EXPECT_EQ(by_name("my_change", "^my_(ex|inter)change$"), EffectReason::None);
  EXPECT_EQ(by_name("nvshmem_x", "nvshmem"), EffectReason::Pattern);
}

TEST(EffectNamesTest, IgnoresAPatternThatIsNone) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(by_name("x", "("), EffectReason::None);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("'('"), std::string::npos);
}

class EffectTest : public KernelTest {
 protected:
  EffectReason of(const KernelInfo& kernel, std::vector<std::uint64_t> words,
                  std::size_t bytes = SIZE_MAX) {
    const auto params = std::as_bytes(std::span(words));
    return effect_of(recorder().live, kernel, params.first(std::min(bytes, params.size())));
  }
  const KernelInfo& kernel(const char* name) {
    function(1, name, 5);
    return find(1);
  }
  void open(std::uint64_t address, std::uint64_t bytes) {
    recorder().live.foreign(address, bytes, 0, 0);
  }
};

TEST_F(EffectTest, ComesFromTheKernelsName) {
  EXPECT_EQ(of(kernel("ncclDevKernel_Generic"), {}), EffectReason::Name);
}

TEST_F(EffectTest, ComesFromTheUsersPattern) {
  options_.effect_pattern = "^wait_";
  EXPECT_EQ(of(kernel("wait_for_peer"), {}), EffectReason::Pattern);
}

TEST_F(EffectTest, ComesFromParametersThatPointToOthersMemory) {
  const KernelInfo& plain = kernel("plain");
  EXPECT_EQ(of(plain, {0x1000, 0x2000}), EffectReason::None);
  open(0x2000, 0x100);
  EXPECT_EQ(of(plain, {0x1000, 0x20ff}), EffectReason::Foreign);
  EXPECT_EQ(of(plain, {0x1000, 0x2100}), EffectReason::None);
  EXPECT_EQ(of(plain, {0x1000, 0x2000}, 12), EffectReason::None);
  EXPECT_EQ(of(plain, {}), EffectReason::None);
}

}  // namespace
}  // namespace fib::recorder::test
