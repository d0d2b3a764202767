// SPDX-License-Identifier: Apache-2.0
// page_hash.ptx, as a C string.
        .section .rodata
        .globl  fib_page_hash_ptx
        .hidden fib_page_hash_ptx
        .type   fib_page_hash_ptx, @object
fib_page_hash_ptx:
        .incbin "pages/page_hash.ptx"
        .byte   0
        .size   fib_page_hash_ptx, . - fib_page_hash_ptx
        .section .note.GNU-stack,"",@progbits
