// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/config.h"

#include <cstdlib>
#include <string_view>

#ifndef FIBSIM_DRIVER_VERSION
#error "the build gives FIBSIM_DRIVER_VERSION, e.g. 13000"
#endif

namespace fib::sim {
namespace {

std::string text(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

int number(const char* name, int fallback) {
  const std::string value = text(name);
  return value.empty() ? fallback : std::atoi(value.c_str());
}

int version_in(std::string_view faults) {
  constexpr std::string_view kKey = "version=";
  const auto at = faults.find(kKey);
  if (at == std::string_view::npos) return FIBSIM_DRIVER_VERSION;
  return std::atoi(std::string(faults.substr(at + kKey.size())).c_str());
}

Config* read() {
  auto* c = new Config;
  c->devices = number("FIBSIM_DEVICES", 1);
  c->memory_bytes = static_cast<std::size_t>(number("FIBSIM_MEMORY_MB", 16384)) << 20;
  c->faults = text("FIBSIM_FAULTS");
  c->driver_version = version_in(c->faults);
  c->null_launch = text("FIBSIM_LAUNCH") == "null";
  c->eager_loading = text("CUDA_MODULE_LOADING") == "EAGER";
  c->taken = text("FIBSIM_TAKEN");
  c->taken_once = text("FIBSIM_TAKEN_ONCE");
  c->device_name = text("FIBSIM_DEVICE_NAME");
  if (c->device_name.empty()) c->device_name = "fibshim simulated GPU";
  c->count_file = text("FIBSIM_COUNT_FILE");
  c->count_copies = !text("FIBSIM_COUNT_COPIES").empty();
  return c;
}

}  // namespace

const Config& config() {
  static const Config* const instance = read();
  return *instance;
}

}  // namespace fib::sim
