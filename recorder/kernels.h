// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "recorder/effects.h"
#include "recorder/handle_table.h"
#include "recorder/loads.h"

namespace fib::recorder {

/// What a launch needs to know of its kernel. Immutable once it can be found, but for the epoch.
struct KernelInfo {
  std::uint32_t id = 0;           ///< KernelRecord::kernel
  std::uint32_t param_bytes = 0;  ///< length of the parameter buffer
  bool layout_known = false;
  bool filtered = false;  ///< not to be recorded
  std::atomic<std::uint64_t> epoch{0};
  std::vector<trace::KernelParam> params;
  // Not for launches outside windows.
  trace::EffectReason effect = trace::EffectReason::None;  ///< as its name tells
  bool is_library_kernel = false;
  std::uint32_t load = 0;  ///< KernelRecord::load
  std::string name;        ///< mangled
};

/// Launch handles -> kernels. A handle is a CUfunction, or a CUkernel in its place, and may never
/// have passed through a lookup that we saw (cuFFT), so it is identified when it is first launched.
/// Any unload or context teardown ends an *epoch*: handles may be reused after it, so every one is
/// identified anew.
class Kernels {
 public:
  Kernels(Session& session, Loads& loads, const driver::DriverApi& api, const char* filter,
          const char* effect_pattern) noexcept;

  /// Hot path. Null when the kernel can't be identified (it has been said).
  [[nodiscard]] const KernelInfo* find(CUfunction handle) noexcept {
    const KernelInfo* info = known(handle);
    return info != nullptr ? info : identify(handle);
  }

  /// find() without asking the driver; null if the handle was never launched.
  [[nodiscard]] const KernelInfo* known(CUfunction handle) const noexcept {
    const KernelInfo* info = table_.find(handle);
    return info != nullptr && info->epoch.load(std::memory_order_relaxed) ==
                                  epoch_.load(std::memory_order_relaxed)
               ? info
               : nullptr;
  }

  /// Before an unload or the end of a context.
  void end_epoch() noexcept;
  /// Kernel records of all kernels that can be launched, with their attributes as they are now: for
  /// the begin of a window, since attributes may have been set after a kernel's first launch.
  void restate() noexcept;

  /// What lookups told; needed for functions of libraries, and on drivers that can't tell names.
  void named(const void* handle, const char* name, const void* container) noexcept;
  void function_of(CUfunction function, CUkernel kernel) noexcept;

 private:
  struct Lookup {
    std::string name;
    const void* container = nullptr;  ///< module or library
  };
  /// What hooks told about a handle.
  struct Seen {
    Lookup lookup;
    CUkernel origin = nullptr;  ///< for a function made from a library's kernel
  };
  struct Identity {
    std::string name;
    std::uint32_t load = 0;
    bool is_library_kernel = false;
  };
  /// Everything that the Kernel record says.
  struct Description {
    Identity identity;
    std::vector<trace::KernelParam> params;
    std::vector<trace::KernelAttribute> attributes;
    std::uint32_t param_bytes = 0;
    bool layout_known = false;
  };

  const KernelInfo* identify(CUfunction handle) noexcept;
  void note_context();
  [[nodiscard]] Seen seen(CUfunction handle);
  [[nodiscard]] Description describe(CUfunction handle, const Seen& seen);
  [[nodiscard]] Identity identity_of(CUfunction handle, const Seen& seen);
  [[nodiscard]] bool ask_driver(CUfunction handle, CUkernel origin, Identity& identity);
  void read_layout(CUfunction handle, Description& description);
  void read_attributes(CUfunction handle, Description& description);
  KernelInfo* publish(CUfunction handle, Description description, std::uint64_t epoch);
  void define(CUfunction handle, const Description& description, const KernelInfo& info);

  Session& session_;
  Loads& loads_;
  const driver::DriverApi& api_;
  regex_t filter_{};
  bool has_filter_ = false;
  const EffectNames effects_;
  std::atomic<std::uint64_t> epoch_{1};
  HandleTable<KernelInfo> table_;
  std::mutex mutex_;  ///< everything below, and writing to table_
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> ids_;  ///< (load, name) -> id
  std::unordered_map<const void*, Lookup> lookups_;
  std::unordered_map<const void*, CUkernel> functions_;
  std::unordered_set<CUcontext> contexts_;  ///< already described in the log
  std::uint32_t next_id_ = 1;
};

}  // namespace fib::recorder
