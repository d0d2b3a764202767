// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "judge/cases/make_cases.h"
#include "registry/bindings/table_source.h"
#include "registry/store/registry.h"
#include "tests/unit/replayer/graph_maker.h"

/// A capture of one kernel in several sizes, and a registry that knows what it computes.
namespace fib::judge::testing {

using replayer::testing::ByteVector;
using replayer::testing::CaptureBuilder;
using replayer::testing::floats;
using replayer::testing::GraphMaker;
using replayer::testing::kScale;
using replayer::testing::pack;

inline constexpr const char* kDefinition = R"({"name": "scale", "op_type": "toy",
  "description": "Scales.", "axes": {"n": {"type": "var", "description": "Elements."}},
  "inputs": {"x": {"shape": ["n"], "dtype": "float32", "description": "Data."},
             "factor": {"shape": null, "dtype": "float32", "description": "Factor."}},
  "outputs": {"y": {"shape": ["n"], "dtype": "float32", "description": "Result."}},
  "reference": "import torch\n\ndef run(x, factor):\n    return x * factor\n"})";

inline constexpr const char* kBinding = R"json({"name": "engine", "definition": "scale",
  "match": {"kernel": {"name": "_Z5scalePffi"}, "parameters": [[0, 8], [8, 4], [12, 4]]},
  "axes": {"n": "param(2, 0, i32)"},
  "inputs": {"x": "param(0, 0, ptr)", "factor": "param(1, 0, f32)"},
  "outputs": {"y": "param(0, 0, ptr)"}})json";

/// Solutions are not run by these tests; `author` is where their results go.
inline std::string solution(const std::string& name, const std::string& author = "ada") {
  return R"({"name": ")" + name + R"(", "definition": "scale", "author": ")" + author + R"(",
  "spec": {"language": "cuda", "target_hardware": ["Simulated"], "entry_point": "k.ptx::run",
    "launch": {"kernels": [{"entry": ")" +
         name + R"(", "grid": [1], "block": [32],
      "arguments": [{"copy": {"parameter": 0, "offset": 0, "size": 8}}]}]}},
  "sources": [{"path": "k.ptx", "content": "// )" +
         name + R"("}]})";
}

/// scale(100) runs twice, scale(1000) once alone and twice in a graph, scale(4000) once.
class ScaleCapture {
 public:
  ScaleCapture() {
    write("definitions/toy/scale.json", kDefinition);
    write("bindings/toy/scale/engine.json", kBinding);
    const std::uint32_t scale = capture.kernel(kScale, capture.load(true));
    const std::uint64_t x = capture.address(0);
    capture.region(trace::RegionKind::Device, x, floats(4000, 1));
    GraphMaker graph;
    graph.kernel(scale, 1000, pack(x, 3.0F, 1000));
    capture.begin();
    graph.write(capture, 1);
    capture.launch(scale, 100, pack(x, 2.0F, 100));
    capture.launch(scale, 1000, pack(x, 5.0F, 1000));
    capture.graph_launch(1);
    capture.graph_launch(1);
    capture.launch(scale, 100, pack(x, 0.5F, 100));
    capture.launch(scale, 4000, pack(x, 7.0F, 4000));
    capture.end();
  }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  [[nodiscard]] std::filesystem::path root() const { return directory.path() / "registry"; }
  [[nodiscard]] registry::Registry open() const { return registry::Registry::open(root()); }
  [[nodiscard]] std::unique_ptr<const match::MatchTable> table() const {
    const registry::Registry opened = open();
    registry::Findings findings;
    auto made = registry::build_table(opened, registry::load_bindings(opened), findings);
    for (const auto& finding : findings.list()) ADD_FAILURE() << finding.message;
    return made;
  }
  [[nodiscard]] CaseSet cases(bool all = false) const {
    CaseOptions options;
    options.root = directory.path() / "cases";
    options.choose = [all](const auto& classes) { return choose_classes(classes, all); };
    return make_cases(trace::open_capture(capture.path()), *table(), options);
  }

  trace::testing::TempDirectory directory;
  CaptureBuilder capture;
};

}  // namespace fib::judge::testing
