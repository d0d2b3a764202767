// SPDX-License-Identifier: Apache-2.0
//
// Runs inside dlsym, possibly before a sanitizer runtime has set itself up: compiled without
// instrumentation (shim/CMakeLists.txt).
#include "shim/elf_object.h"

#include <atomic>

namespace fib::shim {
namespace {

/// glibc relocates most d_ptr values in place, other loaders (and the vDSO) do not.
template <class T>
const T* pointer(std::uintptr_t base, std::uintptr_t value) noexcept {
  return reinterpret_cast<const T*>(value < base ? value + base : value);
}

std::uint32_t gnu_hash(const char* name) noexcept {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

std::uint32_t sysv_hash(const char* name) noexcept {
  std::uint32_t hash = 0;
  for (; *name != '\0'; ++name) {
    hash = (hash << 4) + static_cast<unsigned char>(*name);
    const std::uint32_t high = hash & 0xf0000000u;
    hash = (hash ^ (high >> 24)) & ~high;
  }
  return hash;
}

bool equal(const char* a, const char* b) noexcept {
  for (; *a != '\0' && *a == *b; ++a, ++b) {
  }
  return *a == *b;
}

std::string_view last_part(const char* path) noexcept {
  if (path == nullptr) return {};
  const char* begin = path;
  const char* end = path;
  for (; *end != '\0'; ++end)
    if (*end == '/') begin = end + 1;
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

ElfObject::ElfObject(const dl_phdr_info& info) noexcept
    : base_(info.dlpi_addr), name_(last_part(info.dlpi_name)) {
  const ElfW(Dyn)* dynamic = nullptr;
  begin_ = ~std::uintptr_t{0};
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    const std::uintptr_t start = base_ + segment.p_vaddr;
    if (segment.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(start);
    if (segment.p_type != PT_LOAD) continue;
    if (start < begin_) begin_ = start;
    if (start + segment.p_memsz > end_) end_ = start + segment.p_memsz;
  }
  read_dynamic(dynamic);
}

ElfObject::ElfObject(const link_map& map) noexcept
    : base_(map.l_addr), name_(last_part(map.l_name)) {
  read_dynamic(map.l_ld);
}

void ElfObject::read_dynamic(const ElfW(Dyn) * dynamic) noexcept {
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    const std::uintptr_t value = dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_SYMTAB) symbols_ = pointer<ElfW(Sym)>(base_, value);
    if (dynamic->d_tag == DT_STRTAB) strings_ = pointer<char>(base_, value);
    if (dynamic->d_tag == DT_VERSYM) versions_ = pointer<std::uint16_t>(base_, value);
    if (dynamic->d_tag == DT_GNU_HASH) gnu_hash_ = pointer<std::uint32_t>(base_, value);
    if (dynamic->d_tag == DT_HASH) sysv_hash_ = pointer<std::uint32_t>(base_, value);
  }
}

bool ElfObject::is_it(std::uint32_t index, const char* name) const noexcept {
  constexpr std::uint16_t kHidden = 0x8000;  // an old version of the symbol
  const ElfW(Sym)& symbol = symbols_[index];
  return symbol.st_shndx != SHN_UNDEF &&
         (versions_ == nullptr || (versions_[index] & kHidden) == 0) &&
         equal(strings_ + symbol.st_name, name);
}

/// https://flapenguin.me/elf-dt-gnu-hash describes the layout: header, Bloom filter, buckets,
/// chains.
const ElfW(Sym) * ElfObject::find_gnu(const char* name) const noexcept {
  const std::uint32_t bucket_count = gnu_hash_[0], first = gnu_hash_[1], bloom_words = gnu_hash_[2];
  if (bucket_count == 0) return nullptr;
  const std::uint32_t* buckets = gnu_hash_ + 4 + bloom_words * (sizeof(ElfW(Addr)) / 4);
  const std::uint32_t* chains = buckets + bucket_count;
  const std::uint32_t hash = gnu_hash(name);
  std::uint32_t index = buckets[hash % bucket_count];
  if (index < first) return nullptr;
  for (;; ++index) {
    const std::uint32_t entry = chains[index - first];
    if ((entry | 1) == (hash | 1) && is_it(index, name)) return &symbols_[index];
    if ((entry & 1) != 0) return nullptr;  // end of the chain
  }
}

const ElfW(Sym) * ElfObject::find_sysv(const char* name) const noexcept {
  const std::uint32_t bucket_count = sysv_hash_[0];
  if (bucket_count == 0) return nullptr;
  const std::uint32_t* buckets = sysv_hash_ + 2;
  const std::uint32_t* chains = buckets + bucket_count;
  for (std::uint32_t i = buckets[sysv_hash(name) % bucket_count]; i != STN_UNDEF; i = chains[i])
    if (is_it(i, name)) return &symbols_[i];
  return nullptr;
}

IteratePhdr real_iterate_phdr() noexcept {
  static std::atomic<IteratePhdr> cache{nullptr};
  IteratePhdr known = cache.load(std::memory_order_relaxed);
  if (known != nullptr) return known;
  // The list's head, up to libc, does not change once the program has started.
  for (const link_map* map = _r_debug.r_map; map != nullptr && known == nullptr;
       map = map->l_next) {
    const ElfObject object(*map);
    if (object.valid() && same(object.name(), "libc.so.6"))
      known = reinterpret_cast<IteratePhdr>(object.find("dl_iterate_phdr"));
  }
  cache.store(known, std::memory_order_relaxed);
  return known;
}

void* ElfObject::find(const char* name) const noexcept {
  const ElfW(Sym)* symbol = gnu_hash_ != nullptr    ? find_gnu(name)
                            : sysv_hash_ != nullptr ? find_sysv(name)
                                                    : nullptr;
  if (symbol == nullptr) return nullptr;
  return reinterpret_cast<void*>(base_ + symbol->st_value);
}

}  // namespace fib::shim
