// SPDX-License-Identifier: Apache-2.0
// The compilers themselves; skipped where there are none.
#include "registry/build/nvrtc.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "registry/build/cubin.h"
#include "registry/build/jit_link.h"
#include "registry/build/sources.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

using testing::contains;
using testing::nvrtc;

CudaSource source(const std::string& text) { return {"norm.cu", text, {}, {}, {}}; }

TEST(Nvrtc, TellsItsWholeVersion) {
  FIB_NEEDS_NVRTC();
  const std::string& version = nvrtc()->version();
  EXPECT_EQ(std::count(version.begin(), version.end(), '.'), 2) << version;
  EXPECT_TRUE(nvrtc()->knows(*arch_of("sm_90a")));
  EXPECT_FALSE(nvrtc()->knows(*arch_of("sm_999")));
}

TEST(Nvrtc, CompilesARealKernel) {
  FIB_NEEDS_NVRTC();
  const auto solution = testing::solution_of(testing::cuda_json());
  std::string error;
  const auto program = cuda_source(solution, solution.sources[0], error);
  ASSERT_TRUE(program) << error;
  const Compiled compiled = nvrtc()->compile(*program, *arch_of("sm_90a"));
  ASSERT_EQ(compiled.error, "") << compiled.log;
  ParsedCubin cubin = read_cubin(std::as_bytes(std::span(compiled.code)));
  ASSERT_TRUE(cubin.info) << cubin.error;
  ASSERT_EQ(cubin.info->entries.size(), 1u);
  const Entry from_code = cubin.info->entries[0];
  EXPECT_EQ(from_code.name, "scale_rows");
  EXPECT_EQ(from_code.shared, 256u);
  EXPECT_EQ(from_code.max_threads, 256u);
  // What the cubin says is what ptxas says.
  add_ptxas_log(compiled.log, cubin.info->entries);
  const Entry& entry = cubin.info->entries[0];
  EXPECT_GT(entry.registers.value_or(0), 0u);
  EXPECT_EQ(entry.registers, from_code.registers);
  EXPECT_EQ(entry.shared, from_code.shared);
  EXPECT_EQ(entry.spill_stores, 0u);
}

TEST(Nvrtc, ReportsSpills) {
  FIB_NEEDS_NVRTC();
  const Compiled compiled = nvrtc()->compile(
      source("extern \"C\" __global__ void __launch_bounds__(1024, 2) spill(float* x, int n) {\n"
             "  float v[64];\n#pragma unroll\n"
             "  for (int i = 0; i < 64; ++i) v[i] = x[i * n + threadIdx.x];\n  __syncthreads();\n"
             "  for (int r = 0; r < n; ++r) {\n#pragma unroll\n"
             "    for (int i = 0; i < 64; ++i) v[i] = v[i] * v[(i + 7) % 64] + x[r + i];\n  }\n"
             "#pragma unroll\n"
             "  for (int i = 0; i < 64; ++i) x[i * n + threadIdx.x] = v[i];\n}\n"),
      *arch_of("sm_90a"));
  ASSERT_EQ(compiled.error, "") << compiled.log;
  std::vector<Entry> entries(1);
  entries[0].name = "spill";
  add_ptxas_log(compiled.log, entries);
  EXPECT_GT(entries[0].spill_stores.value_or(0), 0u) << compiled.log;
  EXPECT_GT(entries[0].local.value_or(0), 0u);
}

TEST(Nvrtc, NamesTheLineOfAnError) {
  FIB_NEEDS_NVRTC();
  CudaSource program = source("#include \"a/b.h\"\nint y;\n");
  program.headers = {{"a/b.h", "\nint broken = q;\n"}};
  const Compiled compiled = nvrtc()->compile(program, *arch_of("sm_90a"));
  EXPECT_EQ(compiled.code, "");
  EXPECT_NE(compiled.error, "");
  EXPECT_TRUE(contains(compiled.log, "a/b.h(2): error")) << compiled.log;
}

TEST(Nvrtc, InstantiatesTemplates) {
  FIB_NEEDS_NVRTC();
  CudaSource program = source("template <int N> __global__ void add(int* x) { *x += N; }\n");
  program.instantiate = {"add<4>"};
  const Compiled compiled = nvrtc()->compile(program, *arch_of("sm_90"));
  ASSERT_EQ(compiled.error, "") << compiled.log;
  const ParsedCubin cubin = read_cubin(std::as_bytes(std::span(compiled.code)));
  ASSERT_EQ(cubin.info->entries.size(), 1u);
  EXPECT_EQ(cubin.info->entries[0].name, "_Z3addILi4EEvPi");
  program.instantiate = {"none<4>"};
  EXPECT_NE(nvrtc()->compile(program, *arch_of("sm_90")).error, "");
}

TEST(Nvrtc, MakesPtxForVirtualArchitectures) {
  FIB_NEEDS_NVRTC();
  const Compiled compiled = nvrtc()->compile(
      source("extern \"C\" __global__ void one(int* x) { *x = 1; }\n"), *arch_of("compute_90"));
  ASSERT_EQ(compiled.error, "") << compiled.log;
  EXPECT_EQ(to_string(*ptx_target(compiled.code)), "compute_90");
  ASSERT_EQ(ptx_entries(compiled.code).size(), 1u);
  EXPECT_EQ(ptx_entries(compiled.code)[0].name, "one");
}

TEST(Nvrtc, SaysWhyItCantBeOpened) {
  std::string error;
  EXPECT_EQ(Nvrtc::open("/nowhere/libnvrtc.so", error), nullptr);
  EXPECT_TRUE(contains(error, "/nowhere/libnvrtc.so: can't be opened")) << error;
  EXPECT_EQ(Nvrtc::open("libm.so.6", error), nullptr);
  EXPECT_TRUE(contains(error, "has no nvrtcVersion")) << error;
}

TEST(JitLink, ChecksAndCompilesPtx) {
  FIB_NEEDS_NVRTC();
  const auto link = JitLink::open(nvrtc()->path().parent_path());
  if (link == nullptr) GTEST_SKIP() << "there is no nvJitLink here";
  Compiled compiled = link->compile("one.ptx", testing::kPtx, *arch_of("sm_90a"), {});
  ASSERT_EQ(compiled.error, "") << compiled.log;
  const ParsedCubin cubin = read_cubin(std::as_bytes(std::span(compiled.code)));
  ASSERT_TRUE(cubin.info) << cubin.error;
  EXPECT_EQ(cubin.info->entries.at(0).name, "store_one");
  compiled =
      link->compile("one.ptx", std::string(testing::kPtx) + "nonsense", *arch_of("sm_90a"), {});
  EXPECT_NE(compiled.error, "");
  EXPECT_TRUE(contains(compiled.log, "line 14")) << compiled.log;
  EXPECT_NE(link->compile("one.ptx", testing::kPtx, *arch_of("sm_80"), {}).error, "");
}

}  // namespace
}  // namespace fib::build
