// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

/// Images as compilers make them, as small as can be.
namespace fib::code::testing {

using Image = std::vector<std::byte>;

inline void append(Image& image, const void* data, std::size_t bytes) {
  const auto* const from = static_cast<const std::byte*>(data);
  image.insert(image.end(), from, from + bytes);
}

/// An ELF file with these sections, and with a symbol for each of `variables` in the section that
/// it is mapped to.
inline Image make_cubin(const std::map<std::string, std::string>& sections,
                        const std::map<std::string, std::string>& variables = {},
                        std::uint16_t type = ET_EXEC) {
  Image image(sizeof(Elf64_Ehdr));
  std::vector<Elf64_Shdr> headers(1);
  std::string names(1, '\0'), strings(1, '\0');
  std::map<std::string, std::uint16_t> index;
  const auto add = [&](const std::string& name, std::uint32_t kind, const std::string& content) {
    Elf64_Shdr header{};
    header.sh_name = static_cast<std::uint32_t>(names.size());
    header.sh_type = kind;
    header.sh_offset = image.size();
    header.sh_size = content.size();
    names += name + '\0';
    append(image, content.data(), content.size());
    index[name] = static_cast<std::uint16_t>(headers.size());
    headers.push_back(header);
  };
  for (const auto& [name, content] : sections) add(name, SHT_PROGBITS, content);
  std::string symbols;
  for (const auto& [name, section] : variables) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<std::uint32_t>(strings.size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
    symbol.st_shndx = index[section];
    symbol.st_size = sections.at(section).size();
    strings += name + '\0';
    symbols.append(reinterpret_cast<const char*>(&symbol), sizeof symbol);
  }
  add(".strtab", SHT_STRTAB, strings);
  add(".symtab", SHT_SYMTAB, symbols);
  headers.back().sh_link = index[".strtab"];
  names += ".shstrtab";
  add("", SHT_STRTAB, names + '\0');
  headers.back().sh_name = static_cast<std::uint32_t>(names.size() - 10);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_type = type;
  header.e_machine = 190;
  header.e_shoff = image.size();
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<std::uint16_t>(headers.size());
  header.e_shstrndx = static_cast<std::uint16_t>(headers.size() - 1);
  append(image, headers.data(), headers.size() * sizeof(Elf64_Shdr));
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

/// One entry of a fatbin.
struct Entry {
  std::uint16_t kind = 2;  ///< 1: PTX
  std::uint32_t sm = 90;
  std::uint64_t flags = 0x11;
  Image stored;
  std::uint64_t raw_bytes = 0;  ///< of compressed ones
};

inline Image make_fatbin(const std::vector<Entry>& entries) {
  Image body;
  for (const Entry& entry : entries) {
    struct {
      std::uint16_t kind, version = 0x101;
      std::uint32_t header_bytes = 64;
      std::uint64_t payload_bytes;
      std::uint32_t compressed_bytes, reserved0 = 0, reserved1 = 0, sm;
      std::uint64_t reserved2 = 0, flags, reserved3 = 0, raw_bytes;
    } header{};
    header.kind = entry.kind;
    header.version = 0x101;
    header.header_bytes = 64;
    header.payload_bytes = entry.stored.size();
    header.compressed_bytes =
        entry.raw_bytes != 0 ? static_cast<std::uint32_t>(entry.stored.size()) : 0;
    header.sm = entry.sm;
    header.flags = entry.flags;
    header.raw_bytes = entry.raw_bytes;
    append(body, &header, sizeof header);
    append(body, entry.stored.data(), entry.stored.size());
  }
  struct {
    std::uint32_t magic = 0xBA55ED50;
    std::uint16_t version = 1, header_bytes = 16;
    std::uint64_t bytes;
  } header{};
  header.magic = 0xBA55ED50;
  header.version = 1;
  header.header_bytes = 16;
  header.bytes = body.size();
  Image image;
  append(image, &header, sizeof header);
  append(image, body.data(), body.size());
  return image;
}

}  // namespace fib::code::testing
