// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/original.h"
#include "dispatch/prepared_launch.h"

namespace fib::dispatch {

/// Shadow verification, as the dispatcher sees it (implemented in dispatch/shadow*).
class Verifier {
 public:
  virtual ~Verifier() = default;

  /// A launch that is to be verified: `prepared` is a hit, ready to be issued with the engine's
  /// addresses, on a stream that is not capturing. Makes the engine's own call exactly once, on its
  /// own stream and with its own memory, and returns its result: what the engine gets is always the
  /// incumbent's. Runs the candidate on scratch copies beside it and compares on the GPU, without
  /// host synchronisation, or leaves that out when it can't. May allocate nothing and block for
  /// nothing on the host once a context is prepared. `prepared` may be changed (prepare() with
  /// other addresses). Called within a ReadSection; any thread.
  virtual CUresult run(const driver::LaunchCall& call, PreparedLaunch& prepared,
                       const Original& original) noexcept = 0;

  /// Events, in any thread, outside of launches, after or before the driver's own call. The context
  /// is current in context_appeared only, which comes again if a generation is installed.
  virtual void context_appeared(CUcontext context) noexcept = 0;
  virtual void context_ending(CUcontext context) noexcept = 0;  ///< null: any may be
  virtual void stream_ending(CUstream stream) noexcept = 0;
  /// Whether a launch of this generation still waits for its result: until it is false, the
  /// generation must not be freed. After the last ReadSection that knew it it never becomes true.
  [[nodiscard]] virtual bool uses(const Generation& generation) const noexcept = 0;
  /// Every few milliseconds, by a background thread: results that are there, memory to make.
  virtual void tick() noexcept = 0;
};

}  // namespace fib::dispatch
