// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "recorder/arg_spec.h"
#include "recorder/captures.h"
#include "recorder/session.h"

namespace fib::recorder {

/// One argument on its way into a Call record: a word, or bytes (then the word is their length).
struct ArgValue {
  std::uint64_t word = 0;
  const void* bytes = nullptr;
};

/// Longest blob of one argument; longer ones are left out (their word says 0).
inline constexpr std::size_t kMaxArgBytes = 256 * 1024;

namespace detail {

inline ArgValue blob(const void* bytes, std::size_t size) noexcept {
  if (bytes == nullptr || size == 0 || size > kMaxArgBytes) return {};
  return {size, bytes};
}

/// The value itself: integers, enums, pointers and handles, small structures; others as bytes.
template <class T>
ArgValue value_of(const T& value) noexcept {
  if constexpr (sizeof(T) > sizeof(std::uint64_t)) {
    return blob(&value, sizeof value);
  } else {
    ArgValue result;
    std::memcpy(&result.word, &value, sizeof value);
    return result;
  }
}

/// Type behind a pointer argument, char for void.
template <class Pointer>
using Pointee = std::conditional_t<std::is_void_v<std::remove_pointer_t<Pointer>>, char,
                                   std::remove_pointer_t<Pointer>>;

template <ArgKind Kind, std::size_t CountArg, std::size_t I, class Tuple>
ArgValue arg_value(const Tuple& args, bool succeeded) noexcept {
  const auto& arg = std::get<I>(args);
  using T = std::remove_cvref_t<decltype(arg)>;
  if constexpr (Kind == ArgKind::Value) {
    return value_of(arg);
  } else {
    static_assert(std::is_pointer_v<T>, "only pointers have something behind them");
    // After a failure nothing behind a pointer can be trusted, inputs included.
    if (!succeeded || arg == nullptr) return {};
    if constexpr (Kind == ArgKind::Text)
      return blob(arg, strnlen(arg, kMaxArgBytes));
    else if constexpr (Kind == ArgKind::Output)
      return value_of(*arg);
    else if constexpr (Kind == ArgKind::Input)
      return blob(arg, sizeof(Pointee<T>));
    else
      return blob(arg, static_cast<std::size_t>(std::get<CountArg>(args)) * sizeof(Pointee<T>));
  }
}

}  // namespace detail

/// Writes Call records: everything but launches. No allocation, lock or system call.
class CallLog {
 public:
  CallLog(Session& session, const driver::DriverApi& api) noexcept : session_(session), api_(api) {}

  /// `args` as the engine passed them, after the driver's call.
  template <driver::Api A, class... Args>
  void call(CUresult result, std::uint64_t begin, const Args&... args) noexcept {
    static constexpr std::string_view kText = driver::info(A).args;
    static_assert(count_words(kText) == sizeof...(Args), "driver_api.def: wrong number of words");
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      [[maybe_unused]] static constexpr auto kSpecs = parse_args<sizeof...(Args)>(kText);
      [[maybe_unused]] const std::tuple<const Args&...> all(args...);
      const ArgValue values[] = {
          detail::arg_value<kSpecs[I].kind, kSpecs[I].count_arg, I>(all, result == CUDA_SUCCESS)...,
          ArgValue{}};
      write(A, result, begin, std::span(values, sizeof...(Args)));
    }
    (std::index_sequence_for<Args...>{});
  }

 private:
  void write(driver::Api api, CUresult result, std::uint64_t begin,
             std::span<const ArgValue> values) noexcept;

  Session& session_;
  const driver::DriverApi& api_;
};

}  // namespace fib::recorder
