// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recorder/call_log.h"
#include "recorder/graphs.h"
#include "recorder/launch_log.h"

namespace fib::recorder {

/// Everything that records, wired together: what the hooks talk to. One per process, made by the
/// shim when the first hook runs, never destroyed. A forked child makes its own and forgets this
/// one.
struct Recorder {
  Recorder(const Options& options, const driver::DriverApi& api) noexcept;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  const driver::DriverApi& api;
  Session session;
  Captures captures;
  Loads loads;
  Kernels kernels;
  Graphs graphs;
  LaunchLog launches;
  CallLog calls;
};

}  // namespace fib::recorder
