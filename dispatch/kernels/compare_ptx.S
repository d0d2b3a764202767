// SPDX-License-Identifier: Apache-2.0
// kernels/compare.ptx, as a C string.
        .section .rodata
        .globl  fib_compare_ptx
        .hidden fib_compare_ptx
        .type   fib_compare_ptx, @object
fib_compare_ptx:
        .incbin "dispatch/kernels/compare.ptx"
        .byte   0
        .size   fib_compare_ptx, . - fib_compare_ptx
        .section .note.GNU-stack,"",@progbits
