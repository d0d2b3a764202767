// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace fib::sim {

/// The FIBSIM_* environment, read once at first use (README.md lists the variables).
struct Config {
  int devices = 1;
  std::size_t memory_bytes = std::size_t{16} << 30;  // per device
  int driver_version;
  bool null_launch = false;
  bool eager_loading = false;
  std::string faults;
  std::string count_file;
  bool count_copies = false;
  std::string taken, taken_once;  // see address_zone.h
  std::string device_name;
};
const Config& config();

}  // namespace fib::sim
