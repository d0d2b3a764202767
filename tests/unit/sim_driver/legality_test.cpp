// SPDX-License-Identifier: Apache-2.0
// What may be called while a stream captures, as measured on an H200.
#include <functional>
#include <thread>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

struct NamedCall {
  std::string name;
  std::function<CUresult()> call;
};
using Calls = std::vector<NamedCall>;

class Legality : public SimTest {
 protected:
  void SetUp() override {
    SimTest::SetUp();
    stream = non_blocking_stream();
    other = non_blocking_stream();
    ASSERT_OK(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
    ASSERT_OK(cuEventCreate(&event, 0));
    ASSERT_OK(cuMemAllocHost_v2(&pinned, 64));
    a = device_memory(64);
    b = device_memory(64);
  }

  /// Makes the call while `on` captures; true if the capture survived it.
  bool survives(CUstream on, CUstreamCaptureMode mode, const std::function<void()>& call) {
    CUgraph graph = nullptr;
    EXPECT_OK(cuStreamBeginCapture_v2(on, mode));
    call();
    const CUresult ended = cuStreamEndCapture(on, &graph);
    EXPECT_TRUE(ended == CUDA_SUCCESS || ended == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    return ended == CUDA_SUCCESS;
  }

  void in_other_thread(const std::function<void()>& body) {
    std::thread([&] {
      EXPECT_OK(cuCtxSetCurrent(context));
      body();
    }).join();
  }

  void relaxed(const std::function<void()>& body) {
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
    EXPECT_OK(cuThreadExchangeStreamCaptureMode(&mode));
    body();
    EXPECT_OK(cuThreadExchangeStreamCaptureMode(&mode));
    EXPECT_EQ(CU_STREAM_CAPTURE_MODE_RELAXED, mode);
  }

  Calls always_legal();
  Calls unsafe();

  CUstream stream = nullptr, other = nullptr, blocking = nullptr;
  CUevent event = nullptr;
  void* pinned = nullptr;
  CUdeviceptr a = 0, b = 0;
};

Calls Legality::always_legal() {
  static CUmodule loaded;
  static CUlibrary library;
  static CUdeviceptr address;
  static CUstream created;
  static size_t size, total;
  static int value;
  static CUstreamCaptureStatus status;
  static cuuint64_t id;
  const std::vector<char> elf = read_all(kernels_path());
  return {
      {"sync DtoH", [this] { return cuMemcpyDtoH_v2(pinned, a, 64); }},
      {"async DtoH elsewhere", [this] { return cuMemcpyDtoHAsync_v2(pinned, a, 64, other); }},
      {"async DtoD elsewhere", [this] { return cuMemcpyDtoDAsync_v2(b, a, 64, other); }},
      {"launch elsewhere", [this] { return launch(function(kNoop), other, 1); }},
      {"launch on the legacy stream", [this] { return launch(function(kNoop), nullptr, 1); }},
      {"event record elsewhere", [this] { return cuEventRecord(event, other); }},
      {"address range", [this] { return cuMemGetAddressRange_v2(&address, &size, a); }},
      {"pointer attribute",
       [this] {
         return cuPointerGetAttribute(&address, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, a);
       }},
      {"memory info", [] { return cuMemGetInfo_v2(&size, &total); }},
      {"function attribute",
       [this] { return cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, function(kNoop)); }},
      {"parameter info", [this] { return cuFuncGetParamInfo(function(kFill), 0, &size, &total); }},
      {"module load", [elf] { return cuModuleLoadData(&loaded, elf.data()); }},
      {"library load",
       [elf] {
         return cuLibraryLoadData(&library, elf.data(), nullptr, nullptr, 0, nullptr, nullptr, 0);
       }},
      {"stream creation", [] { return cuStreamCreate(&created, CU_STREAM_NON_BLOCKING); }},
      {"address reservation", [] { return cuMemAddressReserve(&address, 2 << 20, 0, 0, 0); }},
      {"is capturing", [this] { return cuStreamIsCapturing(stream, &status); }},
      {"capture info", [this] { return cuStreamGetCaptureInfo(stream, &status, &id); }},
  };
}

Calls Legality::unsafe() {
  static CUdeviceptr address;
  static void* host;
  return {
      {"stream synchronize", [this] { return cuStreamSynchronize(other); }},
      {"stream query", [this] { return cuStreamQuery(other); }},
      {"event query", [this] { return cuEventQuery(event); }},
      {"event synchronize", [this] { return cuEventSynchronize(event); }},
      {"alloc", [] { return cuMemAlloc_v2(&address, 64); }},
      {"free", [this] { return cuMemFree_v2(b); }},
      {"host alloc", [] { return cuMemAllocHost_v2(&host, 64); }},
      {"async alloc", [this] { return cuMemAllocAsync(&address, 64, other); }},
      {"module unload", [this] { return cuModuleUnload(module); }},
  };
}

constexpr CUstreamCaptureMode kModes[] = {CU_STREAM_CAPTURE_MODE_GLOBAL,
                                          CU_STREAM_CAPTURE_MODE_THREAD_LOCAL,
                                          CU_STREAM_CAPTURE_MODE_RELAXED};

TEST_F(Legality, HarmlessCallsAreAlwaysLegal) {
  for (const NamedCall& named : always_legal())
    for (CUstreamCaptureMode mode : kModes) {
      EXPECT_TRUE(survives(stream, mode, [&] { EXPECT_OK(named.call()) << named.name; }))
          << named.name << " mode " << mode;
      EXPECT_TRUE(survives(
          stream, mode, [&] { in_other_thread([&] { EXPECT_OK(named.call()) << named.name; }); }))
          << named.name << " in another thread, mode " << mode;
    }
}

TEST_F(Legality, UnsafeCallsOfTheCapturingThread) {
  for (const NamedCall& named : unsafe())
    for (CUstreamCaptureMode mode : {kModes[0], kModes[1]})
      EXPECT_FALSE(survives(
          stream, mode,
          [&] { EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, named.call()) << named.name; }))
          << named.name << " mode " << mode;
}

