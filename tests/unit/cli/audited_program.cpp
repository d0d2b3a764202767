// SPDX-License-Identifier: Apache-2.0
//
// Does what the driver and a program do to libfibaudit.so: audited_program AUDIT CUPTI WAY.
// WAY: return, exit, _exit, _Exit, quick_exit, fork (the child leaves by _exit), or child (fork
// first, and initialise in the child only).
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

void run_kernels(const char* audit, const char* cupti) {
  void* injected = dlopen(audit, RTLD_NOW);
  void* fake = dlopen(cupti, RTLD_NOW);
  if (injected == nullptr || fake == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::abort();
  }
  const auto initialize = reinterpret_cast<int (*)()>(dlsym(injected, "InitializeInjection"));
  const auto kernel = reinterpret_cast<void (*)(const char*)>(dlsym(fake, "fake_cupti_kernel"));
  if (initialize() != 1) std::exit(3);
  for (int i = 0; i < 5; ++i) kernel("_Z1av");
  kernel("odd \"name\"\xff");
}

void leave(const char* way) {
  if (std::strcmp(way, "exit") == 0) std::exit(0);
  if (std::strcmp(way, "_exit") == 0) _exit(0);
  if (std::strcmp(way, "_Exit") == 0) std::_Exit(0);
  if (std::strcmp(way, "quick_exit") == 0) std::quick_exit(0);
  if (std::strcmp(way, "fork") != 0) return;
  if (fork() == 0) _exit(0);  // must not report the parent's counts
  wait(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  if (std::strcmp(argv[3], "child") == 0) {
    if (fork() == 0) {
      run_kernels(argv[1], argv[2]);
      _exit(0);
    }
    wait(nullptr);
    return 0;
  }
  run_kernels(argv[1], argv[2]);
  leave(argv[3]);
  return 0;
}
