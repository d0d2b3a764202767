// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "replayer/machine.h"
#include "replayer/operations/executor.h"

namespace fib::replayer {

/// Waits for launches one by one. One that does not end within a second may wait for a later one:
/// it is left running, and the later ones join it, until all have ended.
class UnitWait {
 public:
  UnitWait(Machine& machine, Executor& executor, LaunchTable& launches)
      : machine_(machine), executor_(executor), launches_(launches) {}
  ~UnitWait();
  UnitWait(const UnitWait&) = delete;
  UnitWait& operator=(const UnitWait&) = delete;

  /// The operation was just issued. True when it and all that still ran have ended; false if
  /// something goes on running.
  bool add(std::size_t operation);
  /// Waits without limit (the watcher has one) for all that still run. Names the first of them.
  void finish();
  /// Operations that ran together up to the last add() that said true.
  [[nodiscard]] const std::vector<std::size_t>& group() const { return group_; }

 private:
  struct Running {
    std::size_t operation;
    CUevent done;
    CUcontext context;
  };
  [[nodiscard]] bool over(const Running& running);
  [[nodiscard]] bool wait(double seconds);
  void failed(const Running& running, CUresult rc);

  Machine& machine_;
  Executor& executor_;
  LaunchTable& launches_;
  std::vector<Running> running_;
  std::vector<std::size_t> group_;
  bool whole_ = true;  ///< the last group has ended
};

}  // namespace fib::replayer
