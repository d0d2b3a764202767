// SPDX-License-Identifier: Apache-2.0
#include "trial_fixture.h"

#include <sys/stat.h>

#include <fstream>
#include <regex>

#include "judge/wire.h"
#include "registry/build/base64.h"
#include "registry/build/builder.h"
#include "registry/store/registry.h"

namespace fib::judge::testing {
namespace {

using replayer::testing::ByteVector;
using replayer::testing::KernelSpec;
using trace::RegionKind;

constexpr const char* kDefinition = R"J({"name": "mix", "op_type": "test",
  "axes": {"n": {"type": "var"}, "m": {"type": "const", "value": 16}},
  "inputs": {"x": {"shape": ["n"], "dtype": "float32"}, "w": {"shape": ["m"], "dtype": "float32"},
             "at": {"shape": ["n"], "dtype": "int32"}},
  "outputs": {"y": {"shape": ["n"], "dtype": "float32"}},
  "reference": "def run(x, w, at):\n    return x * w[at] + 1\n"})J";

constexpr const char* kInPlaceDefinition = R"J({"name": "mix", "op_type": "test",
  "axes": {"n": {"type": "var"}},
  "inputs": {"x": {"shape": ["n"], "dtype": "float32"}, "y0": {"shape": ["n"], "dtype": "float32"}},
  "outputs": {"y": {"shape": ["n"], "dtype": "float32"}},
  "reference": "def run(x, y0):\n    return y0 + x\n"})J";

// y[i, k] = x[i] + k. How long a row is the kernel reads from at[0].
constexpr const char* kRepeatDefinition = R"J({"name": "mix", "op_type": "test",
  "axes": {"n": {"type": "var"}, "m": {"type": "const", "value": 16},
           "r": {"type": "const", "value": REPEAT}},
  "inputs": {"x": {"shape": ["n"], "dtype": "float32"}, "w": {"shape": ["m"], "dtype": "float32"},
             "at": {"shape": ["n"], "dtype": "int32"}},
  "outputs": {"y": {"shape": ["n", "r"], "dtype": "float32"}},
  "reference": "def run(x, w, at):\n    return x[:, None] + arange(at[0])\n"})J";

constexpr const char* kArguments =
    R"J([{"type": "ptr", "value": "x"}, {"type": "ptr", "value": "w"},
  {"type": "ptr", "value": "at"}, {"type": "ptr", "value": "y"}, {"type": "i32", "value": "n"}])J";
constexpr const char* kCopies = R"J([{"copy": {"parameter": 0, "offset": 0, "size": 8}},
  {"copy": {"parameter": 1, "offset": 0, "size": 8}},
  {"copy": {"parameter": 2, "offset": 0, "size": 8}},
  {"copy": {"parameter": 3, "offset": 0, "size": 8}},
  {"copy": {"parameter": 4, "offset": 0, "size": 4}}])J";

constexpr const char* kBindingBegin = R"J({"name": "engine", "definition": "mix",
  "match": {"kernel": {"glob": "engine_*"}}, "outputs": {"y": "param(3)"}, )J";
constexpr const char* kBinding = R"J("axes": {"n": "param(4, 0, i32)", "m": 16},
  "inputs": {"x": "param(0)", "w": "param(1)", "at": "param(2)"}})J";
constexpr const char* kInPlaceBinding = R"J("axes": {"n": "param(4, 0, i32)"},
  "inputs": {"x": "param(0)", "y0": "param(3)"}})J";
constexpr const char* kRepeatBinding =
    R"J("axes": {"n": "param(4, 0, i32)", "m": 16, "r": REPEAT},
  "inputs": {"x": "param(0)", "w": "param(1)", "at": "param(2)"}})J";

constexpr const char* kFirstArguments = R"J([{"type": "ptr", "value": "x"},
  {"type": "ptr", "value": "workspace"}, {"type": "i32", "value": "n"}])J";
constexpr const char* kSecondArguments = R"J([{"type": "ptr", "value": "workspace"},
  {"type": "ptr", "value": "w"}, {"type": "ptr", "value": "at"}, {"type": "ptr", "value": "y"},
  {"type": "i32", "value": "n"}])J";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string kernel_json(const std::string& entry, const std::string& arguments) {
  return R"J({"entry": ")J" + entry +
         R"J(", "module": "trial_kernels.simcubin", "grid": ["ceil_div(n, 32)"], "block": [32],
         "arguments": )J" +
         arguments + "}";
}

std::string with_repeat(const char* text, const EngineLaunch& engine) {
  return std::regex_replace(text, std::regex("REPEAT"), std::to_string(engine.repeat));
}

std::string definition_for(const EngineLaunch& engine) {
  if (engine.repeat != 0) return with_repeat(kRepeatDefinition, engine);
  return engine.in_place ? kInPlaceDefinition : kDefinition;
}

std::string binding_for(const EngineLaunch& engine) {
  if (engine.repeat != 0) return kBindingBegin + with_repeat(kRepeatBinding, engine);
  return std::string(kBindingBegin) + (engine.in_place ? kInPlaceBinding : kBinding);
}

std::vector<float> repeated(const std::vector<float>& x, int times) {
  std::vector<float> result;
  for (const float value : x)
    for (int k = 0; k < times; ++k) result.push_back(value + static_cast<float>(k));
  return result;
}

}  // namespace

void TrialTest::write(const std::string& file, const std::string& text) const {
  (void)directory.write("registry/" + file, text);
}

