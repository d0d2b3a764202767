// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "replayer/plan.h"

namespace fib::replayer {

/// Gathers what calls before the window (and within) say about things that the window uses: which
/// contexts are primary, flags of events, and nodes of executable graphs that were changed.
class CallHistory {
 public:
  explicit CallHistory(Plan& plan) : plan_(plan) {}
  void add(const ApiEntry& api, const trace::Call& call);

 private:
  void add_context(const ApiEntry& api, const trace::Call& call, bool created);
  void add_node_change(const ApiEntry& api, const trace::Call& call);

  Plan& plan_;
};

/// Calls that acquire something or wait take effect when they end, all others when they begin.
[[nodiscard]] bool end_counts(std::string_view base);

}  // namespace fib::replayer
