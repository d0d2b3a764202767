// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "replayer/plan.h"

namespace fib::replayer {

/// Follows stream captures through calls in their order: what is issued to a capturing stream goes
/// into a graph and must not run. (Launches say so themselves.)
class CaptureTracker {
 public:
  /// Whether the call went into a graph.
  bool captures(const CallPlan& call, std::uint32_t thread);

 private:
  [[nodiscard]] std::uint64_t stream_of(const CallPlan& call, std::uint32_t thread,
                                        bool& has_stream) const;
  void end(std::uint64_t stream);

  std::map<std::uint64_t, std::uint64_t> streams_;  ///< capturing stream -> where it began
  std::map<std::uint64_t, std::uint64_t> events_;   ///< captured event -> where that began
};

/// The stream that a call works on, as a number that tells threads' own streams apart; false if it
/// takes none.
[[nodiscard]] bool stream_argument(const CallPlan& call, std::uint64_t& stream);

}  // namespace fib::replayer