void TrialTest::make_case(const EngineLaunch& engine) {
  ::umask(022);
  make_capture(engine);
  write("definitions/test/mix.json", definition_for(engine));
  write("bindings/test/mix/engine.json", binding_for(engine));
  request.subject.directory = directory.path();
  request.subject.definition = "mix";
  request.registry = directory.path() / "registry";
  request.timing.enabled = false;
  supervision.timeout_seconds = 20;
}

void TrialTest::make_capture(const EngineLaunch& engine) {
  capture.set_image("trial_kernels");
  const KernelSpec spec{engine.kernel.c_str(), {{0, 8}, {8, 8}, {16, 8}, {24, 8}, {32, 4}}};
  const std::uint32_t kernel = capture.kernel(spec, capture.load());
  const std::uint64_t x = capture.address(0), w = capture.address(1 << 22) + 64,
                      at = capture.address(1 << 23), y = capture.address(1 << 24);
  std::vector<float> xs, ws(16, 0), ys(static_cast<std::size_t>(kN + engine.padding), 5);
  std::vector<int> ats;
  for (int i = 0; i < kN; ++i) {
    xs.push_back(static_cast<float>(i % 50) - 20);
    ats.push_back(i * 7 % 16);
  }
  if (engine.repeat != 0) {
    ats[0] = engine.repeat;
    ys.assign(static_cast<std::size_t>(kN) * static_cast<std::size_t>(engine.repeat), 5);
  }
  for (int i = 0; i < 16; ++i) ws.push_back(static_cast<float>(i) / 8 + 0.25F);
  using replayer::testing::bytes_of;
  using replayer::testing::pack;
  capture.region(RegionKind::Device, x, bytes_of(xs));
  capture.region(RegionKind::Device, w - 64, bytes_of(ws));
  capture.region(RegionKind::Device, at, bytes_of(ats));
  const std::size_t output = capture.region(RegionKind::Device, y, bytes_of(ys));
  capture.begin();
  capture.launch(kernel, kN + 31 - (kN + 31) % 32, pack(x, w, at, y, kN));
  if (engine.repeat != 0) ys = repeated(xs, engine.repeat);
  for (std::size_t i = 0; i < kN && engine.repeat == 0; ++i) {
    if (engine.kernel == "engine_add")
      ys[i] += xs[i];
    else if (engine.kernel != "engine_even" || i % 2 == 0)
      ys[i] = xs[i] * ws[16 + static_cast<std::size_t>(ats[i])] + 1;
  }
  capture.content(output) = bytes_of(ys);
  capture.end();
  std::filesystem::create_directory_symlink(capture.path(), directory.path() / "capture");
}

std::string TrialTest::in_two_steps(const std::string& first, int bytes) {
  return R"J({"workspace": )J" + std::to_string(bytes) + R"J(, "kernels": [)J" +
         kernel_json(first, kFirstArguments) + ", " + kernel_json("second", kSecondArguments) +
         R"J(], "tensors": {"x": {"tail": 1}, "at": {"tail": 1}, "y": {"tail": 1}}})J";
}

void TrialTest::add_solution(const std::string& name, const std::string& launch) {
  const bool copies = launch == "in place";
  const std::string block =
      !launch.empty() && !copies
          ? launch
          : R"J({"kernels": [)J" + kernel_json(name, copies ? kCopies : kArguments) +
                R"J(], "tensors": {"x": {"tail": 1}, "y": {"tail": 1})J" +
                (copies ? R"J(, "y0": {"tail": 1}}, "in_place": [["y", "y0"]]})J"
                        : R"J(, "at": {"tail": 1}}})J");
  const std::string image = read_file(FIBSIM_DIR "/trial_kernels.simcubin");
  const std::string file = "solutions/me/test/mix/" + name + ".json";
  const std::string spec = R"J({"language": "cuda", "target_hardware": ["Simulated"],
    "entry_point": "trial_kernels.simcubin::run", "launch": )J" +
                           block + "}";
  const std::string source = R"J({"path": "trial_kernels.simcubin", "encoding": "base64",
    "content": ")J" + build::to_base64(image) +
                             "\"}";
  write(file, R"J({"name": ")J" + name + R"J(", "definition": "mix", "author": "me", "spec": )J" +
                  spec + R"J(, "sources": [)J" + source + "]}");
  const auto registry = registry::Registry::open(request.registry);
  const auto* const solution = registry.solution(name);
  ASSERT_NE(solution, nullptr) << (registry.findings().list().empty()
                                       ? ""
                                       : registry.findings().list().front().message);
  build::BuildRequest build;
  build.cache = request.registry / ".fib" / "build";
  const build::BuildResult result =
      build::build_solution(*solution, *build::arch_of("sm_90"), build);
  ASSERT_TRUE(result.manifest) << registry::to_text(build::to_json(result));
}

TrialOutcome TrialTest::run(const std::string& solution) {
  request.solution = solution;
  return supervise_trial(request, supervision);
}

TrialResult TrialTest::expect_passed(const std::string& solution) {
  const TrialOutcome outcome = run(solution);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_TRUE(outcome.result.applicable) << text(outcome);
  EXPECT_EQ(outcome.result.status, registry::Status::Passed) << text(outcome);
  EXPECT_EQ(outcome.result.reason, "") << text(outcome);
  return outcome.result;
}

TrialResult TrialTest::expect_failed(const std::string& solution, registry::Status status,
                                     const std::string& reason) {
  const TrialOutcome outcome = run(solution);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_EQ(outcome.result.status, status) << text(outcome);
  EXPECT_EQ(outcome.result.reason, reason) << text(outcome);
  return outcome.result;
}

std::string text(const TrialOutcome& outcome) {
  return outcome.problem + '\n' + registry::to_text(to_json(outcome.result), 1);
}

}  // namespace fib::judge::testing
