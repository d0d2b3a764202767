// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "driver/driver_api.h"
#include "replayer/contexts.h"

namespace fib::replayer {

/// Streams by their recorded handles. One thread replays what many did, so the stream of its own
/// that each thread has becomes a stream like others.
class Streams {
 public:
  Streams(const driver::DriverApi& api, const Plan& plan, Contexts& contexts,
          Deviations& deviations)
      : api_(api), plan_(plan), contexts_(contexts), deviations_(deviations) {}

  /// As they were when the window began.
  void reset();
  /// The stream that a call of `thread` in this (recorded) context named; its context becomes
  /// current.
  CUstream enter(std::uint64_t recorded, std::uint32_t thread, std::uint64_t context);
  void create(std::uint64_t recorded, unsigned flags, int priority, std::uint64_t context);
  void destroy(std::uint64_t recorded);

 private:
  struct Stream {
    CUstream handle;
    CUcontext context;
  };
  [[nodiscard]] Stream make(unsigned flags, int priority, std::uint64_t context);

  const driver::DriverApi& api_;
  const Plan& plan_;
  Contexts& contexts_;
  Deviations& deviations_;
  std::map<std::uint64_t, Stream> streams_;
  std::map<std::pair<std::uint32_t, CUcontext>, Stream> own_;  ///< of threads
};

/// Events by their recorded handles, made when they are first named. One that was recorded before
/// the window began counts as over, as a new event does.
class Events {
 public:
  Events(const driver::DriverApi& api, const Plan& plan) : api_(api), plan_(plan) {}

  void reset();
  /// In the current context.
  CUevent find(std::uint64_t recorded);
  void create(std::uint64_t recorded, unsigned flags);
  void destroy(std::uint64_t recorded);

 private:
  const driver::DriverApi& api_;
  const Plan& plan_;
  std::map<std::uint64_t, CUevent> events_;
};

}  // namespace fib::replayer
