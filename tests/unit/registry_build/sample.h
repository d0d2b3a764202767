// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

#include "registry/build/base64.h"
#include "registry/build/builder.h"
#include "registry/build/nvrtc.h"
#include "registry/store/registry.h"
#include "tests/unit/trace/temp_directory.h"

/// Solutions to be built.
namespace fib::build::testing {

using registry::Json;
using registry::Solution;
using registry::Stored;

inline const char* const kKernel = R"(#include "shared/scale.cuh"
extern "C" __global__ void __launch_bounds__(256) scale_rows(float* out, const float* in, int n) {
  __shared__ float first[64];
  if (threadIdx.x < 64) first[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = kScale * in[i] + first[(threadIdx.x + 1) & 63];
}
)";
inline const char* const kPtx = R"(// A text that ptxas takes.
.version 8.0
.target sm_90
.address_size 64
.visible .entry store_one(.param .u64 to)
{
  .reg .b64 %rd<2>;
  .reg .b32 %r<2>;
  ld.param.u64 %rd1, [to];
  mov.u32 %r1, 1;
  st.global.u32 [%rd1], %r1;
  ret;
}
)";

/// A file that the fuzz target starts from, too: real cubins of a kernel like kKernel.
inline std::string corpus_file(const std::string& name) {
  std::ifstream file(std::string(FIB_TEST_SOURCE) + "/tests/fuzz/build_corpus/" + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Json argument(const char* type, const char* value) {
  return {{"type", type}, {"value", value}};
}

/// A launch block of one kernel.
inline Json launch_json(const std::string& entry, const std::string& module, Json arguments) {
  Json kernel = {{"entry", entry},
                 {"grid", {"ceil_div(rows, 256)"}},
                 {"block", {256}},
                 {"arguments", std::move(arguments)}};
  if (!module.empty()) kernel["module"] = module;
  return {{"kernels", Json::array({std::move(kernel)})}};
}

inline Json source_json(const std::string& path, const std::string& bytes, bool binary = false) {
  Json source = {{"path", path}, {"content", binary ? to_base64(bytes) : bytes}};
  if (binary) source["encoding"] = "base64";
  return source;
}

inline Json solution_json(const std::string& entry_file, Json launch, Json sources) {
  Json spec = {{"language", "cuda"},
               {"target_hardware", {"NVIDIA H200"}},
               {"entry_point", entry_file + "::run"}};
  if (!launch.is_null()) spec["launch"] = std::move(launch);
  return {{"name", "scale_fast"},
          {"definition", "scale_h8"},
          {"author", "ada"},
          {"spec", std::move(spec)},
          {"sources", std::move(sources)}};
}

inline Json scale_arguments() {
  return Json::array({argument("ptr", "y"), argument("ptr", "x"), argument("i32", "rows")});
}

/// CUDA C++ with a header beside it.
inline Json cuda_json() {
  return solution_json(
      "kernels/scale.cu", launch_json("scale_rows", "", scale_arguments()),
      Json::array({source_json("kernels/scale.cu", kKernel),
                   source_json("kernels/shared/scale.cuh", "#include \"../scale_factor.h\"\n"),
                   source_json("kernels/scale_factor.h",
                               "#pragma once\n#include <cstdint>\n"
                               "constexpr std::int64_t kScale = 3;\n")}));
}

inline Solution solution_of(const Json& json) {
  registry::Findings findings;
  auto solution = registry::read_solution(json, findings);
  if (!solution) throw std::runtime_error(findings.list().front().message);
  return std::move(*solution);
}

inline Stored<Solution> stored(const Json& json) {
  return {solution_of(json), "solutions/ada/scale/scale_h8/scale_fast.json", 0};
}

/// All messages of a result, one after another.
inline std::string messages(const BuildResult& result) {
  std::string text;
  for (const auto& finding : result.findings.list()) text += finding.message + '\n';
  return text;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A request for one architecture, with a cache of its own.
struct Workshop {
  trace::testing::TempDirectory directory;
  BuildRequest request;

  Workshop() {
    request.cache = std::filesystem::path(directory.path()) / "cache";
    request.archs = {*arch_of("sm_90a")};
  }
  [[nodiscard]] BuildResult build(const Json& json, const char* arch = "sm_90a") const {
    return build_solution(stored(json), *arch_of(arch), request);
  }
};

/// NVRTC, or null where there is none.
inline const Nvrtc* nvrtc() {
  static std::string error;
  static const std::unique_ptr<Nvrtc> library = Nvrtc::open("", error);
  return library.get();
}

#define FIB_NEEDS_NVRTC() \
  if (fib::build::testing::nvrtc() == nullptr) GTEST_SKIP() << "there is no NVRTC here"

}  // namespace fib::build::testing
