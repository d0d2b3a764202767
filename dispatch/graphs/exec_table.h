// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "dispatch/graphs/graph_redirector.h"

namespace fib::dispatch {

/// A graph executable of the engine that runs candidates, or did. Engines use an executable in one
/// thread at a time; the mutex is for those that look at all of them, and for engines that err.
struct ExecState {
  enum class Form : std::uint8_t {
    Nodes,   ///< changed node by node: `current.nodes` are nodes of `base`
    Whole,   ///< changed by an update from `current.clone` (or `base`, if there is none)
    Retired  ///< runs the engine's kernels, for good
  };

  std::mutex mutex;
  Form form = Form::Nodes;
  bool is_behind = false;  ///< the executable is not as graph() is; of Form::Whole
  std::uint64_t seen = 0;  ///< Dispatcher::changes() that its nodes are as it should be for
  /// What it was instantiated from, whose nodes name the executable's: kept as long as that lives.
  /// None: the engine's own graph.
  GraphClone base;
  /// What it was last updated from as a whole, if so; and the nodes that run candidates.
  RedirectedGraph current;

  [[nodiscard]] CUgraph graph() const noexcept {
    return current.clone ? current.clone.graph() : base.graph();
  }
};
using ExecPtr = std::shared_ptr<ExecState>;

/// The executables that are known, by handle. Any thread.
class ExecTable {
 public:
  [[nodiscard]] bool is_empty() const noexcept {
    return size_.load(std::memory_order_relaxed) == 0;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  [[nodiscard]] ExecPtr find(CUgraphExec exec) const noexcept {
    if (is_empty()) return nullptr;
    const std::shared_lock lock(mutex_);
    const auto at = execs_.find(exec);
    return at != execs_.end() ? at->second : nullptr;
  }
  /// In place of what the handle meant before. False: out of memory.
  [[nodiscard]] bool set(CUgraphExec exec, ExecPtr state) noexcept try {
    const std::unique_lock lock(mutex_);
    std::swap(execs_[exec], state);  // the old one is let go after the lock
    size_.store(execs_.size(), std::memory_order_relaxed);
    return true;
  } catch (...) {
    return false;
  }
  /// Null if it is not known.
  ExecPtr take(CUgraphExec exec) noexcept {
    if (is_empty()) return nullptr;
    const std::unique_lock lock(mutex_);
    const auto node = execs_.extract(exec);
    size_.store(execs_.size(), std::memory_order_relaxed);
    return node.empty() ? nullptr : std::move(node.mapped());
  }
  /// Whether test(state) holds for all; asks all of them.
  template <class Test>
  [[nodiscard]] bool all_of(Test&& test) const noexcept {
    const std::shared_lock lock(mutex_);
    bool all = true;
    for (const auto& [exec, state] : execs_) all &= test(*state);
    return all;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<CUgraphExec, ExecPtr> execs_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace fib::dispatch
