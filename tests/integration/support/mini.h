// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One launch from scratch, for programs that test *when* or *where* a launch happens.
namespace fib::test {

/// Initialises the driver if need be, loads it_basic, adds `value` to a number on the device, and
/// checks it. Everything it makes goes again, except for the primary context.
void mini_launch(int value);

}  // namespace fib::test
