// SPDX-License-Identifier: Apache-2.0
//
// Settings of the sanitizers, in builds that have one.
#define FIB_SANITIZER_HOOK(name)                                        \
  extern "C" __attribute__((visibility("default"))) const char* name(); \
  extern "C" const char* name()

// What launches look at without a lock is never freed (recorder/handle_table.h says why).
FIB_SANITIZER_HOOK(__lsan_default_suppressions) {
  return "leak:fib::recorder::HandleTable\n"
         "leak:fib::dispatch::KernelEntries\n"
         "leak:fib::dispatch::Workspaces\n";
}
