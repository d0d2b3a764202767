// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fib::bench {

/// Address of `name` in the loaded library `handle` (from dlopen), read from the library's own
/// symbol table. Goes around every hook on dlsym, so it gives what the program would get without a
/// shim. Null if missing.
[[nodiscard]] void* exported_symbol(void* handle, const char* name);

}  // namespace fib::bench
