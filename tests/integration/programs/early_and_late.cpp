// SPDX-License-Identifier: Apache-2.0
// Launches in unusual moments: from constructors of a library and of the program, in main, from
// atexit handlers and destructors. The argument names the way out.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/check.h"
#include "support/mini.h"

using namespace fib::test;

extern "C" int fibtest_early_launches();  // lib_early.cpp

namespace {

int launches = 0;

struct Static {
  Static() { launch(); }
  ~Static() { launch(); }
  static void launch() {
    mini_launch(++launches);
    if (write(STDOUT_FILENO, "static\n", 7) != 7) std::abort();
  }
};
const Static at_both_ends;

__attribute__((constructor(101))) void first_of_all() { mini_launch(1000); }
__attribute__((destructor(101))) void last_of_all() { mini_launch(2000); }

void at_exit() {
  mini_launch(3000);
  if (write(STDOUT_FILENO, "EXIT-SUCCESS\n", 13) != 13) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string way = argc == 2 ? argv[1] : "return";
  std::printf("%d launches of the library, %d of the program\n", fibtest_early_launches(),
              launches);
  std::fflush(stdout);
  mini_launch(4000);
  if (way == "return" || way == "exit") std::atexit(at_exit);
  if (way == "exit") std::exit(0);
  if (way == "quick_exit") {
    std::at_quick_exit(at_exit);
    std::quick_exit(0);
  }
  if (way == "_exit" || way == "_Exit") {
    if (write(STDOUT_FILENO, "EXIT-SUCCESS\n", 13) != 13) std::abort();
    way == "_exit" ? _exit(0) : std::_Exit(0);
  }
  return 0;
}
