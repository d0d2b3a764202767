// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>
#include <utility>

namespace fib::dispatch {

/// A callable of somebody else's, borrowed for a call.
template <class Signature>
class FunctionRef;

template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>) FunctionRef(const F& function)
  noexcept  // NOLINT: converts on purpose
      : object_(&function), call_([](const void* object, Args... args) noexcept -> Result {
          return (*static_cast<const F*>(object))(std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const noexcept {
    return call_(object_, std::forward<Args>(args)...);
  }

 private:
  const void* object_;
  Result (*call_)(const void*, Args...) noexcept;
};

}  // namespace fib::dispatch
