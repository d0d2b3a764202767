// SPDX-License-Identifier: Apache-2.0
// make_fatbin IN.simcubin OUT.fatbin: wraps a simulated cubin as nvcc --fatbin would.
#include <cstdio>
#include <fstream>
#include <iterator>

#include "tests/sim_driver/fatbin.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s IN.simcubin OUT.fatbin\n", argv[0]);
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  const std::vector<char> elf{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in || elf.empty()) {
    std::fprintf(stderr, "%s: cannot read it\n", argv[1]);
    return 1;
  }
  const auto fatbin = fib::sim::make_fatbin(std::as_bytes(std::span(elf)));
  std::ofstream out(argv[2], std::ios::binary);
  out.write(reinterpret_cast<const char*>(fatbin.data()),
            static_cast<std::streamsize>(fatbin.size()));
  if (!out.flush()) {
    std::fprintf(stderr, "%s: cannot write it\n", argv[2]);
    return 1;
  }
  return 0;
}
