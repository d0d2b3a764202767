// SPDX-License-Identifier: Apache-2.0
//
// Route two and three into the driver: dlsym and cuGetProcAddress. Both ask the real one first and
// then substitute by the address that came back, never by name (docs/adr/0001).
//
// Rules: no allocation, no lock of ours, no change of dlerror()'s state; names that are not the
// driver's go straight to libc. Runs before sanitizers are ready: compiled without instrumentation.
#include <dlfcn.h>

#include <atomic>
#include <cstdlib>

#include "recorder/rt_log.h"
#include "shim/disable.h"
#include "shim/hooks/hooks.h"
#include "shim/real_driver.h"

namespace fib::shim {
namespace {

using recorder::say;

void* no_symbol(void*, const char*) noexcept { return nullptr; }

/// cuInit, cuGetProcAddress ... but not cudnnCreate, cudaMalloc or curandCreate.
bool is_driver_name(const char* name) noexcept {
  return name != nullptr && name[0] == 'c' && name[1] == 'u' && name[2] >= 'A' && name[2] <= 'Z';
}

/// The caller's own dlsym semantics do not matter here: the handle is explicit.
void* dlsym_driver(void* handle, const char* name) noexcept {
  void* found = real_dlsym()(handle, name);
  return found == nullptr ? nullptr : substitute(found);
}

/// For RTLD_NEXT, once it is known that the driver itself would answer; the caller does not matter
/// then.
void* dlsym_driver_next(void*, const char* name) noexcept {
  void* library = real_dlopen()("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  return library == nullptr ? nullptr : dlsym_driver(library, name);
}

bool first_time(std::atomic<bool>& said) noexcept {
  return !said.exchange(true, std::memory_order_relaxed);
}

}  // namespace

void* substitute(void* address) noexcept {
  const RealDriver* real = real_driver_if_loaded();
  if (real == nullptr || is_disabled()) return address;
  void* ours = real->wrapper_of(address);
  static std::atomic<bool> said{false};
  if (ours == address && !said.load(std::memory_order_relaxed) && is_other_driver(*real, address) &&
      first_time(said))
    say("a second libcuda is loaded in this process; calls into it are not seen");
  return ours;
}

CUresult hook_cuGetProcAddress(const char* symbol, void** pfn, int version, cuuint64_t flags) {
  const auto function = real_entry<Api::cuGetProcAddress>();
  if (function == nullptr) return kNoDriver;
  const CUresult rc = function(symbol, pfn, version, flags);
  // An empty name is a probe that leaves *pfn null.
  if (rc == CUDA_SUCCESS && pfn != nullptr && *pfn != nullptr) *pfn = substitute(*pfn);
  return rc;
}

CUresult hook_cuGetProcAddress_v2(const char* symbol, void** pfn, int version, cuuint64_t flags,
                                  CUdriverProcAddressQueryResult* status) {
  const auto function = real_entry<Api::cuGetProcAddress_v2>();
  if (function == nullptr) return kNoDriver;
  const CUresult rc = function(symbol, pfn, version, flags, status);
  if (rc == CUDA_SUCCESS && pfn != nullptr && *pfn != nullptr) *pfn = substitute(*pfn);
  return rc;
}

}  // namespace fib::shim

using fib::shim::is_disabled;

/// Called by entry.S; answers which function shall serve this dlsym call.
extern "C" fib::shim::DlsymFunction fib_choose_dlsym(void* handle, const char* name, void*,
                                                     const void* caller) noexcept {
  const fib::shim::DlsymFunction real = fib::shim::real_dlsym();
  if (real == nullptr) return &fib::shim::no_symbol;
  // RTLD_DEFAULT finds our exported symbols by itself.
  if (handle == RTLD_DEFAULT || !fib::shim::is_driver_name(name) || is_disabled() ||
      fib::shim::is_driver_side(caller))
    return real;
  // RTLD_NEXT depends on the caller: objects in front of us find our symbols, those behind us do
  // not.
  if (handle == RTLD_NEXT)
    return fib::shim::driver_symbol_behind(caller, name) != nullptr ? &fib::shim::dlsym_driver_next
                                                                    : real;
  return &fib::shim::dlsym_driver;
}

extern "C" fib::shim::DlopenFunction fib_choose_dlopen(const char* file, int mode, void*,
                                                       const void*) noexcept {
  static std::atomic<bool> said{false};
  if ((mode & RTLD_DEEPBIND) != 0 && fib::shim::is_wanted() && fib::shim::first_time(said))
    fib::shim::say(
        "%.300s is loaded with RTLD_DEEPBIND; driver calls that it makes directly are not "
        "seen",
        file != nullptr ? file : "the program");
  return fib::shim::real_dlopen();
}

extern "C" fib::shim::DlmopenFunction fib_choose_dlmopen(long space, const char* file, int,
                                                         const void*) noexcept {
  static std::atomic<bool> said{false};
  if (space != LM_ID_BASE && fib::shim::is_wanted() && fib::shim::first_time(said))
    fib::shim::say(
        "%.300s is loaded into a namespace of its own (dlmopen); driver calls made there "
        "are not seen",
        file != nullptr ? file : "the program");
  return fib::shim::real_dlmopen();
}
