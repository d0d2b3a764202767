// SPDX-License-Identifier: Apache-2.0
//
// Settings of the sanitizers, in builds that have one: what launches look at without a lock is
// never freed (recorder/handle_table.h says why), nor is what they know of kernels.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:fib::recorder::HandleTable\n"
         "leak:fib::dispatch::KernelEntries\n";
}
