// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fib::recorder {

/// One line on stderr, "fibshim: ..." with a newline, by one write(2): no allocation, no lock, no
/// stdio of the host process. Cut at 1,000 bytes. errno is preserved.
void say(const char* format, ...) noexcept __attribute__((format(printf, 1, 2)));

}  // namespace fib::recorder
