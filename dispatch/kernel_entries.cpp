// SPDX-License-Identifier: Apache-2.0
#include "dispatch/kernel_entries.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>

#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

/// More parameters than 32,764 bytes can hold: the driver's answers make no sense.
constexpr std::size_t kMaxParams = 8192;
constexpr std::size_t kMaxParamBytes = 64 * 1024;

struct Free {
  void operator()(char* text) const noexcept { std::free(text); }
};
using Text = std::unique_ptr<char, Free>;

Text demangle(const std::string& name) {
  int status = 0;
  return Text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status));
}

bool asks_for_code(const match::MatchTable& table) {
  for (std::size_t i = 0; i < table.rules(); ++i)
    if (const match::CompiledRule& rule = table.rule(static_cast<std::uint16_t>(i));
        rule.needs_code())
      return true;
  return false;
}

/// Whether a rule of this kernel's name asks for hashes, which may take long to find.
bool asks_for_code(const match::MatchTable& table, const match::KernelIdentity& kernel) {
  for (std::size_t i = 0; i < table.rules(); ++i) {
    const match::CompiledRule& rule = table.rule(static_cast<std::uint16_t>(i));
    const char* const name = rule.demangled ? kernel.demangled : kernel.name;
    if (rule.needs_code() && name != nullptr && rule.pattern.matches(name)) return true;
  }
  return false;
}

}  // namespace

bool needs_code(const match::MatchTable& table) noexcept { return asks_for_code(table); }

bool KernelEntries::read_layout(CUfunction handle, bool is_kernel, KernelEntry& entry) const {
  const bool can_ask =
      is_kernel ? api_.cuKernelGetParamInfo != nullptr : api_.cuFuncGetParamInfo != nullptr;
  CUresult rc = can_ask ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED;
  std::size_t end = 0;
  for (std::size_t i = 0; rc == CUDA_SUCCESS && i < kMaxParams; ++i) {
    std::size_t offset = 0, bytes = 0;
    rc = is_kernel
             ? api_.cuKernelGetParamInfo(reinterpret_cast<CUkernel>(handle), i, &offset, &bytes)
             : api_.cuFuncGetParamInfo(handle, i, &offset, &bytes);
    if (rc != CUDA_SUCCESS) break;
    entry.layout.push_back({static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(bytes)});
    end = std::max(end, offset + bytes);
  }
  // The driver ends the list by INVALID_VALUE.
  return rc == CUDA_ERROR_INVALID_VALUE && end <= kMaxParamBytes;
}

std::unique_ptr<KernelEntry> KernelEntries::describe(CUfunction handle) {
  const char* name = nullptr;
  bool is_kernel = false;
  if (api_.cuFuncGetName == nullptr || api_.cuFuncGetName(&name, handle) != CUDA_SUCCESS) {
    is_kernel = api_.cuKernelGetName != nullptr &&
                api_.cuKernelGetName(&name, reinterpret_cast<CUkernel>(handle)) == CUDA_SUCCESS;
    if (!is_kernel) return nullptr;
  }
  if (name == nullptr) return nullptr;
  auto entry = std::make_unique<KernelEntry>();
  entry->name = name;
  entry->layout_known = read_layout(handle, is_kernel, *entry);
  if (!entry->layout_known) entry->layout.clear();
  return entry;
}

KernelEntry* KernelEntries::publish(CUfunction handle, std::unique_ptr<KernelEntry> described,
                                    std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  KernelEntry* entry = table_.find(handle);
  const bool same =
      entry != nullptr && entry->name == described->name && entry->layout == described->layout;
  if (!same) {
    entry = described.get();
    entry->counters = counters_.kernel(entry->name);
    entry->epoch.store(epoch, std::memory_order_relaxed);
    table_.set(handle, entry);
    (void)described.release();  // for ever: see HandleTable
    return entry;
  }
  entry->resolved.store(0, std::memory_order_relaxed);  // other code may have the same name
  entry->epoch.store(epoch, std::memory_order_relaxed);
  return entry;
}

KernelEntry* KernelEntries::identify(CUfunction handle) noexcept try {
  if (handle == nullptr) return nullptr;
  // Read before the driver is asked: an unload in between makes the answer stale at once. The
  // driver is asked without our mutex, because it has locks of its own.
  const std::uint64_t epoch = epoch_.load(std::memory_order_relaxed);
  std::unique_ptr<KernelEntry> described = describe(handle);
  return described != nullptr ? publish(handle, std::move(described), epoch) : nullptr;
} catch (...) {
  recorder::say("out of memory: a kernel can't be identified, and stays as it is");
  return nullptr;
}

const match::KernelRules& KernelEntries::resolve(CUfunction handle, KernelEntry& entry,
                                                 Generation& generation, std::size_t gpu) noexcept {
  RuleSets::Index number = 0;
  try {
    number = generation.rule_sets().add(rules_of(handle, entry, generation, gpu));
  } catch (...) {
    recorder::say("out of memory: kernel %.200s stays as it is", entry.name.c_str());
  }
  entry.resolved.store(std::uint64_t{generation.number()} << 32 | number,
                       std::memory_order_release);
  return generation.rule_sets()[number];
}

match::KernelRules KernelEntries::rules_of(CUfunction handle, const KernelEntry& entry,
                                           const Generation& generation, std::size_t gpu) {
  const match::MatchTable& table = generation.table();
  match::KernelIdentity kernel;
  kernel.name = entry.name.c_str();
  if (entry.layout_known) kernel.layout = entry.layout;
  const Text demangled = table.needs_demangled() ? demangle(entry.name) : nullptr;
  kernel.demangled = demangled.get();
  if (asks_for_code(table, kernel)) {
    const ImageHashes::Hashes hashes = images_.of(handle, entry.name, generation.gpu(gpu));
    kernel.image = hashes.image;
    kernel.code = hashes.code;
  }
  return table.resolve(kernel);
}

}  // namespace fib::dispatch
