// SPDX-License-Identifier: Apache-2.0
//
// Settings of the sanitizers, in builds that have one.
#define FIB_SANITIZER_HOOK(name)                                        \
  extern "C" __attribute__((visibility("default"))) const char* name(); \
  extern "C" const char* name()

// Running out of memory is tested: it must be an answer, not the end.
FIB_SANITIZER_HOOK(__asan_default_options) { return "allocator_may_return_null=1"; }
FIB_SANITIZER_HOOK(__tsan_default_options) { return "allocator_may_return_null=1"; }

// What launches look at without a lock is never freed (recorder/handle_table.h says why), and what
// belongs to a thread's log hangs on memory that the leak checker does not look into.
FIB_SANITIZER_HOOK(__lsan_default_suppressions) {
  return "leak:fib::recorder::HandleTable\n"
         "leak:fib::recorder::Session::take\n"
         "leak:fib::recorder::Kernels::publish\n"
         "leak:fib::recorder::Graphs::define\n";
}
