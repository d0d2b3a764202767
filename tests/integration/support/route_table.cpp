// SPDX-License-Identifier: Apache-2.0
//
// Defines every driver entry point as a jump through a slot, and fills the slots by one of the
// routes (FIBTEST_ROUTE_DLSYM, FIBTEST_ROUTE_GPA = 1 or 2).

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "support/route.h"

#ifdef FIBTEST_OLD_DLSYM
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#else
__asm__(".symver dlsym, dlsym@GLIBC_2.34");
#endif

// clang-format off
#define FIBTEST_ROW(symbol)                                                                     \
  extern "C" __attribute__((visibility("hidden"))) void* fibtest_slot_##symbol;                  \
  void* fibtest_slot_##symbol;                                                                   \
  __asm__(".pushsection .text\n.globl " #symbol "\n.hidden " #symbol "\n.type " #symbol           \
          ",@function\n" #symbol ":\n  jmp *fibtest_slot_" #symbol "(%rip)\n.popsection\n");
#define FIB_HOOK(symbol, args) FIBTEST_ROW(symbol)
#define FIB_CALL(symbol, args) FIBTEST_ROW(symbol)
#define FIB_USE(symbol) FIBTEST_ROW(symbol)
#define FIB_PASS(symbol, why) FIBTEST_ROW(symbol)
#include "driver/driver_api.def"
// clang-format on

namespace fib::test {
namespace {

struct Row {
  const char* symbol;
  void** slot;
};
#define FIB_HOOK(symbol, args) {#symbol, &fibtest_slot_##symbol},
#define FIB_CALL(symbol, args) {#symbol, &fibtest_slot_##symbol},
#define FIB_USE(symbol) {#symbol, &fibtest_slot_##symbol},
#define FIB_PASS(symbol, why) {#symbol, &fibtest_slot_##symbol},
constexpr Row kRows[] = {
#include "driver/driver_api.def"
};

void* open_library() {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  std::fprintf(stderr, "%s\n", dlerror());
  std::exit(1);
}

#ifdef FIBTEST_ROUTE_GPA

/// How cuGetProcAddress is asked for a symbol: its base name, the version that introduced its ABI,
/// flags.
struct Question {
  const char* symbol;
  const char* base;
  int version;
  bool per_thread;
};
constexpr Question kQuestions[] = {
#define FIBSIM_VERSION(symbol, base, version, per_thread) {#symbol, #base, version, per_thread},
#include "tests/sim_driver/versions.inc"
};

using Lookup1 = int (*)(const char*, void**, int, std::uint64_t);
using Lookup2 = int (*)(const char*, void**, int, std::uint64_t, int*);

void* look_up(void* entry, const Question& ask) {
  void* found = nullptr;
  const std::uint64_t flags = ask.per_thread ? 2 : 1;
#if FIBTEST_ROUTE_GPA == 1
  const int rc = reinterpret_cast<Lookup1>(entry)(ask.base, &found, ask.version, flags);
#else
  int status = -1;
  const int rc = reinterpret_cast<Lookup2>(entry)(ask.base, &found, ask.version, flags, &status);
#endif
  return rc == 0 ? found : nullptr;
}

void** slot_of(std::string_view symbol) {
  for (const Row& row : kRows) {
    if (symbol == row.symbol) return row.slot;
  }
  return nullptr;
}

#endif

}  // namespace

#ifdef FIBTEST_ROUTE_GPA
void route_open() {
  void* const entry =
      dlsym(open_library(), FIBTEST_ROUTE_GPA == 1 ? "cuGetProcAddress" : "cuGetProcAddress_v2");
  for (const Question& ask : kQuestions) {
    if (void** const slot = slot_of(ask.symbol)) *slot = look_up(entry, ask);
  }
}
#else
void route_open() {
  void* const library = open_library();
  for (const Row& row : kRows) *row.slot = dlsym(library, row.symbol);
}
#endif

}  // namespace fib::test
