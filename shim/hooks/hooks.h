// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shim/hook.h"

/// Prototypes of all hand-written hooks: hook_cuX has exactly cuX's type, or it does not compile.
namespace fib::shim {
#define FIB_HOOK(symbol, args) decltype(::symbol) hook_##symbol;
#include "driver/driver_api.def"
}  // namespace fib::shim
