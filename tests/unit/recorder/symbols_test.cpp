// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sim_recorder_test.h"

namespace fib::recorder::test {
namespace {

using driver::Api;

class SymbolsTest : public SimRecorderTest {
 protected:
  void SetUp() override {
    SimRecorderTest::SetUp();
    image_ = read_text(FIB_SIM_DIR "/sim_kernels.simcubin");
    ASSERT_FALSE(image_.empty());
  }
  CUmodule load_module() {
    CUmodule module = nullptr;
    EXPECT_EQ(cuModuleLoadData(&module, image_.data()), CUDA_SUCCESS);
    note(Api::cuModuleLoadData, module, false);
    return module;
  }
  CUlibrary load_library() {
    CUlibrary library = nullptr;
    EXPECT_EQ(cuLibraryLoadData(&library, image_.data(), nullptr, nullptr, 0, nullptr, nullptr, 0),
              CUDA_SUCCESS);
    note(Api::cuLibraryLoadData, library, true);
    return library;
  }
  void note(Api api, const void* handle, bool is_library) {
    LoadCall call{};
    call.api = api;
    call.handle = handle;
    call.image = image_.data();
    call.is_library = is_library;
    recorder().loads.loaded(call);
  }
  /// As by a kernel's first launch.
  void use(const void* handle) {
    session().start();
    EXPECT_NE(recorder().loads.use(handle), 0u);
  }
  std::optional<LiveRegion> region(const char* name) {
    for (const LiveRegion& found : recorder().symbols.regions())
      if (found.name == name) return found;
    return std::nullopt;
  }

  std::string image_;
};

TEST_F(SymbolsTest, FindsTheVariablesOfAModuleWhoseKernelsRan) {
  const CUmodule module = load_module();
  EXPECT_TRUE(recorder().symbols.regions().empty());
  use(module);
  EXPECT_EQ(recorder().symbols.regions().size(), 2u);
  const auto counter = region("launch_counter");
  ASSERT_TRUE(counter);
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
  ASSERT_EQ(cuModuleGetGlobal_v2(&address, &bytes, module, "launch_counter"), CUDA_SUCCESS);
  EXPECT_EQ(counter->fixed.kind, number_of(trace::RegionKind::Symbol));
  EXPECT_EQ(counter->fixed.address, address);
  EXPECT_EQ(counter->fixed.bytes, bytes);
  EXPECT_EQ(counter->fixed.load, 1u);
  EXPECT_EQ(counter->fixed.context, number(context_));
  EXPECT_EQ(counter->fixed.device, 0);
  EXPECT_TRUE(region("coefficients"));
  const LogContents log = finish_and_read();
  EXPECT_TRUE(log.deviations.empty()) << log.deviations[0].text;
}

TEST_F(SymbolsTest, KeepsTheNumberOfAVariableAndSharesItWithNoOther) {
  use(load_module());
  use(load_module());
  std::vector<std::uint32_t> first, second;
  for (const LiveRegion& r : recorder().symbols.regions()) first.push_back(r.fixed.region);
  for (const LiveRegion& r : recorder().symbols.regions()) second.push_back(r.fixed.region);
  EXPECT_EQ(first.size(), 4u);
  EXPECT_EQ(first, second);
  first.push_back(find(allocate(100))->region);
  std::ranges::sort(first);
  EXPECT_EQ(std::ranges::adjacent_find(first), first.end());
}

TEST_F(SymbolsTest, FindsTheVariablesOfALibrary) {
  const CUlibrary library = load_library();
  use(library);
  recorder().symbols.prepare();
  const auto counter = region("launch_counter");
  ASSERT_TRUE(counter);
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
  ASSERT_EQ(cuLibraryGetGlobal(&address, &bytes, library, "launch_counter"), CUDA_SUCCESS);
  EXPECT_EQ(counter->fixed.address, address);
}

TEST_F(SymbolsTest, FindsVariablesThatOnlyTheProgramAskedFor) {
  const CUmodule module = load_module();
  session().start();
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
  EXPECT_EQ(call<Api::cuModuleGetGlobal_v2>(&address, &bytes, module, "launch_counter"),
            CUDA_SUCCESS);
  ASSERT_TRUE(region("launch_counter"));
}

TEST_F(SymbolsTest, ForgetsWhatWasUnloaded) {
  const CUmodule module = load_module();
  use(module);
  ASSERT_TRUE(region("launch_counter"));
  recorder().loads.unloading(module);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_TRUE(recorder().symbols.regions().empty());
}

TEST_F(SymbolsTest, LeavesModulesOfOtherContextsAlone) {
  use(load_module());
  CUcontext other = nullptr;
  ASSERT_EQ(call<Api::cuCtxCreate_v2>(&other, 0, 0), CUDA_SUCCESS);
  EXPECT_TRUE(recorder().symbols.regions().empty());
  EXPECT_EQ(call<Api::cuCtxDestroy_v2>(other), CUDA_SUCCESS);
}

TEST_F(SymbolsTest, SaysThatAVariableIsNotFound) {
  api_.cuModuleGetGlobal_v2 = [](CUdeviceptr*, std::size_t*, CUmodule, const char*) -> CUresult {
    return CUDA_ERROR_NOT_FOUND;
  };
  use(load_module());
  EXPECT_TRUE(recorder().symbols.regions().empty());
  EXPECT_TRUE(recorder().symbols.regions().empty());
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.deviations.size(), 1u);
  EXPECT_EQ(log.deviations[0].code, trace::Deviation::SymbolsUnknown);
  EXPECT_NE(log.deviations[0].text.find("launch_counter"), std::string::npos);
}

TEST_F(SymbolsTest, SaysThatAnImageCantBeRead) {
  const CUmodule module = load_module();
  use(module);
  session().flush(1000000000);
  for (const auto& file : std::filesystem::directory_iterator(capture_path() / "images"))
    std::filesystem::resize_file(file.path(), 100);
  EXPECT_TRUE(recorder().symbols.regions().empty());
  EXPECT_EQ(finish_and_read().deviations.size(), 1u);
}

TEST_F(SymbolsTest, HasNoneWithoutAContext) {
  use(load_module());
  ASSERT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
  EXPECT_TRUE(recorder().symbols.regions().empty());
}

}  // namespace
}  // namespace fib::recorder::test
