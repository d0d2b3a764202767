// SPDX-License-Identifier: Apache-2.0
// A recorded launch makes no system call, so it waits for no lock, maps nothing and writes nothing:
// the launching thread forbids itself all of them (seccomp) and launches 1e6 times. Needs
// FIBSIM_LAUNCH=null.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <thread>

#include "support/check.h"
#include "support/image.h"
#include "support/paced_launches.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

std::atomic<int> failed{-1};
bool make_one = false;  // one system call, to see that it is noticed

void on_forbidden(int, siginfo_t* info, void*) {
  char text[] = "system call      \n";
  int number = info->si_syscall;
  for (char* digit = text + 15; digit > text + 11; --digit, number /= 10) {
    *digit = static_cast<char>('0' + number % 10);
  }
  if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) syscall(SYS_exit_group, 3);
  syscall(SYS_exit_group, 2);
}

#define FIB_ALLOW(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

void forbid_system_calls() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      FIB_ALLOW(SYS_exit),
      FIB_ALLOW(SYS_exit_group),
      FIB_ALLOW(SYS_rt_sigreturn),
      FIB_ALLOW(SYS_write),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  };
  const sock_fprog program{sizeof(code) / sizeof(code[0]), code};
  FIB_CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  FIB_CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
}

void work(CUcontext context, CUfunction add, CUdeviceptr memory) {
  CU(cuCtxSetCurrent(context));
  FIB_CHECK(paced_launches(add, nullptr, memory, 10000) == 0);
  forbid_system_calls();
  if (make_one) syscall(SYS_getpid);
  failed = paced_launches(add, nullptr, memory, 1000000);
  // A thread that ends properly needs system calls; this one just stops, and join() notices.
  syscall(SYS_exit, 0);
}

}  // namespace

int main(int argc, char**) {
  make_one = argc > 1;
  struct sigaction action {};
  action.sa_sigaction = on_forbidden;
  action.sa_flags = SA_SIGINFO;
  FIB_CHECK(sigaction(SIGSYS, &action, nullptr) == 0);
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  {
    const Module module("it_basic");
    CUdeviceptr memory = 0;
    CU(cuMemAlloc(&memory, 64));
    std::thread thread(work, context, module.function(kAdd), memory);
    thread.join();
    FIB_CHECK(failed.load() == 0);
    CU(cuMemFree(memory));
  }
  return finish();
}
