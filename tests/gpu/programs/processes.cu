// SPDX-License-Identifier: Apache-2.0
// Children that use CUDA on their own: two forked before the parent's first CUDA call (one leaves
// by exit, one by _exit, as Python's multiprocessing does) and one spawned. Then the parent uses
// CUDA itself.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "check.h"

namespace {

__global__ void in_parent(int* slot) { *slot += 1; }
__global__ void in_forked_child(int* slot) { *slot += 1; }
__global__ void in_spawned_child(int* slot) { *slot += 1; }

void run(void (*kernel)(int*), int launches) {
  auto* slot = device_zeros<int>(1);
  for (int i = 0; i < launches; ++i) kernel<<<1, 1>>>(slot);
  CHECK(to_host(slot, 1)[0] == launches);
}

pid_t fork_child(bool through_exit_handlers) {
  const pid_t child = fork();
  if (child != 0) return child;
  run(in_forked_child, 100);
  if (through_exit_handlers) std::exit(0);
  _exit(0);
}

pid_t spawn_child() {
  char path[] = "/proc/self/exe";
  char argument[] = "child";
  char* arguments[] = {path, argument, nullptr};
  pid_t child = -1;
  CHECK(posix_spawn(&child, path, nullptr, nullptr, arguments, environ) == 0);
  return child;
}

void expect_success(pid_t child) {
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "child") == 0) {
    run(in_spawned_child, 50);
    return 0;
  }
  const pid_t children[] = {fork_child(true), fork_child(false), spawn_child()};
  for (pid_t child : children) expect_success(child);
  run(in_parent, 10);
  return succeed();
}
