// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/launch_call.h"
#include "recorder/captures.h"
#include "recorder/graphs.h"

namespace fib::recorder {

using driver::LaunchCall;

/// Writes Launch and GraphLaunch records. THE hot path: no allocation, no lock, no system call once
/// the kernel is known. Called after the driver's own call, so that nothing is read that it
/// rejected.
class LaunchLog {
 public:
  LaunchLog(Session& session, Kernels& kernels, Graphs& graphs, Captures& captures,
            const driver::DriverApi& api) noexcept
      : session_(session), kernels_(kernels), graphs_(graphs), captures_(captures), api_(api) {}

  void launch(const LaunchCall& call, CUresult result, std::uint64_t begin) noexcept;
  void graph_launch(driver::Api entry_point, CUgraphExec exec, CUstream stream, CUresult result,
                    std::uint64_t begin) noexcept;

 private:
  Session& session_;
  Kernels& kernels_;
  Graphs& graphs_;
  Captures& captures_;
  const driver::DriverApi& api_;
};

}  // namespace fib::recorder
