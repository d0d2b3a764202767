// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <link.h>

#include <cstdint>
#include <string_view>

namespace fib::shim {

/// Comparisons that call nothing: memcmp and strcmp may be a sanitizer's, and not ready yet.
[[gnu::always_inline]] inline bool starts_with(std::string_view text, const char* prefix) noexcept {
  std::size_t i = 0;
  for (; i < text.size() && prefix[i] != '\0' && text[i] == prefix[i]; ++i) {
  }
  return prefix[i] == '\0';
}
[[gnu::always_inline]] inline bool same(std::string_view text, const char* other) noexcept {
  std::size_t i = 0;
  for (; i < text.size() && text[i] == other[i]; ++i) {
  }  // stops at the end of `other`, too
  return i == text.size() && other[i] == '\0';
}

/// A loaded ELF object, seen through its dynamic section. Finding symbols this way calls nothing
/// that can allocate, lock for long, change dlerror()'s text or come back into our own dlsym.
class ElfObject {
 public:
  ElfObject() = default;
  explicit ElfObject(const dl_phdr_info& info) noexcept;
  /// Without the object's extent: contains() is false for every address.
  explicit ElfObject(const link_map& map) noexcept;

  /// Address of a defined, default-version symbol, or null.
  [[nodiscard]] void* find(const char* name) const noexcept;
  [[nodiscard]] bool contains(const void* address) const noexcept {
    const auto a = reinterpret_cast<std::uintptr_t>(address);
    return a >= begin_ && a < end_;
  }
  /// Last part of the path it was loaded from; "" for the program itself.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] bool valid() const noexcept { return symbols_ != nullptr && strings_ != nullptr; }

 private:
  void read_dynamic(const ElfW(Dyn) * dynamic) noexcept;
  [[nodiscard]] const ElfW(Sym) * find_gnu(const char* name) const noexcept;
  [[nodiscard]] const ElfW(Sym) * find_sysv(const char* name) const noexcept;
  [[nodiscard]] bool is_it(std::uint32_t index, const char* name) const noexcept;

  std::uintptr_t base_ = 0, begin_ = 0, end_ = 0;
  std::string_view name_;
  const ElfW(Sym) * symbols_ = nullptr;
  const char* strings_ = nullptr;
  const std::uint16_t* versions_ = nullptr;
  const std::uint32_t* gnu_hash_ = nullptr;
  const std::uint32_t* sysv_hash_ = nullptr;
};

/// libc's own dl_iterate_phdr: what stands in for it, a sanitizer for example, may not be ready
/// yet.
using IteratePhdr = int (*)(int (*)(dl_phdr_info*, std::size_t, void*), void*);
[[nodiscard]] IteratePhdr real_iterate_phdr() noexcept;

/// First object, in load order, for which accept(object) is true; otherwise an invalid one.
template <class Accept>
ElfObject find_object(Accept&& accept) noexcept {
  struct Search {
    Accept& accept;
    ElfObject found;
  } search{accept, {}};
  const IteratePhdr iterate = real_iterate_phdr();
  if (iterate == nullptr) return {};
  iterate(
      [](dl_phdr_info* info, std::size_t, void* context) noexcept -> int {
        auto& s = *static_cast<Search*>(context);
        const ElfObject object(*info);
        if (!object.valid() || !s.accept(object)) return 0;
        s.found = object;
        return 1;
      },
      &search);
  return search.found;
}

}  // namespace fib::shim
