// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/api.h"

#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/faults.h"

namespace fib::sim {
namespace {

constexpr const char* kNames[] = {
#define FIB_HOOK(symbol, args) #symbol,
#define FIB_CALL(symbol, args) #symbol,
#define FIB_USE(symbol) #symbol,
#define FIB_PASS(symbol, why) #symbol,
#include "driver/driver_api.def"
};

const std::unordered_map<std::string_view, Api>& apis_by_name() {
  static const auto* const map = [] {
    auto* built = new std::unordered_map<std::string_view, Api>;
    for (unsigned i = 0; i < api_count(); ++i) built->emplace(kNames[i], static_cast<Api>(i));
    return built;
  }();
  return *map;
}

thread_local ThreadState t_thread;

}  // namespace

const char* api_name(Api api) { return kNames[static_cast<unsigned>(api)]; }

unsigned api_count() { return static_cast<unsigned>(std::size(kNames)); }

bool find_api(const char* name, Api& found) {
  const auto it = apis_by_name().find(name);
  if (it == apis_by_name().end()) return false;
  found = it->second;
  return true;
}

ThreadState& this_thread() { return t_thread; }

uint64_t this_thread_id() {
  static std::atomic<uint64_t> next{1};
  if (t_thread.id == 0) t_thread.id = next.fetch_add(1, std::memory_order_relaxed);
  return t_thread.id;
}

Call::Call(Api which, bool per_thread)
    : driver(Driver::get()), api(which), per_thread_(per_thread), lock_(driver.mutex) {}

ContextPtr Call::context() const {
  const ThreadState& thread = this_thread();
  require(thread.depth > 0 && thread.stack[thread.depth - 1], CUDA_ERROR_INVALID_CONTEXT);
  ContextPtr current = driver.contexts.find(thread.stack[thread.depth - 1]);
  require(current != nullptr, CUDA_ERROR_CONTEXT_IS_DESTROYED);
  return current;
}

StreamPtr Call::stream(CUstream handle) const {
  if (!handle) handle = per_thread_ ? CU_STREAM_PER_THREAD : CU_STREAM_LEGACY;
  return driver.stream(handle, *this);
}

CUresult admit(Api api, bool before_init_allowed) {
  if (phase() == Phase::forked) return CUDA_ERROR_NOT_INITIALIZED;
  if (phase() == Phase::cold && !before_init_allowed) return CUDA_ERROR_NOT_INITIALIZED;
  if (this_thread().in_host_callback && !before_init_allowed) return CUDA_ERROR_NOT_PERMITTED;
  return injected_fault(api);
}

CUresult code_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Failure& failure) {
    return failure.code;
  } catch (const std::bad_alloc&) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  } catch (const std::system_error&) {
    return CUDA_ERROR_OPERATING_SYSTEM;
  } catch (...) {
    return CUDA_ERROR_UNKNOWN;
  }
}

}  // namespace fib::sim
