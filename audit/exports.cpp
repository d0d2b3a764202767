// SPDX-License-Identifier: Apache-2.0
//
// What libfibaudit.so exports. The library is both preloaded and named by CUDA_INJECTION64_PATH:
// the preload makes `_exit` ours, the injection tells when CUDA starts. Without CUDA nothing here
// runs but one load of a pointer in `_exit`.
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/session.h"

#define FIB_EXPORT extern "C" __attribute__((visibility("default")))
#define FIB_NORETURN __attribute__((noreturn))  // [[noreturn]] can't follow the line above

/// Called by the driver inside cuInit. 1 tells it that the tool started.
FIB_EXPORT int InitializeInjection() { return fib::audit::start_session() ? 1 : 0; }

namespace {

// A process that leaves by _exit (multiprocessing's workers do) runs no atexit handler.
[[noreturn]] void leave(const char* name, int status) {
  fib::audit::finish_session();
  using Exit = void (*)(int);
  if (const auto next = reinterpret_cast<Exit>(dlsym(RTLD_NEXT, name))) next(status);
  for (;;) syscall(SYS_exit_group, status);
}

}  // namespace

FIB_EXPORT FIB_NORETURN void _exit(int status) { leave("_exit", status); }
FIB_EXPORT FIB_NORETURN void _Exit(int status) { leave("_Exit", status); }
