// SPDX-License-Identifier: Apache-2.0
//
// Built twice, with one kind of symbol hash table each.
#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int fib_first() { return 1; }
EXPORT int fib_second() { return 2; }
EXPORT int fib_data;
int fib_data = 3;
// Names enough for chains in every bucket.
#define FIB_SOME(n)                                   \
  EXPORT int fib_some_##n##0() { return n * 10; }     \
  EXPORT int fib_some_##n##1() { return n * 10 + 1; } \
  EXPORT int fib_some_##n##2() { return n * 10 + 2; }
FIB_SOME(1)
FIB_SOME(2)
FIB_SOME(3)
FIB_SOME(4)
FIB_SOME(5)
FIB_SOME(6)
extern "C" __attribute__((visibility("hidden"))) int fib_hidden() { return 4; }
EXPORT int (*fib_address_of_hidden())() { return &fib_hidden; }