TEST_F(Legality, UnsafeCallsOfOtherThreads) {
  for (const NamedCall& named : unsafe())
    EXPECT_FALSE(survives(stream, CU_STREAM_CAPTURE_MODE_GLOBAL, [&] {
      in_other_thread(
          [&] { EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, named.call()) << named.name; });
    })) << named.name;
  for (CUstreamCaptureMode mode : {kModes[1], kModes[2]})
    EXPECT_TRUE(survives(stream, mode,
                         [&] { in_other_thread([&] { EXPECT_OK(cuStreamSynchronize(other)); }); }));
}

TEST_F(Legality, RelaxedThreadsMayCallThem) {
  for (const NamedCall& named : unsafe()) {
    if (named.name == "free" || named.name == "module unload") continue;
    EXPECT_TRUE(survives(stream, CU_STREAM_CAPTURE_MODE_GLOBAL, [&] {
      relaxed([&] { EXPECT_OK(named.call()) << named.name; });
      in_other_thread([&] { relaxed([&] { EXPECT_OK(named.call()) << named.name; }); });
    })) << named.name;
  }
  EXPECT_TRUE(
      survives(stream, CU_STREAM_CAPTURE_MODE_RELAXED, [&] { EXPECT_OK(cuEventQuery(event)); }));
}

TEST_F(Legality, AFreeThatFailsIsHarmless) {
  EXPECT_TRUE(survives(stream, CU_STREAM_CAPTURE_MODE_GLOBAL, [&] {
    EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(a + 1));
    EXPECT_OK(cuMemFree_v2(0));
  }));
}

TEST_F(Legality, NothingMaySynchronizeWithTheCapture) {
  for (CUstreamCaptureMode mode : kModes)
    for (const auto& call : std::vector<std::function<CUresult()>>{
             [] { return cuCtxSynchronize(); }, [this] { return cuStreamSynchronize(stream); },
             [this] { return cuStreamQuery(stream); }}) {
      const auto refused = [&] { EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, call()); };
      EXPECT_FALSE(survives(stream, mode, [&] { relaxed(refused); }));
      EXPECT_FALSE(survives(stream, mode, [&] { in_other_thread([&] { relaxed(refused); }); }));
    }
}

TEST_F(Legality, BlockingStreamsForbidTheLegacyStream) {
  const Calls legacy = {
      {"sync DtoH", [this] { return cuMemcpyDtoH_v2(pinned, a, 64); }},
      {"sync memset", [this] { return cuMemsetD8_v2(a, 0, 64); }},
      {"launch", [this] { return launch(function(kNoop), nullptr, 1); }},
      {"event record", [this] { return cuEventRecord(event, nullptr); }},
      {"stream synchronize", [] { return cuStreamSynchronize(nullptr); }},
  };
  for (const NamedCall& named : legacy)
    for (CUstreamCaptureMode mode : kModes)
      EXPECT_FALSE(survives(blocking, mode, [&] {
        relaxed([&] { EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, named.call()) << named.name; });
      })) << named.name;
  EXPECT_TRUE(survives(blocking, CU_STREAM_CAPTURE_MODE_GLOBAL, [&] {
    CUstreamCaptureStatus status{};
    EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, cuStreamIsCapturing(nullptr, &status));
    EXPECT_OK(cuMemcpyDtoHAsync_v2(pinned, a, 64, other));
  }));
}

TEST_F(Legality, AnInvalidatedCaptureTakesNoMoreWork) {
  survives(stream, CU_STREAM_CAPTURE_MODE_GLOBAL, [&] {
    CUstreamCaptureStatus status{};
    EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamQuery(other));
    EXPECT_OK(cuStreamIsCapturing(stream, &status));
    EXPECT_EQ(CU_STREAM_CAPTURE_STATUS_INVALIDATED, status);
    EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, launch(function(kNoop), stream, 1));
  });
}

}  // namespace
}  // namespace fib::sim::test
