// SPDX-License-Identifier: Apache-2.0
#include "recorder/launch_log.h"

#include <cstring>

#include "recorder/clock.h"
#include "recorder_test.h"

namespace fib::recorder {
namespace {

using driver::Api;
using test::fake;
using test::FakeDriver;
using test::handle;
using test::LogContents;

class LaunchLogTest : public test::RecorderTest {
 protected:
  LaunchLogTest() {
    FakeDriver::Function& f = fake().functions[handle<void*>(0x10)];
    f.name = "axpy";
    f.params = {{0, 8}, {8, 4}};
  }
  /// A launch of that kernel with the two parameters below.
  LaunchCall call() {
    return {Api::cuLaunchKernel,
            handle<CUfunction>(0x10),
            {2, 3, 4},
            {32, 2, 1},
            1024,
            handle<CUstream>(0x77),
            params_,
            nullptr,
            nullptr,
            0,
            false,
            false};
  }
  void launch(const LaunchCall& call, CUresult result = CUDA_SUCCESS) {
    recorder().launches.launch(call, result, ticks());
  }
  /// The only launch of the log.
  LogContents::Launch only_launch() {
    EXPECT_TRUE(session().start());
    log_ = finish_and_read();
    EXPECT_EQ(log_.launches.size(), 1u);
    return log_.launches.empty() ? LogContents::Launch{} : log_.launches[0];
  }
  static std::string text(const test::ByteVector& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::uint64_t pointer_ = 0x3837363534333231;  // "12345678"
  std::uint32_t count_ = 0x64636261;            // "abcd"
  void* params_[2] = {&pointer_, &count_};
  LogContents log_;
};

TEST_F(LaunchLogTest, WritesWhatWasAsked) {
  fake().context = handle<CUcontext>(0xc1);
  launch(call());
  const LogContents::Launch l = only_launch();
  EXPECT_EQ(l.fixed.kernel, 1u);
  EXPECT_EQ(log_.kernels.at(0).name, "axpy");
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(l.fixed.grid[i], i + 2);
  EXPECT_EQ(l.fixed.block[0], 32u);
  EXPECT_EQ(l.fixed.block[1], 2u);
  EXPECT_EQ(l.fixed.block[2], 1u);
  EXPECT_EQ(l.fixed.shared_bytes, 1024u);
  EXPECT_EQ(l.fixed.result, 0);
  EXPECT_EQ(l.fixed.stream, 0x77u);
  EXPECT_EQ(l.fixed.context, 0xc1u);
  EXPECT_EQ(l.fixed.capture, 0u);
  EXPECT_EQ(l.header.flags, 0);
  EXPECT_EQ(log_.apis.at(l.fixed.api).name, "cuLaunchKernel");
  EXPECT_EQ(text(l.params), "12345678abcd");
  EXPECT_TRUE(l.attributes.empty());
  EXPECT_EQ(log_.ends.at(0).launches, 1u);
}

TEST_F(LaunchLogTest, ParametersThroughABuffer) {
  std::string buffer = "12345678wxyz";
  std::size_t bytes = buffer.size();
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, buffer.data(), CU_LAUNCH_PARAM_BUFFER_SIZE,
                   &bytes, CU_LAUNCH_PARAM_END};
  LaunchCall c = call();
  c.params = nullptr;
  c.extra = extra;
  launch(c);
  const LogContents::Launch l = only_launch();
  EXPECT_EQ(l.header.flags, trace::kLaunchExtra);
  EXPECT_EQ(text(l.params), buffer);
}

TEST_F(LaunchLogTest, Attributes) {
  CUlaunchAttribute attributes[2];
  std::memset(attributes, 0, sizeof attributes);
  attributes[0].id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attributes[0].value.clusterDim = {4, 1, 1};
  attributes[1].id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
  attributes[1].value.programmaticStreamSerializationAllowed = 1;
  LaunchCall c = call();
  c.attributes = attributes;
  c.attribute_count = 2;
  launch(c);
  const LogContents::Launch l = only_launch();
  EXPECT_EQ(text(l.params), "12345678abcd");
  ASSERT_EQ(l.attributes.size(), 2u);
  EXPECT_EQ(l.attributes[0].id, static_cast<std::uint32_t>(CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION));
  EXPECT_EQ(std::memcmp(l.attributes[0].value.data(), &attributes[0].value, 64), 0);
  EXPECT_EQ(l.attributes[1].id, 6u);
}

TEST_F(LaunchLogTest, AbsurdNumberOfAttributesIsNotRead) {
  LaunchCall c = call();
  c.attributes = handle<const CUlaunchAttribute*>(16);
  c.attribute_count = 0xffffffff;
  launch(c);
  EXPECT_TRUE(only_launch().attributes.empty());
}

TEST_F(LaunchLogTest, RejectedLaunchIsRecordedWithoutReadingAnything) {
  LaunchCall c = call();
  c.params = handle<void**>(16);
  c.attributes = handle<const CUlaunchAttribute*>(16);
  c.attribute_count = 1;
  launch(c, CUDA_ERROR_INVALID_VALUE);
  const LogContents::Launch l = only_launch();
  EXPECT_EQ(l.fixed.kernel, 0u) << "never launched before, so the handle may mean nothing";
  EXPECT_EQ(l.fixed.result, CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(l.header.flags, trace::kLaunchParamsUnknown);
  EXPECT_EQ(l.fixed.param_bytes, 0u);
  EXPECT_EQ(FakeDriver::function_questions, 0);
}

TEST_F(LaunchLogTest, RejectedLaunchOfAKnownKernelNamesIt) {
  launch(call());
  launch(call(), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  log_ = finish_and_read();
  ASSERT_EQ(log_.launches.size(), 2u);
  EXPECT_EQ(log_.launches[1].fixed.kernel, 1u);
  EXPECT_EQ(log_.launches[1].header.flags, trace::kLaunchParamsUnknown);
}

TEST_F(LaunchLogTest, LaunchIntoACapture) {
  fake().captures[handle<CUstream>(0x77)] = {CU_STREAM_CAPTURE_STATUS_ACTIVE, 42};
  recorder().captures.begun(handle<CUstream>(0x77));
  launch(call());
  const LogContents::Launch l = only_launch();
  EXPECT_EQ(l.fixed.capture, 42u);
  EXPECT_EQ(l.header.flags, trace::kLaunchCaptured);
}

TEST_F(LaunchLogTest, StreamOfThePerThreadEntryPoints) {
  LaunchCall c = call();
  c.api = Api::cuLaunchKernel_ptsz;
  c.per_thread_stream = true;
  launch(c);
  c.stream = nullptr;
  launch(c);
  c.per_thread_stream = false;
  launch(c);
  log_ = finish_and_read();
  ASSERT_EQ(log_.launches.size(), 3u);
  EXPECT_EQ(log_.launches[0].fixed.stream, 0x77u);
  EXPECT_EQ(log_.launches[0].header.flags, trace::kLaunchPerThreadStream);
  EXPECT_EQ(log_.launches[1].fixed.stream, 2u);
  EXPECT_EQ(log_.launches[2].fixed.stream, 0u);
}

TEST_F(LaunchLogTest, LegacyLaunchHasNoParametersOfItsOwn) {
  LaunchCall c = call();
  c.params = nullptr;
  c.legacy = true;
  launch(c);
  const LogContents::Launch l = only_launch();
  EXPECT_EQ(l.fixed.kernel, 1u);
  EXPECT_EQ(l.header.flags, trace::kLaunchParamsUnknown);
}

TEST_F(LaunchLogTest, UnknownLayoutMeansNoParameters) {
  api_.cuFuncGetParamInfo = nullptr;
  launch(call());
  const LogContents::Launch l = only_launch();
  EXPECT_EQ(l.header.flags, trace::kLaunchParamsUnknown);
  EXPECT_EQ(l.fixed.param_bytes, 0u);
}

TEST_F(LaunchLogTest, FilteredKernelIsNotRecorded) {
  options_.kernel_filter = "gemm";
  launch(call());
  log_ = finish_and_read();
  EXPECT_TRUE(log_.launches.empty());
  EXPECT_EQ(log_.kernels.size(), 1u);
  EXPECT_EQ(log_.ends.at(0).launches, 0u);
}

TEST_F(LaunchLogTest, GraphLaunch) {
  fake().graphs[handle<CUgraph>(0x60)] = {};
  recorder().graphs.instantiated(handle<CUgraphExec>(0x61), handle<CUgraph>(0x60), 0);
  recorder().launches.graph_launch(Api::cuGraphLaunch, handle<CUgraphExec>(0x61),
                                   handle<CUstream>(0x77), CUDA_SUCCESS, ticks());
  recorder().launches.graph_launch(Api::cuGraphLaunch_ptsz, handle<CUgraphExec>(0x62), nullptr,
                                   CUDA_ERROR_INVALID_HANDLE, ticks());
  log_ = finish_and_read();
  ASSERT_EQ(log_.graph_launches.size(), 2u);
  const auto &known = log_.graph_launches[0].fixed, &unknown = log_.graph_launches[1].fixed;
  EXPECT_EQ(known.exec, 1u);
  EXPECT_EQ(known.exec_handle, 0x61u);
  EXPECT_EQ(known.stream, 0x77u);
  EXPECT_EQ(known.context, 0xc0deu);
  EXPECT_EQ(log_.apis.at(known.api).name, "cuGraphLaunch");
  EXPECT_EQ(unknown.exec, 0u);
  EXPECT_EQ(unknown.exec_handle, 0x62u);
  EXPECT_EQ(unknown.result, CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(LaunchLogTest, GraphLaunchIntoACapture) {
  fake().captures[handle<CUstream>(0x77)] = {CU_STREAM_CAPTURE_STATUS_ACTIVE, 42};
  recorder().captures.begun(handle<CUstream>(0x77));
  recorder().launches.graph_launch(Api::cuGraphLaunch, handle<CUgraphExec>(0x61),
                                   handle<CUstream>(0x77), CUDA_SUCCESS, ticks());
  ASSERT_TRUE(session().start());
  log_ = finish_and_read();
  EXPECT_EQ(log_.graph_launches.at(0).header.flags, trace::kLaunchCaptured);
}

TEST_F(LaunchLogTest, DroppedLaunchesAreCounted) {
  options_.ring_bytes = 4096;
  fake().functions[handle<void*>(0x10)].params = {{0, 8}, {8, 4}, {16, 8000}};
  std::vector<char> large(8000);
  void* params[] = {&pointer_, &count_, large.data()};
  LaunchCall c = call();
  c.params = params;
  launch(c);
  log_ = finish_and_read();
  EXPECT_TRUE(log_.launches.empty());
  EXPECT_EQ(log_.drops.at(0).launches, 1u);
  EXPECT_EQ(log_.ends.at(0).dropped_launches, 1u);
}

}  // namespace
}  // namespace fib::recorder
