// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/options.h"
#include "recorder/options.h"

namespace fib::shim {

/// What the user asked for: the environment over the JSON file in FIBSHIM_CONFIG over the defaults.
/// docs/configuration.md lists the keys.
struct Config {
  bool record = false;
  bool apply = false;  ///< or shadow; never with record
  dispatch::Options dispatch;
  recorder::Options recorder;
};

/// Reads the configuration of this process; mistakes are said, one line each, and the default is
/// used. Lives for ever. Null when memory runs out. Called once a process, on its first driver
/// call.
[[nodiscard]] const Config* load_config() noexcept;

}  // namespace fib::shim
