// SPDX-License-Identifier: Apache-2.0
//
// The unwinder that is linked into us statically looks up frames by glibc's _dl_find_object, which
// exists from 2.35 on only. This definition of our own, which nobody outside sees, keeps us
// loadable on 2.34. Interface: glibc manual, "Dynamic Linker Introspection".
#include <dlfcn.h>
#include <link.h>

#include <cstdint>

#if !__GLIBC_PREREQ(2, 35)
/// As later versions define it for x86-64.
struct dl_find_object {
  unsigned long long int dlfo_flags;
  void* dlfo_map_start;
  void* dlfo_map_end;
  link_map* dlfo_link_map;
  void* dlfo_eh_frame;
  unsigned long long int dlfo_reserved[7];
};
#endif

namespace {

using FoundObject = struct dl_find_object;

struct Search {
  std::uintptr_t address;
  FoundObject* result;
};

int look_at(dl_phdr_info* object, std::size_t, void* context) noexcept {
  const auto& search = *static_cast<Search*>(context);
  std::uintptr_t begin = ~std::uintptr_t{0}, end = 0, eh_frame = 0;
  bool inside = false;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    const std::uintptr_t start = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_EH_FRAME) eh_frame = start;
    if (segment.p_type != PT_LOAD) continue;
    begin = start < begin ? start : begin;
    end = start + segment.p_memsz > end ? start + segment.p_memsz : end;
    inside = inside || (search.address >= start && search.address < start + segment.p_memsz);
  }
  if (!inside || eh_frame == 0) return 0;
  *search.result = {};
  search.result->dlfo_map_start = reinterpret_cast<void*>(begin);
  search.result->dlfo_map_end = reinterpret_cast<void*>(end);
  search.result->dlfo_eh_frame = reinterpret_cast<void*>(eh_frame);
  return 1;
}

}  // namespace

extern "C" __attribute__((visibility("hidden"))) int _dl_find_object(void* address,
                                                                     FoundObject* result) noexcept {
  Search search{reinterpret_cast<std::uintptr_t>(address), result};
  return dl_iterate_phdr(look_at, &search) == 1 ? 0 : -1;
}
