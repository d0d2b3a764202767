// SPDX-License-Identifier: Apache-2.0
//
// A function with two versions, and one that only programs of old can still find.
#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int fib_versioned_1() { return 1; }
EXPORT int fib_versioned_2() { return 2; }
EXPORT int fib_retired_1() { return 3; }
EXPORT int fib_plain() { return 4; }

__asm__(".symver fib_versioned_1, fib_versioned@FIB_1");
__asm__(".symver fib_versioned_2, fib_versioned@@FIB_2");
__asm__(".symver fib_retired_1, fib_retired@FIB_1");
