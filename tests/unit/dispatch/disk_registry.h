// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "dispatch/deployment.h"
#include "registry/build/manifest.h"
#include "registry/build/sha256.h"
#include "registry/model/solution.h"
#include "tests/unit/trace/temp_directory.h"

/// A small registry on disk, with one candidate that was built for one GPU.
namespace fib::dispatch::testing {

namespace fs = std::filesystem;

inline constexpr const char* kGpuName = "NVIDIA H200";
inline constexpr const char* kDefinitionFile = "definitions/rmsnorm/rmsnorm_h4096.json";
inline constexpr const char* kSolutionFile = "solutions/me/rmsnorm/rmsnorm_h4096/fast.json";
inline constexpr const char* kBindingFile = "bindings/rmsnorm/rmsnorm_h4096/engine.json";
inline constexpr const char* kTraceFile = "traces/me/rmsnorm/rmsnorm_h4096.jsonl";

inline constexpr const char* kDefinitionJson = R"J({"name": "rmsnorm_h4096", "op_type": "rmsnorm",
  "axes": {"batch": {"type": "var"}, "hidden": {"type": "const", "value": 4096}},
  "inputs": {"x": {"shape": ["batch", "hidden"], "dtype": "bfloat16"},
             "weight": {"shape": ["hidden"], "dtype": "bfloat16"},
             "eps": {"shape": null, "dtype": "float32"}},
  "outputs": {"y": {"shape": ["batch", "hidden"], "dtype": "bfloat16"}},
  "reference": "def run(x, weight, eps):\n    return x\n"})J";

inline constexpr const char* kBindingJson = R"J({"name": "engine", "definition": "rmsnorm_h4096",
  "match": {"kernel": {"regex": "rmsnorm_kernel"}},
  "axes": {"batch": "grid.x", "hidden": 4096},
  "inputs": {"x": "param(0)", "weight": "param(1)", "eps": "param(4, 0, f32)"},
  "outputs": {"y": "param(2)"}})J";

/// `mark` makes it another one: another source, and so another build.
inline std::string solution_json(const std::string& mark = "") {
  return R"J({"name": "fast", "definition": "rmsnorm_h4096", "author": "me",
  "spec": {"language": "cuda", "target_hardware": ["NVIDIA H200"], "entry_point": "a.cu::run",
    "launch": {"kernels": [{"entry": "norm", "grid": ["batch"], "block": [256], "arguments": [
      {"type": "ptr", "value": "x"}, {"type": "ptr", "value": "y"},
      {"type": "f32", "value": "eps"}]}]}},
  "sources": [{"path": "a.cu", "content": "//)J" +
         mark + R"J("}]})J";
}

inline std::string trace_line(int batch) {
  const std::string number = std::to_string(batch);
  return R"J({"definition": "rmsnorm_h4096", "solution": "fast", "workload": {"uuid": "w)J" +
         number + R"J(", "axes": {"batch": )J" + number +
         R"J(}, "inputs": {}}, )J"
         R"J("evaluation": {"status": "PASSED", "timestamp": "2026-01-01T00:00:00", )J"
         R"J("environment": {"hardware": "NVIDIA H200", "libs": {}}, "log": "", )J"
         R"J("correctness": {"max_relative_error": 0.001, "max_absolute_error": 0.001}, )J"
         R"J("performance": {"latency_ms": 1, "reference_latency_ms": 9, "speedup_factor": 9, )J"
         R"J("fibshim": {"incumbent_latency_ms": 2, "confidence": 0.99, "speedup_low": 1.5}}}})J"
         "\n";
}

class DiskRegistry {
 public:
  DiskRegistry() {
    ::umask(022);
    fs::permissions(directory_.path(), fs::perms(0755));
    write(kDefinitionFile, kDefinitionJson);
    write(kBindingFile, kBindingJson);
    write(kTraceFile, trace_line(1) + trace_line(2));
    set_solution("");
  }

  /// Writes the Solution, and a build of it whose binary is "code of MARK".
  void set_solution(const std::string& mark) {
    write(kSolutionFile, solution_json(mark));
    build_for("sm_90", "code of " + mark);
  }

  /// Adds a build of the Solution that is there.
  void build_for(const std::string& arch, const std::string& binary) {
    registry::Findings findings;
    const auto parsed = registry::parse_json(read(kSolutionFile));
    const auto solution = registry::read_solution(parsed.value, findings);
    manifest_ = {};
    manifest_.source_key = build::source_key(*solution);
    manifest_.arch = *build::arch_of(arch);
    manifest_.compiler = "none";
    manifest_.key = build::build_key({manifest_.source_key, manifest_.arch, "none", "", {}});
    manifest_.solution = "fast";
    manifest_.content_hash = solution->content_hash();
    manifest_.built = "2026-01-01T00:00:00Z";
    const build::Entry entry = {"norm", {}, {}, {}, {}, {}, {}, {}};
    manifest_.modules = {{"a.cu",
                          "a.cubin",
                          build::BinaryKind::Cubin,
                          manifest_.arch,
                          binary.size(),
                          build::sha256(binary),
                          {entry}}};
    write(build_file("a.cubin"), binary);
    write_manifest();
  }

  void write_manifest() {
    write(build_file("build.json"), registry::to_text(build::to_json(manifest_), 2));
  }
  [[nodiscard]] build::Manifest& manifest() { return manifest_; }  ///< of the last build
  /// A file of the last build, below the registry's root.
  [[nodiscard]] std::string build_file(const std::string& name) const {
    return ".fib/build/" + manifest_.source_key + '/' + manifest_.key + '/' + name;
  }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories(path(file).parent_path());
    std::ofstream(path(file), std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& file) const {
    std::ifstream stream(path(file), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// Of a file below the root.
  [[nodiscard]] fs::path path(const std::string& file) const { return root() / file; }
  [[nodiscard]] fs::path root() const { return directory_.path() / "registry"; }
  [[nodiscard]] fs::path above() const { return directory_.path(); }

 private:
  trace::testing::TempDirectory directory_;
  build::Manifest manifest_;
};

}  // namespace fib::dispatch::testing
