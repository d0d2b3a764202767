// SPDX-License-Identifier: Apache-2.0
#include "cli/local_gpus.h"

#include <chrono>
#include <sstream>

#include "cli/gpu_probe.h"
#include "registry/build/isolate.h"

namespace fib::cli {
namespace {

/// One line for each; the name last, since it has spaces.
std::string describe_all() {
  std::ostringstream text;
  for (const DeviceFacts& device : probe_gpus().devices)
    text << device.ordinal << ' ' << device.cc_major << ' ' << device.cc_minor << ' '
         << (device.uuid.empty() ? "-" : device.uuid) << ' ' << device.name << '\n';
  return text.str();
}

}  // namespace

std::vector<LocalGpu> local_gpus() {
  const auto ends = build::run_isolated(1, 1, std::chrono::seconds(60),
                                        [](std::size_t) { return describe_all(); });
  std::vector<LocalGpu> gpus;
  std::istringstream lines(ends.front().text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    LocalGpu gpu;
    words >> gpu.ordinal >> gpu.cc_major >> gpu.cc_minor >> gpu.uuid >> std::ws;
    std::getline(words, gpu.name);
    // Without one the ordinal must do.
    if (gpu.uuid == "-") gpu.uuid = "ordinal-" + std::to_string(gpu.ordinal);
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

}  // namespace fib::cli
