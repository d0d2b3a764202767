// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recorder/call_log.h"
#include "recorder/graphs.h"
#include "recorder/launch_log.h"
#include "recorder/live_calls.h"
#include "recorder/symbols.h"
#include "recorder/windows.h"

namespace fib::recorder {

/// Everything that records, wired together: what the hooks talk to. One per process, made by the
/// shim when the first hook runs, never destroyed. A forked child makes its own and forgets this
/// one.
struct Recorder {
  Recorder(const Options& options, const driver::DriverApi& api) noexcept;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Around the driver's call, with its arguments as the engine passed them: what it takes away,
  /// and then what it brought. For calls that leave things as they are, nothing.
  template <driver::Api A, class... Args>
  void before_call(const Args&... args) noexcept {
    releasing<A>(live, args...);
  }
  template <driver::Api A, class... Args>
  void after_call(CUresult result, const Args&... args) noexcept {
    settle<A>(live, result == CUDA_SUCCESS);
    if (result != CUDA_SUCCESS) return;
    if constexpr (detail::kDestroysStream<A>) captures.gone(detail::arg<0>(args...));
    acquired<A>(live, args...);
    // A variable may be used although no kernel of its module ever runs.
    if constexpr (detail::kFindsVariable<A>) (void)loads.use(detail::arg<2>(args...));
  }

  const driver::DriverApi& api;
  Session session;
  Captures captures;
  Live live;
  Loads loads;
  Symbols symbols;
  Kernels kernels;
  Graphs graphs;
  LaunchLog launches;
  CallLog calls;
  Control control;
  Gate gate;
  Windows windows;
};

}  // namespace fib::recorder
