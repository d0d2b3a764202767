// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dispatch_shadow/shadow_fixture.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "dispatch/quiescence.h"

namespace fib::dispatch::testing {
namespace {

match::DefinitionSpec scale_definition() {
  match::DefinitionSpec definition;
  definition.name = "scale";
  definition.axes = {{"n", {}}};
  definition.inputs = {{"x", "float32", 32, false, {"n"}}, {"bias", "float32", 32, true, {}}};
  definition.outputs = {{"y", "float32", 32, false, {"n"}}};
  return definition;
}

match::RuleSpec engine_rule() {
  match::RuleSpec rule;
  rule.origin = "bindings/scaling/scale/engine.json";
  rule.name = "engine";
  rule.definition = "scale";
  rule.kind = match::NameMatch::Glob;
  rule.pattern = "engine_*";
  rule.layout = {{{0, 8}, {8, 8}, {16, 4}, {20, 4}}};
  rule.axes = {{"n", "param(2, 0, i32)", {}}};
  rule.inputs = {{"x", "param(0, 0, ptr)", "", "", {}, false},
                 {"bias", "param(3, 0, f32)", "", "", {}, false}};
  rule.outputs = {{"y", "param(1, 0, ptr)", "", "", {}, false}};
  return rule;
}

match::CandidateSpec candidate_spec(const std::string& name) {
  match::CandidateSpec candidate;
  candidate.origin = "solutions/us/scaling/scale/" + name + ".json";
  candidate.name = name;
  candidate.definition = "scale";
  match::KernelLaunchSpec kernel;
  kernel.entry = name;
  kernel.grid = kernel.block = {"1"};
  kernel.arguments.resize(4);
  const std::pair<const char*, match::Scalar> arguments[] = {{"n", match::Scalar::I32},
                                                             {"y", match::Scalar::Ptr},
                                                             {"x", match::Scalar::Ptr},
                                                             {"bias", match::Scalar::F32}};
  for (std::size_t i = 0; i < 4; ++i) {
    kernel.arguments[i].value = arguments[i].first;
    kernel.arguments[i].type = arguments[i].second;
  }
  candidate.launch.kernels = {kernel};
  candidate.demands = {{"x", {4, 1}}, {"y", {4, 1}}};
  candidate.in_place = {{"y", "x"}};
  return candidate;
}

std::string kernels() {
  std::ifstream file(std::string(FIBSIM_DIR) + "/shadow_kernels.simcubin", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void ShadowTest::SetUp() {
  setenv("FIBSIM_DEVICES", "2", 1);  // before the simulated driver looks
  const char* error = nullptr;
  ASSERT_TRUE(driver::load_driver(api, error)) << error;
  ASSERT_OK(api.cuInit(0));
  ASSERT_OK(api.cuDevicePrimaryCtxRetain(&context, 0));
  ASSERT_OK(api.cuCtxSetCurrent(context));
  module = load_module();
  ASSERT_OK(api.cuModuleGetFunction(&function, module, "engine_scale"));
  mismatch_dir = (directory.path() / "mismatch").string();
}

void ShadowTest::TearDown() {
  (void)api.cuCtxSynchronize();
  if (dispatcher != nullptr) dispatcher->context_ending(nullptr);
  for (const CUdeviceptr address : memory_) EXPECT_OK(api.cuMemFree_v2(address));
  EXPECT_OK(api.cuModuleUnload(module));
  EXPECT_OK(api.cuDevicePrimaryCtxRelease_v2(0));
}

std::unique_ptr<Deployment> ShadowTest::deployment(
    const std::string& candidate, const std::function<void(match::TableSpec&)>& describe) const {
  match::TableSpec spec;
  spec.definitions = {scale_definition()};
  spec.rules = {engine_rule()};
  spec.candidates = {candidate_spec(candidate)};
  spec.policies["scale"].pin = candidate;
  if (describe) describe(spec);
  std::vector<match::Problem> problems;
  auto made = std::make_unique<Deployment>();
  made->origin = directory.path().string();
  made->table = match::MatchTable::build(spec, problems);
  for (const match::Problem& problem : problems) ADD_FAILURE() << problem.message;
  CandidateCode code;
  code.images = {{"", 0, kernels()}};
  code.tolerances = {{"float32", 1e-4, 1e-3}};
  code.fingerprint = "print of " + candidate;
  made->candidates = {code};
  return made;
}

void ShadowTest::start(const std::string& candidate, const std::function<void(Options&)>& change,
                       const std::function<void(match::TableSpec&)>& describe) {
  Options options;
  options.shadow_only = true;
  options.shadow_every = 1;
  options.scratch_bytes = std::size_t{4} << 20;
  options.mismatch_dir = mismatch_dir.c_str();
  if (change) change(options);
  dispatcher = std::make_unique<Dispatcher>(options, api);
  shadow = std::make_unique<Shadow>(options, api, *dispatcher);
  dispatcher->set_verifier(shadow.get());
  dispatcher->context_appeared(context);
  ASSERT_TRUE(dispatcher->install(deployment(candidate, describe)));
}

CUmodule ShadowTest::load_module() const {
  CUmodule loaded = nullptr;
  EXPECT_OK(api.cuModuleLoadData(&loaded, kernels().data()));
  return loaded;
}

CUdeviceptr ShadowTest::allocate(int n) {
  CUdeviceptr address = 0;
  EXPECT_OK(api.cuMemAlloc_v2(&address, static_cast<std::size_t>(n) * sizeof(float)));
  memory_.push_back(address);
  return address;
}

Scale ShadowTest::make(int n, float bias) {
  const Scale scale{allocate(n), allocate(n), n, bias};
  for (int i = 0; i < n; ++i) {
    floats(scale.x)[i] = static_cast<float>(i);
    floats(scale.y)[i] = -1;
  }
  return scale;
}

CUresult ShadowTest::launch(const Scale& scale, CUstream stream,
                            const CUlaunchAttribute* attribute) {
  Scale copy = scale;
  void* params[] = {&copy.x, &copy.y, &copy.n, &copy.bias};
  const driver::LaunchCall call{driver::Api::cuLaunchKernelEx,
                                function,
                                {1, 1, 1},
                                {1, 1, 1},
                                0,
                                stream,
                                params,
                                nullptr,
                                attribute,
                                attribute != nullptr ? 1u : 0u,
                                false,
                                false};
  const ReadSection section;
  const auto original = [&]() noexcept {
    return api.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, params, nullptr);
  };
  return dispatcher->launch(call, original);
}

void ShadowTest::launch_all(const Scale& scale, int times) {
  for (int i = 0; i < times; ++i) ASSERT_OK(launch(scale));
  ASSERT_OK(api.cuCtxSynchronize());
}

int ShadowTest::wrong_elements(const Scale& scale, int step) {
  int wrong = 0;
  for (int i = 0; i < scale.n; ++i) {
    const float expected = i % step == 0 ? 2 * static_cast<float>(i) + scale.bias : -1;
    if (floats(scale.y)[i] != expected) ++wrong;
  }
  return wrong;
}

const trace::CandidateCounters& ShadowTest::counters(const std::string& candidate) {
  return *dispatcher->counters().candidate(candidate);
}

std::vector<std::filesystem::path> ShadowTest::records() const {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(mismatch_dir, error))
    found.push_back(entry.path());
  return found;
}

}  // namespace fib::dispatch::testing
