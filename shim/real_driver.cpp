// SPDX-License-Identifier: Apache-2.0
//
// Runs inside dlsym, possibly before a sanitizer runtime has set itself up: compiled without
// instrumentation (shim/CMakeLists.txt).
#include "shim/real_driver.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <cstdlib>
#include <string_view>

#include "recorder/rt_log.h"
#include "shim/disable.h"
#include "shim/elf_object.h"

namespace fib::shim {

std::atomic<const RealDriver*> g_real{nullptr};

namespace {

using recorder::say;

/// Our exported symbols, which are the wrappers (entry.S).
constexpr std::size_t kApiCount = driver::kApiCount;
void* wrapper_address(std::size_t i) noexcept {
  static void* const kWrappers[kApiCount] = {
#define FIB_HOOK(symbol, args) reinterpret_cast<void*>(&::symbol),
#define FIB_CALL(symbol, args) reinterpret_cast<void*>(&::symbol),
#define FIB_USE(symbol) nullptr,
#include "driver/driver_api.def"
  };
  return kWrappers[i];
}

std::size_t first_slot(const void* address) noexcept {
  return (reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15ull >> 32) &
         (RealDriver::kSlots - 1);
}

bool is_libcuda(std::string_view name) noexcept { return starts_with(name, "libcuda.so"); }

ElfObject find_libcuda() noexcept {
  // cuInit tells the driver from a stub or a file that is only named like it.
  return find_object([](const ElfObject& object) noexcept {
    return is_libcuda(object.name()) && object.find("cuInit") != nullptr;
  });
}

void fill(RealDriver& real, const ElfObject& libcuda) noexcept {
  for (std::size_t i = 0; i < kApiCount; ++i) {
    void* address = libcuda.find(driver::kApiInfo[i].name);
    real.api.slots()[i] = address;
    if (address == nullptr || wrapper_address(i) == nullptr) continue;
    std::size_t slot = first_slot(address);
    while (real.slots[slot].real != nullptr && real.slots[slot].real != address)
      slot = (slot + 1) & (RealDriver::kSlots - 1);
    // Aliases within the driver behave the same, so the first name serves for all.
    if (real.slots[slot].real == nullptr) real.slots[slot] = {address, wrapper_address(i)};
  }
}

/// Resolves `name` in libc (or, before glibc 2.34, in libdl).
void* find_in_libc(const char* name) noexcept {
  for (const char* library : {"libc.so.6", "libdl.so.2"}) {
    const ElfObject object =
        find_object([&](const ElfObject& o) noexcept { return same(o.name(), library); });
    if (void* found = object.valid() ? object.find(name) : nullptr; found != nullptr) return found;
  }
  return nullptr;
}

/// Another library of this process that interposes dlsym behind us, if any.
void* find_other_dlsym() noexcept {
  static const char kAnchor = 0;
  bool behind_us = false;
  void* found = nullptr;
  std::string_view name;
  find_object([&](const ElfObject& object) noexcept {
    if (object.contains(&kAnchor))
      behind_us = true;
    else if (behind_us && !starts_with(object.name(), "ld-") && !same(object.name(), "libc.so.6") &&
             !same(object.name(), "libdl.so.2"))
      found = object.find("dlsym");
    if (found != nullptr) name = object.name();
    return found != nullptr || same(object.name(), "libc.so.6");
  });
  if (found == nullptr) return nullptr;
  const char* chain = std::getenv("FIBSHIM_CHAIN");
  const bool chained = chain != nullptr && chain[0] == '1';
  if (is_wanted())
    say("%.*s interposes dlsym too; %s", static_cast<int>(name.size()), name.data(),
        chained ? "lookups go through it (FIBSHIM_CHAIN=1)"
                : "its substitutions are bypassed (FIBSHIM_CHAIN=1 forwards lookups to it)");
  return chained ? found : nullptr;
}

/// Found once; finding it twice at the same time gives the same answer.
template <class Function>
Function once(std::atomic<Function>& cache, const char* name) noexcept {
  Function known = cache.load(std::memory_order_relaxed);
  if (known == nullptr) {
    known = reinterpret_cast<Function>(find_in_libc(name));
    cache.store(known, std::memory_order_relaxed);
  }
  return known;
}

}  // namespace

void* RealDriver::wrapper_of(void* address) const noexcept {
  for (std::size_t i = first_slot(address);; i = (i + 1) & (kSlots - 1)) {
    if (slots[i].real == address) return address == nullptr ? nullptr : slots[i].ours;
    if (slots[i].real == nullptr) return address;
  }
}

const RealDriver* real_driver_if_loaded() noexcept {
  if (const RealDriver* known = g_real.load(std::memory_order_acquire)) return known;
  const ElfObject libcuda = find_libcuda();
  if (!libcuda.valid()) return nullptr;
  void* memory =
      mmap(nullptr, sizeof(RealDriver), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* mine = static_cast<RealDriver*>(memory);
  fill(*mine, libcuda);
  const RealDriver* expected = nullptr;
  if (g_real.compare_exchange_strong(expected, mine, std::memory_order_acq_rel)) return mine;
  munmap(memory, sizeof(RealDriver));  // another thread was faster
  return expected;
}

const RealDriver* real_driver() noexcept {
  if (const RealDriver* loaded = real_driver_if_loaded()) return loaded;
  const DlopenFunction open = real_dlopen();
  if (open == nullptr || open("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) == nullptr) return nullptr;
  return real_driver_if_loaded();
}

DlsymFunction real_dlsym() noexcept {
  static std::atomic<DlsymFunction> cache{nullptr};
  DlsymFunction known = cache.load(std::memory_order_relaxed);
  if (known != nullptr) return known;
  void* other = find_other_dlsym();
  known = reinterpret_cast<DlsymFunction>(other != nullptr ? other : find_in_libc("dlsym"));
  cache.store(known, std::memory_order_relaxed);
  return known;
}

DlopenFunction real_dlopen() noexcept {
  static std::atomic<DlopenFunction> cache{nullptr};
  return once(cache, "dlopen");
}

DlmopenFunction real_dlmopen() noexcept {
  static std::atomic<DlmopenFunction> cache{nullptr};
  return once(cache, "dlmopen");
}

ExitFunction real_exit() noexcept {
  static std::atomic<ExitFunction> cache{nullptr};
  return once(cache, "_exit");
}

bool is_driver_side(const void* address) noexcept {
  return find_object([&](const ElfObject& object) noexcept {
           const std::string_view name = object.name();
           return (is_libcuda(name) || starts_with(name, "libnvidia-") ||
                   starts_with(name, "libcupti.so") || starts_with(name, "libfibaudit.so")) &&
                  object.contains(address);
         })
      .valid();
}

void* driver_symbol_behind(const void* caller, const char* name) noexcept {
  bool behind = false;
  void* first = nullptr;
  find_object([&](const ElfObject& object) noexcept {
    if (behind)
      first = object.find(name);
    else
      behind = object.contains(caller);
    return first != nullptr;
  });
  const RealDriver* real = first != nullptr ? real_driver_if_loaded() : nullptr;
  if (real == nullptr) return nullptr;
  void* ours = real->wrapper_of(first);
  return ours != first ? ours : nullptr;
}

bool is_other_driver(const RealDriver& real, const void* address) noexcept {
  const auto* ours = reinterpret_cast<const void*>(real.api.cuInit);
  return find_object([&](const ElfObject& object) noexcept {
           return is_libcuda(object.name()) && object.contains(address) && !object.contains(ours);
         })
      .valid();
}

}  // namespace fib::shim
