// SPDX-License-Identifier: Apache-2.0
// Nanoseconds that a decision of the dispatcher adds to a launch, as the calling thread sees them:
// bursts of launches through it and straight into the driver, in pairs and in changing order, so
// that what drifts is the same for both; the median of the differences. The candidate is the
// engine's own kernel, so a redirected launch costs the driver the same. Goals: 20 ns for a miss,
// 50 for a hit, 80 for a hit with three conditions. On the simulated driver set FIBSIM_LAUNCH=null.
//
// usage: redirect_bench [--bursts N] [--burst N] [--image FILE]
// Prints one JSON object per line and kind of decision.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dispatch/dispatcher.h"
#include "tests/bench/bench_kernels.h"
#include "tests/bench/statistics.h"

namespace fib::bench {
namespace {

using dispatch::Deployment;
using driver::LaunchCall;

[[noreturn]] void give_up(const std::string& message) {
  std::fprintf(stderr, "redirect_bench: %s\n", message.c_str());
  std::exit(1);
}

void require(CUresult status, const char* what) {
  if (status != CUDA_SUCCESS) give_up(std::string(what) + " failed: " + std::to_string(status));
}

struct Options {
  int bursts = 300, burst = 500;
  std::string image;  ///< file to load instead of the built-in PTX
};

/// As many measured shapes as a busy registry has, and other rules beside the one that matters.
match::TableSpec table_spec(const std::string& gpu, const std::vector<std::string>& conditions) {
  match::TableSpec spec;
  match::DefinitionSpec definition;
  definition.name = "bench";
  definition.axes = {{"n", {}}, {"m", {}}};
  definition.inputs = {{"x", "float32", 32, false, {"n"}}};
  definition.outputs = {{"y", "float32", 32, false, {"n"}}};
  spec.definitions = {definition};
  match::RuleSpec rule;
  rule.origin = "bench";
  rule.name = "engine";
  rule.definition = "bench";
  rule.pattern = kFourParams;
  rule.layout = {{{0, 8}, {8, 8}, {16, 4}, {20, 4}}};
  rule.conditions = conditions;
  rule.axes = {{"n", "param(3, 0, i32)", {}}, {"m", "grid.x", {}}};
  rule.inputs = {{"x", "param(1, 0, ptr)", "", "", {}, false}};
  rule.outputs = {{"y", "param(0, 0, ptr)", "", "", {}, false}};
  spec.rules = {rule};
  for (int i = 0; i < 100; ++i) {
    rule.name = rule.pattern = "other" + std::to_string(i);
    spec.rules.push_back(rule);
  }
  match::CandidateSpec candidate;
  candidate.origin = "bench";
  candidate.name = "copy";
  candidate.definition = "bench";
  match::KernelLaunchSpec kernel;
  kernel.entry = kFourParams;
  kernel.grid = {"m"};
  kernel.block = {"block.x"};
  kernel.arguments.resize(4);
  kernel.arguments[0].value = "y";
  kernel.arguments[1].value = "x";
  kernel.arguments[2].kind = match::ArgumentSpec::Kind::Copy;
  kernel.arguments[2].copy = {2, 0, 4};
  kernel.arguments[3].value = "n";
  kernel.arguments[3].type = match::Scalar::I32;
  candidate.launch.kernels = {kernel};
  spec.candidates = {candidate};
  for (std::int64_t n = 64; n <= 4096; n += 64) {
    match::Measurement result;
    result.candidate = "copy";
    result.definition = "bench";
    result.gpu = gpu;
    result.workload = "w" + std::to_string(n);
    result.axes = {{"n", n}, {"m", 1}};
    result.passed = true;
    result.latency_ms = 1;
    result.speedup = {{2.0, 1.9, 0.95}};
    spec.measurements.push_back(result);
  }
  return spec;
}

class Bench {
 public:
  Bench(const Options& options, const driver::DriverApi& api, std::string image)
      : options_(options), api_(api), image_(std::move(image)), dispatcher_({}, api) {
    CUcontext context = nullptr;
    CUmodule module = nullptr;
    require(api_.cuInit(0), "cuInit");
    require(api_.cuDevicePrimaryCtxRetain(&context, 0), "cuDevicePrimaryCtxRetain");
    require(api_.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    require(api_.cuModuleLoadData(&module, image_.c_str()), "cuModuleLoadData");
    require(api_.cuModuleGetFunction(&four_, module, kFourParams), "cuModuleGetFunction");
    require(api_.cuModuleGetFunction(&none_, module, kNoParams), "cuModuleGetFunction");
    require(api_.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
    require(api_.cuMemAlloc_v2(&x_, 4 * 4096), "cuMemAlloc");
    require(api_.cuMemAlloc_v2(&y_, 4 * 4096), "cuMemAlloc");
    dispatcher_.primary_appeared(0, context);
    install({});
  }

  void install(const std::vector<std::string>& conditions) {
    auto deployment = std::make_unique<Deployment>();
    std::vector<match::Problem> problems;
    char gpu[256] = "";
    require(api_.cuDeviceGetName(gpu, sizeof gpu, 0), "cuDeviceGetName");
    deployment->table = match::MatchTable::build(table_spec(gpu, conditions), problems);
    if (!problems.empty()) give_up(problems.front().message);
    deployment->candidates.resize(1);
    deployment->candidates[0].images = {{"", 0, image_}};
    if (!dispatcher_.install(std::move(deployment))) give_up("the candidate can't be installed");
  }
  dispatch::Dispatcher& dispatcher() { return dispatcher_; }

  void measure(const char* label, bool has_params, const char* reason) {
    LaunchCall call{};
    call.api = driver::Api::cuLaunchKernel;
    call.function = has_params ? four_ : none_;
    call.grid[0] = call.grid[1] = call.grid[2] = 1;
    call.block[0] = 32;
    call.block[1] = call.block[2] = 1;
    call.stream = stream_;
    call.params = params_.data();
    for (int i = 0; i < 5; ++i) (void)burst<true>(call);
    std::vector<double> direct, dispatched, difference;
    for (int i = 0; i < options_.bursts; ++i) {
      const double first = i % 2 == 0 ? burst<true>(call) : burst<false>(call);
      const double second = i % 2 == 0 ? burst<false>(call) : burst<true>(call);
      dispatched.push_back(i % 2 == 0 ? first : second);
      direct.push_back(i % 2 == 0 ? second : first);
      difference.push_back(dispatched.back() - direct.back());
    }
    check(call, reason);
    const Median gap = median_of(difference);
    std::printf(
        "{\"decision\":\"%s\",\"burst\":%d,\"bursts\":%d,\"dispatched_ns\":%.2f,\"direct_ns\":%.2f,"
        "\"difference_ns\":%.2f,\"difference_low_ns\":%.2f,\"difference_high_ns\":%.2f}\n",
        label, options_.burst, options_.bursts, median_of(dispatched).value,
        median_of(direct).value, gap.value, gap.low, gap.high);
    std::fflush(stdout);
  }

 private:
  CUresult launch(const LaunchCall& call) {
    return api_.cuLaunchKernel(call.function, call.grid[0], call.grid[1], call.grid[2],
                               call.block[0], call.block[1], call.block[2], call.shared_bytes,
                               call.stream, call.params, call.extra);
  }

  /// Nanoseconds per call.
  template <bool kDispatched>
  double burst(const LaunchCall& call) {
    using Clock = std::chrono::steady_clock;
    CUresult status = CUDA_SUCCESS;
    const auto begin = Clock::now();
    for (int i = 0; i < options_.burst; ++i) {
      if constexpr (kDispatched) {
        const dispatch::ReadSection reading;
        status = dispatcher_.launch(call, [&]() noexcept { return launch(call); });
      } else {
        status = launch(call);
      }
    }
    const std::chrono::duration<double, std::nano> elapsed = Clock::now() - begin;
    require(status, "cuLaunchKernel");
    require(api_.cuStreamSynchronize(stream_), "cuStreamSynchronize");
    return elapsed.count() / options_.burst;
  }

  /// What was measured is what was meant.
  void check(const LaunchCall& call, const char* reason) {
    dispatch::PreparedLaunch prepared;
    const dispatch::ReadSection reading;
    const match::Decision decision = dispatcher_.decide(call, dispatch::Place::Eager, prepared);
    if (std::string(match::to_string(decision.reason)) != reason)
      give_up(std::string("a launch was decided as ") + match::to_string(decision.reason) +
              ", not " + reason);
  }

  const Options& options_;
  const driver::DriverApi& api_;
  const std::string image_;
  dispatch::Dispatcher dispatcher_;
  CUfunction four_ = nullptr, none_ = nullptr;
  CUstream stream_ = nullptr;
  CUdeviceptr x_ = 0, y_ = 0;
  float scale_ = 1;
  int n_ = 1024;
  std::array<void*, 4> params_{&y_, &x_, &scale_, &n_};
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--image")
      options.image = value;
    else if (name == "--bursts")
      options.bursts = std::atoi(value);
    else if (name == "--burst")
      options.burst = std::atoi(value);
    else
      give_up("usage: redirect_bench [--bursts N] [--burst N] [--image FILE]");
  }
  if (options.bursts <= 0 || options.burst <= 0) give_up("--bursts and --burst are from 1");
  return options;
}

std::string image_of(const Options& options) {
  if (options.image.empty()) return kPtx;
  std::ifstream file(options.image, std::ios::binary);
  if (!file) give_up(options.image + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int run(const Options& options) {
  driver::DriverApi api{};
  const char* error = nullptr;
  if (!driver::load_driver(api, error)) give_up(error);
  Bench bench(options, api, image_of(options));
  bench.dispatcher().switch_off();
  bench.measure("off", true, "SwitchedOff");
  bench.dispatcher().switch_on();
  bench.measure("miss", false, "NoRule");
  bench.measure("hit", true, "Exact");
  bench.install({"block.x == 32", "smem <= 49152", "param(3, 0, i32) % 8 == 0"});
  bench.measure("hit with 3 conditions", true, "Exact");
  bench.install({"block.x == 64"});
  bench.measure("miss by a condition", true, "ConditionFalse");
  return 0;
}

}  // namespace
}  // namespace fib::bench

int main(int argc, char** argv) { return fib::bench::run(fib::bench::parse(argc, argv)); }
