// SPDX-License-Identifier: Apache-2.0
//
// One function of its own per driver entry point that the shim hooks or uses. In the test program they
// stand for the shim's exported symbols, in a library for the driver's. Nobody calls them.
        .text
#define FIB_HOOK(symbol, args) \
        .globl symbol; .type symbol, @function; .p2align 4; symbol: ret; .size symbol, . - symbol;
#define FIB_CALL(symbol, args) FIB_HOOK(symbol, args)
#define FIB_USE(symbol) FIB_HOOK(symbol, "")
#include "driver/driver_api.def"

        .section .note.GNU-stack,"",@progbits
