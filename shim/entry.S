// SPDX-License-Identifier: Apache-2.0
//
// The exported symbols. Every driver entry point jumps through a pointer to its hook (see
// hook_table.cpp); exporting the hooks themselves would need 390 prototypes written out.
//
// dlsym, dlopen and dlmopen must keep their caller's return address, because RTLD_NEXT, $ORIGIN and
// namespaces depend on it: they ask where to go and then *jump* there.

#ifndef __x86_64__
#error "port the few instructions below, and recorder/clock.h"
#endif

        .text

#define FIB_HOOK(symbol, args) \
        .globl symbol; .type symbol, @function; .p2align 4; \
symbol: .cfi_startproc; endbr64; jmp *fib_target_##symbol(%rip); .cfi_endproc; \
        .size symbol, . - symbol; .hidden fib_target_##symbol;
#define FIB_CALL(symbol, args) FIB_HOOK(symbol, args)
#include "driver/driver_api.def"

// Arguments stay where they are; `choose` gets them and, as fourth argument, the return address, and
// answers with the function that shall serve the call.
#define FIB_DETOUR(symbol, choose) \
        .type fib_##symbol, @function; .p2align 4; \
fib_##symbol: .cfi_startproc; endbr64; \
        pushq %rdi; .cfi_adjust_cfa_offset 8; \
        pushq %rsi; .cfi_adjust_cfa_offset 8; \
        pushq %rdx; .cfi_adjust_cfa_offset 8; \
        movq 24(%rsp), %rcx; \
        call choose; \
        popq %rdx; .cfi_adjust_cfa_offset -8; \
        popq %rsi; .cfi_adjust_cfa_offset -8; \
        popq %rdi; .cfi_adjust_cfa_offset -8; \
        jmp *%rax; \
        .cfi_endproc; .size fib_##symbol, . - fib_##symbol; .hidden choose;

FIB_DETOUR(dlsym, fib_choose_dlsym)
FIB_DETOUR(dlopen, fib_choose_dlopen)
FIB_DETOUR(dlmopen, fib_choose_dlmopen)

// Under both of glibc's versions (libdl was merged into libc in 2.34): references to either bind here, and
// another interposer in front of us that asks dlvsym(RTLD_NEXT, "dlsym", version) finds us, not libc.
#define FIB_VERSIONS(symbol, old) \
        .globl fib_##symbol##_old, fib_##symbol##_new; \
        .set fib_##symbol##_old, fib_##symbol; .set fib_##symbol##_new, fib_##symbol; \
        .symver fib_##symbol##_old, symbol@old, remove; \
        .symver fib_##symbol##_new, symbol@@GLIBC_2.34, remove;

FIB_VERSIONS(dlsym, GLIBC_2.2.5)
FIB_VERSIONS(dlopen, GLIBC_2.2.5)
FIB_VERSIONS(dlmopen, GLIBC_2.3.4)

        .section .note.GNU-stack,"",@progbits
