// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "driver/cuda_abi.h"

namespace fib::dispatch {

/// The engine's own call, to be made exactly once: borrowed, valid during the hook.
class Original {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Original>) Original(const F& call)
  noexcept  // NOLINT: converts on purpose
      : object_(&call),
        call_([](const void* object) noexcept { return (*static_cast<const F*>(object))(); }) {}

  [[nodiscard]] CUresult operator()() const noexcept { return call_(object_); }

 private:
  const void* object_;
  CUresult (*call_)(const void*) noexcept;
};

}  // namespace fib::dispatch
