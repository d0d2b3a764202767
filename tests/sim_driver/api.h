// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "driver/cuda_abi.h"

/// The frame around every exported entry point: initialisation state, injected faults, the driver
/// lock, and the translation of `Failure` into a result code.
namespace fib::sim {

/// One enumerator per exported symbol.
enum class Api : unsigned {
#define FIB_HOOK(symbol, args) symbol,
#define FIB_CALL(symbol, args) symbol,
#define FIB_USE(symbol) symbol,
#define FIB_PASS(symbol, why) symbol,
#include "driver/driver_api.def"
};

const char* api_name(Api api);
/// False if no such symbol is exported.
bool find_api(const char* name, Api& found);
unsigned api_count();

/// Thrown inside the simulator, returned to the caller as its code.
struct Failure {
  CUresult code;
};
[[noreturn]] inline void fail(CUresult code) { throw Failure{code}; }
inline void require(bool condition, CUresult code = CUDA_ERROR_INVALID_VALUE) {
  if (!condition) fail(code);
}

struct Driver;
struct Context;
class Stream;
using ContextPtr = std::shared_ptr<Context>;
using StreamPtr = std::shared_ptr<Stream>;

/// Per-thread state. Trivially destructible on purpose: calls made from atexit handlers still find
/// it.
struct ThreadState {
  static constexpr int kStackSize = 16;
  CUcontext stack[kStackSize];
  int depth;
  CUstreamCaptureMode capture_mode;
  uint64_t id;            // 1, 2, 3 ... ; 0 until first asked for
  bool in_host_callback;  // the driver may not be called from a host function
};
ThreadState& this_thread();
uint64_t this_thread_id();

/// What the body of an entry point works with. The driver lock is held.
class Call {
 public:
  Call(Api api, bool per_thread);

  Driver& driver;
  const Api api;

  /// The current context; fails with INVALID_CONTEXT, or CONTEXT_IS_DESTROYED.
  ContextPtr context() const;
  /// The stream that a handle means here: 0 is the legacy or the per-thread stream, by entry point.
  StreamPtr stream(CUstream handle) const;
  /// Runs `blocking` without the driver lock.
  template <class Body>
  void unlocked(Body&& blocking) {
    lock_.unlock();
    blocking();
    lock_.lock();
  }

 private:
  bool per_thread_;
  std::unique_lock<std::mutex> lock_;
};

/// Result for calls that may not proceed: not initialised, forked, inside a host function, injected
/// fault; CUDA_SUCCESS otherwise.
CUresult admit(Api api, bool before_init_allowed);
CUresult code_of(std::exception_ptr error);

enum class Needs { init, nothing };

template <class Body>
CUresult call(Api api, bool per_thread, Body&& body, Needs needs = Needs::init) noexcept {
  try {
    if (CUresult refused = admit(api, needs == Needs::nothing); refused != CUDA_SUCCESS)
      return refused;
    Call frame(api, per_thread);
    body(frame);
    return CUDA_SUCCESS;
  } catch (...) {
    return code_of(std::current_exception());
  }
}

/// Defines an entry point. `c` is the Call; the body returns nothing, errors are thrown.
#define SIM_API(symbol, parameters, ...)                                                 \
  extern "C" CUresult CUDAAPI symbol parameters {                                        \
    return ::fib::sim::call(::fib::sim::Api::symbol, false,                              \
                            [&]([[maybe_unused]] ::fib::sim::Call& c) { __VA_ARGS__; }); \
  }

/// Defines an entry point and its per-thread-default-stream twin (suffix _ptsz or _ptds).
#define SIM_API_TWIN(symbol, suffix, parameters, ...)                                    \
  SIM_API(symbol, parameters, __VA_ARGS__)                                               \
  extern "C" CUresult CUDAAPI symbol##suffix parameters {                                \
    return ::fib::sim::call(::fib::sim::Api::symbol##suffix, true,                       \
                            [&]([[maybe_unused]] ::fib::sim::Call& c) { __VA_ARGS__; }); \
  }

/// Writes through an output pointer that the caller must have given.
template <class T, class V>
void store(T* out, V&& value) {
  require(out != nullptr);
  *out = static_cast<T>(std::forward<V>(value));
}
template <class T, class V>
void store_if(T* out, V&& value) {
  if (out) *out = static_cast<T>(std::forward<V>(value));
}

}  // namespace fib::sim
