// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/elf_symbol.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <cstring>

namespace fib::bench {
namespace {

struct SymbolTable {
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  const std::uint32_t* gnu_hash = nullptr;
};

SymbolTable symbol_table(const link_map& library) {
  SymbolTable table;
  for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) {
    // glibc on x86-64 has already added the load address to these.
    const void* address = reinterpret_cast<const void*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_SYMTAB) table.symbols = static_cast<const ElfW(Sym)*>(address);
    if (entry->d_tag == DT_STRTAB) table.names = static_cast<const char*>(address);
    if (entry->d_tag == DT_GNU_HASH) table.gnu_hash = static_cast<const std::uint32_t*>(address);
  }
  return table;
}

std::uint32_t gnu_hash_of(const char* name) {
  std::uint32_t hash = 5381;
  for (; *name; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

const ElfW(Sym) * find(const SymbolTable& table, const char* name) {
  const std::uint32_t buckets = table.gnu_hash[0], first = table.gnu_hash[1];
  const std::uint32_t bloom_words = table.gnu_hash[2];
  const std::uint32_t* bucket = table.gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / 4);
  const std::uint32_t* chain = bucket + buckets;
  const std::uint32_t hash = gnu_hash_of(name);
  std::uint32_t i = bucket[hash % buckets];
  if (i < first) return nullptr;
  for (;; ++i) {
    const std::uint32_t entry = chain[i - first];
    const auto* symbol = table.symbols + i;
    if ((entry | 1) == (hash | 1) && std::strcmp(table.names + symbol->st_name, name) == 0) {
      return symbol;
    }
    if (entry & 1) return nullptr;  // end of this bucket
  }
}

}  // namespace

void* exported_symbol(void* handle, const char* name) {
  const link_map* library = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &library) != 0) return nullptr;
  const SymbolTable table = symbol_table(*library);
  if (!table.symbols || !table.names || !table.gnu_hash) return nullptr;
  const ElfW(Sym)* symbol = find(table, name);
  if (!symbol || symbol->st_shndx == SHN_UNDEF) return nullptr;
  return reinterpret_cast<void*>(library->l_addr + symbol->st_value);
}

}  // namespace fib::bench
