// SPDX-License-Identifier: Apache-2.0
// libcuda.so.1 that refuses everything and remembers the arguments.
#include <utility>

#include "programs/echo.h"

namespace fib::test {
namespace {

struct Seen {
  std::string bytes;
  int calls = 0;
};
Seen seen[static_cast<int>(Row::count)];

template <Row kRow, class Function>
struct Echo;
template <Row kRow, class Result, class... Args>
struct Echo<kRow, Result (*)(Args...)> {
  static Result call(Args... args) {
    Seen& mine = seen[static_cast<int>(kRow)];
    mine.bytes = bytes_of(args...);
    ++mine.calls;
    return kEchoResult;
  }
};

}  // namespace
}  // namespace fib::test

#define FIBTEST_ROW(symbol)                                                                  \
  extern "C" __attribute__((visibility("hidden"), used)) void* const fibtest_echo_##symbol = \
      reinterpret_cast<void*>(                                                               \
          &fib::test::Echo<fib::test::Row::symbol, decltype(&::symbol)>::call);              \
  __asm__(".pushsection .text\n.globl " #symbol "\n.type " #symbol ",@function\n" #symbol    \
          ":\n  jmp *fibtest_echo_" #symbol "(%rip)\n.size " #symbol ", . - " #symbol        \
          "\n.popsection\n");
#define FIB_HOOK(symbol, args) FIBTEST_ROW(symbol)
#define FIB_CALL(symbol, args) FIBTEST_ROW(symbol)
#define FIB_USE(symbol) FIBTEST_ROW(symbol)
#define FIB_PASS(symbol, why) FIBTEST_ROW(symbol)
#include "driver/driver_api.def"

extern "C" __attribute__((visibility("default"))) const char* fibtest_echo(int row,
                                                                           std::size_t* bytes,
                                                                           int* calls) {
  const auto& mine = fib::test::seen[row];
  *bytes = mine.bytes.size();
  *calls = mine.calls;
  return mine.bytes.data();
}
