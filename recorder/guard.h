// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fib::recorder {

/// How deep this thread is inside our hooks. Initial-exec TLS: a plain %fs access, no call and no
/// allocation, which a library that is loaded at start may use.
extern thread_local int t_depth __attribute__((tls_model("initial-exec")));

/// Held by every hook body for as long as it runs. The driver, or a signal handler, may come back
/// into a hook on the same thread: only the outermost one records.
class RecursionGuard {
 public:
  RecursionGuard() noexcept { ++t_depth; }
  ~RecursionGuard() { --t_depth; }
  RecursionGuard(const RecursionGuard&) = delete;
  RecursionGuard& operator=(const RecursionGuard&) = delete;
  [[nodiscard]] bool outermost() const noexcept { return t_depth == 1; }
};

}  // namespace fib::recorder
