// SPDX-License-Identifier: Apache-2.0
// Nanoseconds per cuLaunchKernel call of an empty kernel, as the calling thread sees them. Launches
// go out in bursts; the wait for the GPU between bursts is not timed.
//
// Each kind of kernel is measured twice: `alone`, all bursts through the function that a program
// gets, and in pairs, one burst through that function and one straight into the driver, in changing
// order. What drifts (clocks, temperature, other load) is the same for both halves of a pair, so
// the median of the differences shows what a hook adds far more sharply than two separate runs can.
//
// usage: launch_bench [--bursts N] [--burst N] [--pause MICROSECONDS] [--image FILE]
// Prints one JSON object per line and kind.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/bench_driver.h"
#include "tests/bench/bench_kernels.h"
#include "tests/bench/statistics.h"

namespace fib::bench {
namespace {

struct Options {
  int bursts = 300;
  int burst = 500;
  int pause_us = 0;  ///< before each burst, so that a fast launch does not outrun the shim's writer
  std::string image;  ///< file to load instead of the built-in PTX
};

struct Kind {
  const char* label;
  const char* kernel;
  std::vector<void*> arguments;
};

class Bench {
 public:
  Bench(const Options& options, const BenchDriver& driver, CUmodule module)
      : options_(options), driver_(driver), module_(module), stream_(driver.new_stream()) {}

  void measure(Kind& kind) {
    const CUfunction kernel = driver_.function(module_, kind.kernel);
    warm_up(kernel, kind);
    std::vector<double> alone, hooked, direct, difference;
    for (int i = 0; i < options_.bursts; ++i) {
      alone.push_back(burst(driver_.launch(), kernel, kind));
    }
    for (int i = 0; i < options_.bursts; ++i) {
      const bool hooked_first = i % 2 == 0;
      const double first =
          burst(hooked_first ? driver_.launch() : driver_.direct_launch(), kernel, kind);
      const double second =
          burst(hooked_first ? driver_.direct_launch() : driver_.launch(), kernel, kind);
      hooked.push_back(hooked_first ? first : second);
      direct.push_back(hooked_first ? second : first);
      difference.push_back(hooked.back() - direct.back());
    }
    print(kind, median_of(alone), median_of(hooked), median_of(direct), median_of(difference));
  }

 private:
  /// First launches load code and start what the shim starts lazily.
  void warm_up(CUfunction kernel, Kind& kind) {
    for (int i = 0; i < 5; ++i) {
      burst(driver_.launch(), kernel, kind);
      burst(driver_.direct_launch(), kernel, kind);
    }
  }

  /// Nanoseconds per call.
  double burst(LaunchFunction* launch, CUfunction kernel, Kind& kind) {
    using Clock = std::chrono::steady_clock;
    std::this_thread::sleep_for(std::chrono::microseconds(options_.pause_us));
    CUresult status = CUDA_SUCCESS;
    const auto begin = Clock::now();
    for (int i = 0; i < options_.burst; ++i) {
      status = launch(kernel, 1, 1, 1, 32, 1, 1, 0, stream_, kind.arguments.data(), nullptr);
    }
    const std::chrono::duration<double, std::nano> elapsed = Clock::now() - begin;
    require(status, "cuLaunchKernel");
    driver_.synchronize(stream_);
    return elapsed.count() / options_.burst;
  }

  void print(const Kind& kind, Median alone, Median hooked, Median direct,
             Median difference) const {
    std::printf(
        "{\"kind\":\"%s\",\"burst\":%d,\"bursts\":%d,\"hooked\":%s,\"alone_ns\":%.2f,"
        "\"paired_hooked_ns\":%.2f,\"paired_direct_ns\":%.2f,\"difference_ns\":%.2f,"
        "\"difference_low_ns\":%.2f,\"difference_high_ns\":%.2f}\n",
        kind.label, options_.burst, options_.bursts,
        driver_.launch() == driver_.direct_launch() ? "false" : "true", alone.value, hooked.value,
        direct.value, difference.value, difference.low, difference.high);
    std::fflush(stdout);
  }

  const Options& options_;
  const BenchDriver& driver_;
  CUmodule module_;
  CUstream stream_;
};

[[noreturn]] void usage() {
  give_up("usage: launch_bench [--bursts N] [--burst N] [--pause MICROSECONDS] [--image FILE]");
}

int positive(const char* text) {
  const int number = std::atoi(text);
  if (number <= 0) usage();
  return number;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) usage();
    const char* value = argv[i + 1];
    if (name == "--image") {
      options.image = value;
    } else if (name == "--bursts") {
      options.bursts = positive(value);
    } else if (name == "--burst") {
      options.burst = positive(value);
    } else if (name == "--pause") {
      options.pause_us = positive(value);
    } else {
      usage();
    }
  }
  return options;
}

std::string image_of(const Options& options) {
  if (options.image.empty()) return kPtx;
  std::ifstream file(options.image, std::ios::binary);
  if (!file) give_up(options.image + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int run(const Options& options) {
  const BenchDriver driver;
  const CUmodule module = driver.load(image_of(options).c_str());
  Bench bench(options, driver, module);

  void* pointer = nullptr;
  float scale = 1.0f;
  int count = 0;
  alignas(8) char value[kStructBytes] = {};
  Kind kinds[] = {{"0 params", kNoParams, {}},
                  {"4 params", kFourParams, {&pointer, &pointer, &scale, &count}},
                  {"1 KB struct", kStructParam, {value}}};
  for (Kind& kind : kinds) bench.measure(kind);
  return 0;
}

}  // namespace
}  // namespace fib::bench

int main(int argc, char** argv) { return fib::bench::run(fib::bench::parse(argc, argv)); }
