// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <link.h>

#include <cstdint>
#include <string_view>

namespace fib::shim {

/// A loaded ELF object, seen through its dynamic section. Finding symbols this way calls nothing that
/// can allocate, lock for long, change dlerror()'s text or come back into our own dlsym.
class ElfObject {
 public:
  ElfObject() = default;
  explicit ElfObject(const dl_phdr_info& info) noexcept;

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
  [[nodiscard]] const ElfW(Sym)* find_gnu(const char* name) const noexcept;
  [[nodiscard]] const ElfW(Sym)* find_sysv(const char* name) const noexcept;
  [[nodiscard]] bool is_it(std::uint32_t index, const char* name) const noexcept;

  std::uintptr_t base_ = 0, begin_ = 0, end_ = 0;
  std::string_view name_;
  const ElfW(Sym)* symbols_ = nullptr;
  const char* strings_ = nullptr;
  const std::uint16_t* versions_ = nullptr;
  const std::uint32_t* gnu_hash_ = nullptr;
  const std::uint32_t* sysv_hash_ = nullptr;
};

/// First object, in load order, for which accept(object) is true; otherwise an invalid one.
template <class Accept>
ElfObject find_object(Accept&& accept) noexcept {
  struct Search {
    Accept& accept;
    ElfObject found;
  } search{accept, {}};
  dl_iterate_phdr(
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
