// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/control.h"
#include "dispatch/dispatcher.h"
#include "dispatch/graphs/graphs.h"
#include "dispatch/options.h"
#include "dispatch/shadow/shadow.h"
#include "dispatch/source/registry_source.h"

namespace fib::dispatch {

/// Everything of the modes apply and shadow, wired together: what the hooks talk to. One per
/// process, made by the shim when the first hook runs, never destroyed. A forked child makes its
/// own and forgets this one.
struct Runtime {
  Runtime(const Options& options, const driver::DriverApi& api) noexcept;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Before the process ends: the control thread's end, last results, and the report.
  void finish() noexcept;

  /// In a forked child: descriptors that tools would take for the child's own.
  void close_shared() const noexcept;

  const int pid;
  const Options options;
  RegistrySource source;
  Dispatcher dispatcher;
  Graphs graphs;
  Shadow shadow;
  ControlThread control;
};

}  // namespace fib::dispatch
