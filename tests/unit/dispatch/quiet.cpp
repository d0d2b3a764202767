// SPDX-License-Identifier: Apache-2.0
//
// A decided launch, hit or miss, allocates nothing and makes no system call, so it waits for no
// lock, maps nothing and writes nothing: counts calls of the malloc family by the launching thread,
// which then forbids itself all system calls (seccomp) and goes on. With an argument it breaks the
// rule once, to see that this is noticed. Needs FIBSIM_LAUNCH=null.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "tests/unit/dispatch/engine_launch.h"

namespace {
thread_local bool counting = false;
thread_local long counted = 0;
void count() { counted += counting; }
}  // namespace

// The program's definitions stand before libc's for every library of the process.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return count(), __libc_malloc(size); }
void* calloc(std::size_t n, std::size_t size) { return count(), __libc_calloc(n, size); }
void* realloc(void* p, std::size_t size) { return count(), __libc_realloc(p, size); }
void* memalign(std::size_t align, std::size_t size) {
  return count(), __libc_memalign(align, size);
}
void* aligned_alloc(std::size_t align, std::size_t size) { return memalign(align, size); }
int posix_memalign(void** p, std::size_t align, std::size_t size) {
  *p = memalign(align, size);
  return *p != nullptr ? 0 : ENOMEM;
}
void free(void* p) {
  if (p != nullptr) count();
  __libc_free(p);
}
}

namespace fib::dispatch::testing {
namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "dispatch_quiet: %s\n", what);
  std::_Exit(1);
}
void require(CUresult rc) { check(rc == CUDA_SUCCESS, "a driver call failed"); }

void on_forbidden(int, siginfo_t*, void*) { syscall(SYS_exit_group, 2); }

#define FIB_ALLOW(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

void forbid_system_calls() {
  struct sigaction action {};
  action.sa_sigaction = on_forbidden;
  action.sa_flags = SA_SIGINFO;
  check(sigaction(SIGSYS, &action, nullptr) == 0, "sigaction");
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      FIB_ALLOW(SYS_exit),
      FIB_ALLOW(SYS_exit_group),
      FIB_ALLOW(SYS_rt_sigreturn),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  };
  const sock_fprog program{sizeof(code) / sizeof(code[0]), code};
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
  check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
}

struct Engine {
  Dispatcher& dispatcher;
  const driver::DriverApi& api;
  EngineLaunch hit, miss, refused;

  CUresult launch(const driver::LaunchCall& call) {
    const ReadSection reading;
    return dispatcher.launch(call, [&]() noexcept {
      return api.cuLaunchKernel(call.function, call.grid[0], 1, 1, call.block[0], 1, 1, 0,
                                call.stream, call.params, nullptr);
    });
  }
  void launch_all(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      require(launch(hit.call));
      require(launch(miss.call));
      require(launch(refused.call));
    }
  }
};

std::atomic<bool> finished{false};

void work(Engine& engine, CUcontext context, const char* fault) {
  require(cuCtxSetCurrent(context));
  engine.launch_all(1000);
  counting = true;
  if (std::strcmp(fault, "allocate") == 0) std::free(std::malloc(1));
  engine.launch_all(200000);
  counting = false;
  check(counted == 0, "launches allocate");
  forbid_system_calls();
  if (std::strcmp(fault, "call") == 0) syscall(SYS_getpid);
  engine.launch_all(200000);
  finished = true;
  // A thread that ends properly needs system calls; this one just stops, and join() notices.
  syscall(SYS_exit, 0);
}

int run(const char* fault) {
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction add = nullptr, other = nullptr;
  require(cuInit(0));
  const driver::DriverApi api = sim_api();
  static Dispatcher dispatcher({}, api);
  require(cuDevicePrimaryCtxRetain(&context, 0));
  require(cuCtxSetCurrent(context));
  dispatcher.primary_appeared(0, context);
  require(cuModuleLoad(&module, FIB_SIM_DIR "/dispatch_kernels.simcubin"));
  require(cuModuleGetFunction(&add, module, "engine_add"));
  require(cuModuleGetFunction(&other, module, "engine_other"));
  check(dispatcher.install(add_deployment("add_100")), "install");
  // The last one's tensors are the same memory: looked at, and left alone.
  Engine engine{dispatcher,
                api,
                {add, 0x10000, 0x20000, 256},
                {other, 0x10000, 0x20000, 256},
                {add, 0x10000, 0x10000, 256}};
  std::thread(work, std::ref(engine), context, fault).join();
  check(finished.load(), "the thread did not finish");
  const auto& kernel = *dispatcher.counters().kernel("engine_add");
  const auto count_of = [&](match::Reason reason) {
    return kernel.reasons[static_cast<std::size_t>(reason)].load();
  };
  check(count_of(match::Reason::Pinned) == 401000, "not every hit was one");
  check(count_of(match::Reason::Aliasing) == 401000, "not every refusal was one");
  check(dispatcher.counters().candidate("add_100")->eager.load() == 401000, "hits are missing");
  return 0;
}

}  // namespace
}  // namespace fib::dispatch::testing

int main(int argc, char** argv) { return fib::dispatch::testing::run(argc > 1 ? argv[1] : ""); }
