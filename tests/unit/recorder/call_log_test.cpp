// SPDX-License-Identifier: Apache-2.0
//
// What is written for each kind of argument, seen through the reader's eyes.
#include <gtest/gtest.h>

#include <cstring>

#include "recorder/clock.h"
#include "recorder_test.h"
#include "trace/api_args.h"

namespace fib::recorder {
namespace {

using driver::Api;
using test::handle;
using test::LogContents;

class CallLogTest : public test::RecorderTest {
 protected:
  template <Api A, class... Args>
  void call(CUresult result, const Args&... args) {
    recorder().calls.call<A>(result, ticks(), args...);
  }
  /// The only call that was recorded.
  [[nodiscard]] LogContents::Call only_call() {
    EXPECT_TRUE(session().start());
    log_ = finish_and_read();
    EXPECT_EQ(log_.calls.size(), 1u);
    return log_.calls.empty() ? LogContents::Call{} : log_.calls.front();
  }
  /// Its arguments, named by the log itself. Valid as long as the test.
  [[nodiscard]] std::vector<trace::CallArg> only_args() {
    const LogContents::Call call = only_call();
    kept_ = call;
    const auto bound =
        trace::bind_args(trace::parse_api_args(log_.apis[call.fixed.api].args), as_decoded(kept_));
    EXPECT_EQ(bound.problem, "");
    return bound.args;
  }
  template <class T>
  static std::string bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static std::string text(trace::Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  LogContents log_;
  LogContents::Call kept_;
};

TEST_F(CallLogTest, FixedPartSaysWhatWasCalledWhenAndHow) {
  test::fake().context = handle<CUcontext>(0xabc);
  const std::uint64_t before = ticks();
  call<Api::cuInit>(CUDA_ERROR_NO_DEVICE, 7u);
  const LogContents::Call c = only_call();
  EXPECT_EQ(log_.apis[c.fixed.api].name, "cuInit");
  EXPECT_EQ(c.fixed.result, CUDA_ERROR_NO_DEVICE);
  EXPECT_EQ(c.fixed.context, 0xabcu);
  EXPECT_EQ(c.words, std::vector<std::uint64_t>{7});
  EXPECT_TRUE(c.blobs.empty());
  EXPECT_GE(c.header.time, before);
  EXPECT_LE(c.header.time + c.fixed.duration, ticks());
}

TEST_F(CallLogTest, ContextIsZeroWhereThereIsNone) {
  test::fake().context_result = CUDA_ERROR_NOT_INITIALIZED;
  call<Api::cuInit>(CUDA_SUCCESS, 0u);
  EXPECT_EQ(only_call().fixed.context, 0u);
}

TEST_F(CallLogTest, SmallOutputIsItsValue) {
  const CUdeviceptr address = 0x7f1200000000;
  call<Api::cuMemAlloc_v2>(CUDA_SUCCESS, &address, std::size_t{4096});
  const auto args = only_args();
  EXPECT_EQ(args[0].name, "dptr");
  EXPECT_EQ(args[0].word, address);
  EXPECT_FALSE(args[0].has_blob);
  EXPECT_EQ(args[1].name, "bytesize");
  EXPECT_EQ(args[1].word, 4096u);
}

TEST_F(CallLogTest, ShortValuesFillTheirWordWithZeros) {
  call<Api::cuFuncSetCacheConfig>(CUDA_SUCCESS, handle<CUfunction>(0x10), CU_FUNC_CACHE_PREFER_L1);
  EXPECT_EQ(only_call().words, (std::vector<std::uint64_t>{0x10, CU_FUNC_CACHE_PREFER_L1}));
}

TEST_F(CallLogTest, NegativeAndFloatingValuesKeepTheirBits) {
  const float value = 1.5f;
  call<Api::cuParamSetf>(CUDA_SUCCESS, handle<CUfunction>(0x10), -1, value);
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  EXPECT_EQ(only_call().words, (std::vector<std::uint64_t>{0x10, 0xffffffffu, bits}));
}

TEST_F(CallLogTest, LargeOutputIsABlob) {
  CUipcMemHandle ipc;
  std::memset(&ipc, 0x3c, sizeof ipc);
  call<Api::cuIpcGetMemHandle>(CUDA_SUCCESS, &ipc, CUdeviceptr{0x1000});
  const auto args = only_args();
  EXPECT_EQ(text(args[0].blob), bytes_of(ipc));
  EXPECT_EQ(args[1].word, 0x1000u);
}

TEST_F(CallLogTest, StructurePassedByValueIsABlob) {
  CUipcMemHandle ipc;
  std::memset(&ipc, 0x77, sizeof ipc);
  CUdeviceptr address = 0x2000;
  call<Api::cuIpcOpenMemHandle_v2>(CUDA_SUCCESS, &address, ipc, 1u);
  const auto args = only_args();
  EXPECT_EQ(args[0].word, 0x2000u);
  EXPECT_EQ(args[1].word, sizeof ipc);
  EXPECT_EQ(text(args[1].blob), bytes_of(ipc));
  EXPECT_EQ(args[2].word, 1u);
}

TEST_F(CallLogTest, StructurePassedByValueIsKeptAfterAFailure) {
  CUipcMemHandle ipc;
  std::memset(&ipc, 0x77, sizeof ipc);
  CUdeviceptr address = 0x2000;
  call<Api::cuIpcOpenMemHandle_v2>(CUDA_ERROR_INVALID_VALUE, &address, ipc, 1u);
  const LogContents::Call c = only_call();
  EXPECT_EQ(c.words, (std::vector<std::uint64_t>{0, sizeof ipc, 1}));
  EXPECT_EQ(text(c.blobs), bytes_of(ipc));
}

TEST_F(CallLogTest, InputIsTheStructureBehindThePointer) {
  CUDA_ARRAY_DESCRIPTOR wanted{};
  wanted.Width = 640;
  wanted.Height = 480;
  CUarray array = handle<CUarray>(0x9000);
  call<Api::cuArrayCreate_v2>(CUDA_SUCCESS, &array, &wanted);
  const auto args = only_args();
  EXPECT_EQ(args[0].word, 0x9000u);
  EXPECT_EQ(text(args[1].blob), bytes_of(wanted));
}

TEST_F(CallLogTest, InputArrayHasAsManyElementsAsItsCountSays) {
  CUmemAccessDesc access[3] = {};
  for (int i = 0; i < 3; ++i) access[i].location.id = i + 1;
  call<Api::cuMemSetAccess>(CUDA_SUCCESS, CUdeviceptr{0x1000}, std::size_t{64},
                            static_cast<const CUmemAccessDesc*>(access), std::size_t{2});
  const auto args = only_args();
  EXPECT_EQ(args[2].word, 2 * sizeof access[0]);
  EXPECT_EQ(std::memcmp(args[2].blob.data(), access, 2 * sizeof access[0]), 0);
  EXPECT_EQ(args[3].word, 2u);
}

TEST_F(CallLogTest, EmptyInputArrayIsNotRead) {
  const auto* nowhere = handle<const CUmemAccessDesc*>(16);
  call<Api::cuMemSetAccess>(CUDA_SUCCESS, CUdeviceptr{0x1000}, std::size_t{64}, nowhere,
                            std::size_t{0});
  const LogContents::Call c = only_call();
  EXPECT_EQ(c.words, (std::vector<std::uint64_t>{0x1000, 64, 0, 0}));
  EXPECT_TRUE(c.blobs.empty());
}

TEST_F(CallLogTest, TextIsItsCharactersPadded) {
  CUdeviceptr address = 0x5000;
  std::size_t bytes = 12;
  for (const char* name : {"a_global", "global_no"})  // 8 characters, and 9
    call<Api::cuModuleGetGlobal_v2>(CUDA_SUCCESS, &address, &bytes, handle<CUmodule>(0x1), name);
  ASSERT_TRUE(session().start());
  log_ = finish_and_read();
  ASSERT_EQ(log_.calls.size(), 2u);
  EXPECT_EQ(log_.calls[0].words, (std::vector<std::uint64_t>{0x5000, 12, 1, 8}));
  EXPECT_EQ(text(log_.calls[0].blobs), "a_global");
  EXPECT_EQ(log_.calls[1].words.back(), 9u);
  EXPECT_EQ(text(log_.calls[1].blobs), std::string("global_no\0\0\0\0\0\0\0", 16));
}

TEST_F(CallLogTest, BlobsFollowInTheOrderOfArguments) {
  CUdeviceptr destinations[] = {1, 2, 3}, sources[] = {4, 5, 6};
  std::size_t sizes[] = {7, 8, 9}, first_of[] = {0};
  CUmemcpyAttributes attributes[1] = {};
  attributes[0].flags = 5;
  std::size_t failed = 11;
  call<Api::cuMemcpyBatchAsync>(CUDA_SUCCESS, +destinations, +sources, +sizes, std::size_t{3},
                                +attributes, +first_of, std::size_t{1}, &failed,
                                handle<CUstream>(0x44));
  const auto args = only_args();
  EXPECT_EQ(std::memcmp(args[0].blob.data(), destinations, sizeof destinations), 0);
  EXPECT_EQ(std::memcmp(args[1].blob.data(), sources, sizeof sources), 0);
  EXPECT_EQ(std::memcmp(args[2].blob.data(), sizes, sizeof sizes), 0);
  EXPECT_EQ(text(args[4].blob), bytes_of(attributes[0]));
  EXPECT_EQ(text(args[5].blob), bytes_of(first_of[0]));
  EXPECT_EQ(args[7].word, 11u);
  EXPECT_EQ(args[8].word, 0x44u);
}

TEST_F(CallLogTest, NullPointersAreZeroWithoutABlob) {
  call<Api::cuModuleGetGlobal_v2>(CUDA_SUCCESS, static_cast<CUdeviceptr*>(nullptr),
                                  static_cast<std::size_t*>(nullptr), handle<CUmodule>(0x1),
                                  static_cast<const char*>(nullptr));
  const LogContents::Call c = only_call();
  EXPECT_EQ(c.words, (std::vector<std::uint64_t>{0, 0, 1, 0}));
  EXPECT_TRUE(c.blobs.empty());
}

TEST_F(CallLogTest, NothingBehindAPointerIsReadAfterAFailure) {
  auto* nowhere = handle<CUdeviceptr*>(16);
  call<Api::cuModuleGetGlobal_v2>(CUDA_ERROR_INVALID_VALUE, nowhere, handle<std::size_t*>(24),
                                  handle<CUmodule>(0x1), handle<const char*>(32));
  const LogContents::Call c = only_call();
  EXPECT_EQ(c.fixed.result, CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(c.words, (std::vector<std::uint64_t>{0, 0, 1, 0}));
}

TEST_F(CallLogTest, OversizeArrayIsLeftOut) {
  options_.ring_bytes = 1u << 20;
  std::vector<CUmemAccessDesc> access(kMaxArgBytes / sizeof(CUmemAccessDesc) + 1);
  call<Api::cuMemSetAccess>(CUDA_SUCCESS, CUdeviceptr{1}, std::size_t{2},
                            static_cast<const CUmemAccessDesc*>(access.data()), access.size());
  const LogContents::Call c = only_call();
  EXPECT_EQ(c.words, (std::vector<std::uint64_t>{1, 2, 0, access.size()}));
  EXPECT_TRUE(c.blobs.empty());
}

TEST_F(CallLogTest, LargestArrayIsKept) {
  options_.ring_bytes = 1u << 20;
  std::vector<std::uint64_t> values(kMaxArgBytes / sizeof(CUdeviceptr), 0x5a5a);
  static_assert(sizeof(CUgraphicsResource) == 8);
  call<Api::cuGraphicsMapResources>(CUDA_SUCCESS, static_cast<unsigned>(values.size()),
                                    reinterpret_cast<CUgraphicsResource*>(values.data()),
                                    handle<CUstream>(0));
  const LogContents::Call c = only_call();
  ASSERT_EQ(c.blobs.size(), kMaxArgBytes);
  EXPECT_EQ(std::memcmp(c.blobs.data(), values.data(), kMaxArgBytes), 0);
}

TEST_F(CallLogTest, OverlongTextIsCut) {
  options_.ring_bytes = 1u << 20;
  const std::string name(kMaxArgBytes + 100, 'x');
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
  call<Api::cuModuleGetGlobal_v2>(CUDA_SUCCESS, &address, &bytes, handle<CUmodule>(0x1),
                                  name.c_str());
  EXPECT_EQ(only_call().words.back(), kMaxArgBytes);
}

TEST_F(CallLogTest, CallWithoutArgumentsHasNoWords) {
  call<Api::cuCtxSynchronize>(CUDA_SUCCESS);
  const LogContents::Call c = only_call();
  EXPECT_TRUE(c.words.empty());
  EXPECT_EQ(log_.apis[c.fixed.api].name, "cuCtxSynchronize");
}

TEST_F(CallLogTest, RecordThatDoesNotFitIsCountedAsDropped) {
  options_.ring_bytes = 4096;
  ASSERT_TRUE(session().start());
  std::vector<CUmemAccessDesc> access(1000);
  call<Api::cuMemSetAccess>(CUDA_SUCCESS, CUdeviceptr{1}, std::size_t{2},
                            static_cast<const CUmemAccessDesc*>(access.data()), access.size());
  record_call(1);
  log_ = finish_and_read();
  EXPECT_EQ(log_.calls.size(), 1u);
  ASSERT_EQ(log_.drops.size(), 1u);
  EXPECT_EQ(log_.drops[0].records, 1u);
  EXPECT_GT(log_.drops[0].bytes, access.size() * sizeof access[0]);
  EXPECT_EQ(log_.drops[0].launches, 0u);
  EXPECT_EQ(log_.ends.back().dropped_records, 1u);
}

}  // namespace
}  // namespace fib::recorder
