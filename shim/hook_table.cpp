// SPDX-License-Identifier: Apache-2.0
//
// Exported symbol -> hook: the constants that entry.S jumps through.
#include "shim/hooks/hooks.h"

using fib::shim::Api;
using fib::shim::CallHook;

#define FIB_ROW(symbol, hook)                                            \
  extern "C" {                                                           \
  extern const decltype(&::symbol) fib_hook_##symbol;                    \
  const decltype(&::symbol) fib_hook_##symbol = hook;                    \
  }
#define FIB_HOOK(symbol, args) FIB_ROW(symbol, &fib::shim::hook_##symbol)
#define FIB_CALL(symbol, args) FIB_ROW(symbol, (&CallHook<Api::symbol, decltype(&::symbol)>::call))
#include "driver/driver_api.def"
