// SPDX-License-Identifier: Apache-2.0
//
// Answers for the leak checker, in builds that have one. What launches look at without a lock is
// never freed (recorder/handle_table.h says why); everything else must be.

extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:fib::recorder::HandleTable\n"
         "leak:fib::recorder::Session::take\n"
         "leak:fib::recorder::Kernels::publish\n"
         "leak:fib::recorder::Graphs::define\n";
}
