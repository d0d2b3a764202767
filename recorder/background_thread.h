// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fib::recorder {

/// Starts a detached thread of ours in the program: it takes no signal, which the program may rely
/// on, has this name (at most 15 characters), and what it calls is not recorded. 0 or an errno.
[[nodiscard]] int start_background_thread(const char* name, void (*run)(void*) noexcept,
                                          void* argument) noexcept;

}  // namespace fib::recorder
