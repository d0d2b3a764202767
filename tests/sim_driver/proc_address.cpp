// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/sim_driver/config.h"
#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/faults.h"

namespace fib::sim {
namespace {

struct Export {
  const char* symbol;
  int version;  // CUDA version whose ABI this is
  bool per_thread;
  void* address;
};

/// Exports by base name, the lowest version first.
using Ladder = std::unordered_map<std::string_view, std::vector<Export>>;

const Ladder& ladder() {
  static const Ladder* const built = [] {
    auto* map = new Ladder;
#define FIBSIM_VERSION(symbol, base, version, per_thread) \
  (*map)[#base].push_back({#symbol, version, per_thread != 0, reinterpret_cast<void*>(&::symbol)});
#include "tests/sim_driver/versions.inc"
#undef FIBSIM_VERSION
    for (auto& [base, exports] : *map)
      std::stable_sort(exports.begin(), exports.end(),
                       [](const Export& a, const Export& b) { return a.version < b.version; });
    return map;
  }();
  return *built;
}

/// The newest ABI that is not newer than asked for, as a per-thread twin or not.
const Export* newest(const std::vector<Export>& exports, int version, bool per_thread) {
  const Export* best = nullptr;
  for (const Export& e : exports)
    if (e.per_thread == per_thread && e.version <= version && !injected_missing(e.symbol))
      best = &e;
  return best;
}

const Export* choose(const std::vector<Export>& exports, int version, cuuint64_t flags) {
  if (flags & CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM)
    if (const Export* twin = newest(exports, version, true)) return twin;
  return newest(exports, version, false);
}

CUdriverProcAddressQueryResult look_up(const char* name, int version, cuuint64_t flags,
                                       void** out) {
  const auto entry = ladder().find(name);
  if (entry == ladder().end() || injected_missing(name))
    return CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  if (const Export* found = choose(entry->second, version, flags)) {
    *out = found->address;
    return CU_GET_PROC_ADDRESS_SUCCESS;
  }
  const bool newer = choose(entry->second, config().driver_version, flags) != nullptr;
  return newer ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
}

void get_proc_address(const char* name, void** out, int version, cuuint64_t flags,
                      CUdriverProcAddressQueryResult* status) {
  require(name && out && flags <= 3);
  *out = nullptr;
  // cudart probes with an empty name and version 0, and expects success.
  if (*name == '\0' && version == 0) return store_if(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  require(version <= config().driver_version);
  const auto result = look_up(name, version, flags, out);
  store_if(status, result);
  require(result == CU_GET_PROC_ADDRESS_SUCCESS, CUDA_ERROR_NOT_FOUND);
}

}  // namespace

extern "C" CUresult CUDAAPI cuGetProcAddress(const char* name, void** out, int version,
                                             cuuint64_t flags) {
  return call(
      Api::cuGetProcAddress, false,
      [&](Call&) { get_proc_address(name, out, version, flags, nullptr); }, Needs::nothing);
}

extern "C" CUresult CUDAAPI cuGetProcAddress_v2(const char* name, void** out, int version,
                                                cuuint64_t flags,
                                                CUdriverProcAddressQueryResult* status) {
  return call(
      Api::cuGetProcAddress_v2, false,
      [&](Call&) { get_proc_address(name, out, version, flags, status); }, Needs::nothing);
}

}  // namespace fib::sim
