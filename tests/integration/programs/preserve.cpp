// SPDX-License-Identifier: Apache-2.0
// Every entry point once, over a driver that refuses everything: the arguments must arrive as they
// were passed, once, and the result must come back. Structures by value and floats included.
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "programs/echo.h"

namespace fib::test {
namespace {

constexpr std::size_t kArena = 4u << 20;
alignas(4096) char arena[kArena];  // zeros; every pointer argument points into it

void* driver = nullptr;
decltype(&fibtest_echo) echo = nullptr;
int wrong = 0;

/// The argument at place `i`: pointers to readable memory, small numbers, patterns.
template <class T>
T argument(int i) {
  T value{};
  if constexpr (std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>) {
    value = reinterpret_cast<T>(arena + (static_cast<std::size_t>(i) + 1) * 65536);
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(1);
  } else if constexpr (std::is_arithmetic_v<T>) {
    value = static_cast<T>(i + 1);
  } else if constexpr (!std::is_pointer_v<T>) {
    for (std::size_t at = 0; at < sizeof(T); ++at) {
      reinterpret_cast<char*>(&value)[at] = static_cast<char>(16 * i + static_cast<int>(at) + 1);
    }
  }
  return value;
}

void complain(const char* symbol, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", symbol, why.c_str());
  ++wrong;
}

void check(const char* symbol, Row row, CUresult result, int calls_before,
           const std::string& passed) {
  std::size_t bytes = 0;
  int calls = 0;
  const char* arrived = echo(static_cast<int>(row), &bytes, &calls);
  if (result != kEchoResult) complain(symbol, "the result is " + std::to_string(result));
  if (calls != calls_before + 1) {
    complain(symbol, "was called " + std::to_string(calls - calls_before) + " times");
  } else if (std::string(arrived, bytes) != passed) {
    complain(symbol, "other arguments arrived than were passed");
  }
}

template <class... Args, std::size_t... kPlace>
std::tuple<Args...> arguments(std::index_sequence<kPlace...>) {
  return {argument<Args>(static_cast<int>(kPlace))...};
}

template <class... Args>
void call(const char* symbol, Row row, CUresult (*)(Args...)) {
  const auto function = reinterpret_cast<CUresult (*)(Args...)>(dlsym(driver, symbol));
  if (function == nullptr) return complain(symbol, "not found");
  std::size_t bytes = 0;
  int calls = 0;
  echo(static_cast<int>(row), &bytes, &calls);
  const auto args = arguments<Args...>(std::index_sequence_for<Args...>{});
  const std::string passed = std::apply([](const auto&... a) { return bytes_of(a...); }, args);
  check(symbol, row, std::apply(function, args), calls, passed);
}

}  // namespace
}  // namespace fib::test

using namespace fib::test;

int main() {
  driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return 1;
  echo = reinterpret_cast<decltype(echo)>(dlsym(driver, "fibtest_echo"));
  if (echo == nullptr) return 1;
  for (int round = 0; round < 2; ++round) {
#define FIB_HOOK(symbol, args) \
  call(#symbol, Row::symbol, static_cast<decltype(&::symbol)>(nullptr));
#define FIB_CALL(symbol, args) FIB_HOOK(symbol, args)
#define FIB_USE(symbol) FIB_HOOK(symbol, )
#define FIB_PASS(symbol, why) FIB_HOOK(symbol, )
#include "driver/driver_api.def"
    std::printf("round %d: %d entry points, %d wrong\n", round, static_cast<int>(Row::count),
                wrong);
  }
  for (const char byte : arena) wrong += byte != 0;  // nobody wrote through our pointers
  if (wrong == 0) std::puts("EXIT-SUCCESS");
  return wrong == 0 ? 0 : 1;
}
