// SPDX-License-Identifier: Apache-2.0
// Child processes of every kind. The argument says which:
//   fork-before      the parent forks before it touches the driver; both launch
//   fork-idle        after launching, forks a child that does nothing and returns from main's code
//   fork-_exit       the same, the child leaves by _exit
//   fork-launch      a child of an initialised parent: the driver refuses it, as CUDA does
//   fork-tree        child and grandchild of a cold parent launch
//   vfork            vfork + _exit; vfork + exec of ourselves
//   posix_spawn, exec, system, cleared
//                    ourselves again as `child` (cleared: with an empty environment)
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/check.h"
#include "support/mini.h"

using namespace fib::test;

namespace {

const char* self = nullptr;

void wait_for(pid_t child) {
  int status = 0;
  FIB_CHECK(waitpid(child, &status, 0) == child);
  FIB_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

template <class Body>
void in_child(Body&& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  FIB_CHECK(child >= 0);
  if (child == 0) {
    body();
    std::exit(0);  // through atexit handlers, the shim's too
  }
  wait_for(child);
}

int uncalled_init() {
  CUcontext context = nullptr;
  return cuDevicePrimaryCtxRetain(&context, 0);
}

char** arguments(const char* what) {
  static const char* list[3];
  list[0] = self, list[1] = what, list[2] = nullptr;
  return const_cast<char**>(list);
}

void vfork_both() {
  mini_launch(1);
  pid_t child = vfork();
  if (child == 0) _exit(0);
  wait_for(child);
  child = vfork();
  if (child == 0) {
    execv(self, arguments("child"));
    _exit(127);
  }
  wait_for(child);
  mini_launch(2);
}

void spawn(char** environment) {
  mini_launch(1);
  pid_t child = 0;
  FIB_CHECK(posix_spawn(&child, self, nullptr, nullptr, arguments("child"), environment) == 0);
  wait_for(child);
  mini_launch(2);
}

void cleared() {
  // What a launcher with a clean environment leaves: not recorded, and works.
  const std::string path = std::string("LD_LIBRARY_PATH=") + std::getenv("LD_LIBRARY_PATH");
  const std::string images = std::string("FIBTEST_IMAGES=") + std::getenv("FIBTEST_IMAGES");
  std::vector<char*> environment = {const_cast<char*>(path.c_str()),
                                    const_cast<char*>(images.c_str()), nullptr};
  spawn(environment.data());
}

void run(const std::string& how) {
  if (how == "child") return mini_launch(5);
  if (how == "fork-before") {
    in_child([] { mini_launch(1); });
    return mini_launch(2);
  }
  if (how == "fork-tree") {
    in_child([] {
      in_child([] { mini_launch(1); });
      mini_launch(2);
    });
    return;
  }
  if (how == "vfork") return vfork_both();
  if (how == "posix_spawn") return spawn(environ);
  if (how == "cleared") return cleared();
  mini_launch(3);
  if (how == "fork-idle") in_child([] {});
  if (how == "fork-_exit") in_child([] { _exit(0); });
  if (how == "fork-launch") {
    in_child([] { FIB_CHECK(uncalled_init() != CUDA_SUCCESS); });
  }
  if (how == "system") FIB_CHECK(std::system((std::string(self) + " child").c_str()) == 0);
  if (how == "exec") {
    std::fflush(stdout);
    sleep(1);
    execv(self, arguments("child"));
    _exit(127);
  }
  mini_launch(4);
}

}  // namespace

int main(int, char** argv) {
  self = argv[0];
  run(argv[1]);
  std::puts("EXIT-SUCCESS");
  return 0;
}
