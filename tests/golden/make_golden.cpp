// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "tests/golden/golden_capture.h"
#include "tests/unit/trace/text_dump.h"

/// Writes the golden capture of the current format version into a directory that has none yet, and
/// its canonical text to the standard output.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_golden DIRECTORY\n");
    return 2;
  }
  if (!fib::trace::testing::write_golden_capture(argv[1])) {
    std::fprintf(stderr, "make_golden: cannot write %s; give a new directory\n", argv[1]);
    return 1;
  }
  std::fputs(fib::trace::testing::dump_capture(argv[1]).c_str(), stdout);
  return 0;
}
