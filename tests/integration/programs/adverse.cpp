// SPDX-License-Identifier: Apache-2.0
// Launches under adverse conditions, by argument: `stderr-closed`, `all-closed` (0, 1 and 2 are
// free for whoever opens a file next), `no-home`, `no-cwd`.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/check.h"
#include "support/mini.h"

using namespace fib::test;

namespace {

void remove_cwd() {
  char path[] = "/tmp/fibtest-cwd-XXXXXX";
  FIB_CHECK(mkdtemp(path) != nullptr && chdir(path) == 0 && rmdir(path) == 0);
}

/// What a program that closed 1 and 2 opens next gets these numbers: nothing of ours may go there.
void all_closed() {
  const int out = dup(STDOUT_FILENO);
  FIB_CHECK(out > 2);
  for (const int fd : {0, 1, 2}) close(fd);
  char path[] = "/tmp/fibtest-file-XXXXXX";
  const int file = mkstemp(path);
  FIB_CHECK(file == 0 && unlink(path) == 0);
  mini_launch(1);
  struct stat facts {};
  FIB_CHECK(fstat(file, &facts) == 0 && facts.st_size == 0);
  FIB_CHECK(dup2(out, STDOUT_FILENO) == STDOUT_FILENO);
}

}  // namespace

int main(int, char** argv) {
  const std::string how = argv[1];
  if (how == "stderr-closed") close(STDERR_FILENO);
  if (how == "no-home") unsetenv("HOME");
  if (how == "no-cwd") remove_cwd();
  if (how == "all-closed") all_closed();
  mini_launch(2);
  std::puts("EXIT-SUCCESS");
  return 0;
}
