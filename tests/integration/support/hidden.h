// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A handle of a kernel in `image` from a private table of the driver: neither a visible load nor a
/// visible look-up returned it. Null if the driver refused. The caller casts it to CUfunction.
namespace fib::test {

void* hidden_function(const void* image, const char* name);

}  // namespace fib::test
