// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dispatch/counters.h"
#include "dispatch/generation.h"
#include "dispatch/image_hashes.h"
#include "driver/driver_api.h"
#include "recorder/handle_table.h"
#include "registry/match/match_table.h"

namespace fib::dispatch {

/// What a launch needs to know of the engine's kernel. Immutable but for the atomics; never freed.
struct KernelEntry {
  std::string name;  ///< mangled
  std::vector<match::ParamSlot> layout;
  bool layout_known = false;
  trace::KernelCounters* counters = nullptr;  ///< never null
  std::atomic<std::uint64_t> epoch{0};
  /// (number of the generation << 32) | number of the rule set in it.
  std::atomic<std::uint64_t> resolved{0};
};

/// Launch handles of the engine -> kernels, identified when they are first seen, by asking the
/// driver. A handle is a CUfunction, or a CUkernel in its place. Any unload or end of a context
/// ends an epoch: handles may be reused after it, so every one is identified anew.
class KernelEntries {
 public:
  KernelEntries(const driver::DriverApi& api, Counters& counters, ImageHashes& images) noexcept
      : api_(api), counters_(counters), images_(images) {}

  /// Hot path. Null when the driver does not tell what the handle is.
  [[nodiscard]] KernelEntry* find(CUfunction handle) noexcept {
    KernelEntry* entry = table_.find(handle);
    if (entry != nullptr && entry->epoch.load(std::memory_order_relaxed) ==
                                epoch_.load(std::memory_order_relaxed)) [[likely]]
      return entry;
    return identify(handle);
  }

  /// Rules of this kernel in this generation; found once, then two loads.
  [[nodiscard]] const match::KernelRules& rules(CUfunction handle, KernelEntry& entry,
                                                Generation& generation, std::size_t gpu) noexcept {
    const std::uint64_t word = entry.resolved.load(std::memory_order_acquire);
    if (word >> 32 == generation.number()) [[likely]]
      return generation.rule_sets()[static_cast<RuleSets::Index>(word)];
    return resolve(handle, entry, generation, gpu);
  }

  /// Before an unload or the end of a context.
  void end_epoch() noexcept { epoch_.fetch_add(1, std::memory_order_relaxed); }

 private:
  KernelEntry* identify(CUfunction handle) noexcept;
  [[nodiscard]] std::unique_ptr<KernelEntry> describe(CUfunction handle);
  [[nodiscard]] bool read_layout(CUfunction handle, bool is_kernel, KernelEntry& entry) const;
  KernelEntry* publish(CUfunction handle, std::unique_ptr<KernelEntry> described,
                       std::uint64_t epoch);
  const match::KernelRules& resolve(CUfunction handle, KernelEntry& entry, Generation& generation,
                                    std::size_t gpu) noexcept;
  [[nodiscard]] match::KernelRules rules_of(CUfunction handle, const KernelEntry& entry,
                                            const Generation& generation, std::size_t gpu);

  const driver::DriverApi& api_;
  Counters& counters_;
  ImageHashes& images_;
  std::atomic<std::uint64_t> epoch_{1};
  recorder::HandleTable<KernelEntry> table_;
  std::mutex mutex_;  ///< writing to table_
};

/// Whether any rule asks for hashes of the engine's code.
[[nodiscard]] bool needs_code(const match::MatchTable& table) noexcept;

}  // namespace fib::dispatch
