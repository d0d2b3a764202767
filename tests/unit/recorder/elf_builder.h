// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace fib::recorder::test {

/// A 64-bit ELF file with named sections and one symbol table, as nvcc writes them.
class ElfBuilder {
 public:
  struct Symbol {
    std::string name, section;
    unsigned type = STT_OBJECT;
  };

  /// Sections come into being with their first symbol.
  ElfBuilder& add(const std::string& name, const std::string& section, unsigned type = STT_OBJECT) {
    Elf64_Sym symbol{};
    symbol.st_name = add_text(strings_, name);
    symbol.st_info = static_cast<unsigned char>(ELF64_ST_INFO(STB_LOCAL, type));
    symbol.st_shndx = section.empty() ? Elf64_Half{SHN_UNDEF} : index_of(section);
    symbol.st_size = 4;
    symbols_.push_back(symbol);
    return *this;
  }

  [[nodiscard]] std::vector<std::byte> build() const {
    std::vector<Elf64_Shdr> headers(1);
    std::string names(1, '\0'), body(sizeof(Elf64_Ehdr), '\0');
    const auto section = [&](const std::string& name, unsigned type, std::string_view content,
                             unsigned link = 0) {
      Elf64_Shdr header{};
      header.sh_name = add_text(names, name);
      header.sh_type = type;
      header.sh_offset = body.size();
      header.sh_size = content.size();
      header.sh_link = link;
      body.append(content);
      body.resize((body.size() + 7) / 8 * 8, '\0');
      headers.push_back(header);
    };
    for (const std::string& name : sections_) section(name, SHT_PROGBITS, "datadata");
    section(".strtab", SHT_STRTAB, strings_);
    section(".symtab", SHT_SYMTAB,
            {reinterpret_cast<const char*>(symbols_.data()), symbols_.size() * sizeof(Elf64_Sym)},
            static_cast<unsigned>(headers.size() - 1));
    names += std::string(".shstrtab") + '\0';
    section(".shstrtab", SHT_STRTAB, names + std::string(".shstrtab") + '\0');
    return finish(headers, body);
  }

 private:
  static Elf64_Word add_text(std::string& to, const std::string& text) {
    const auto at = static_cast<Elf64_Word>(to.size());
    to += text + '\0';
    return at;
  }
  Elf64_Half index_of(const std::string& section) {
    for (std::size_t i = 0; i < sections_.size(); ++i)
      if (sections_[i] == section) return static_cast<Elf64_Half>(i + 1);
    sections_.push_back(section);
    return static_cast<Elf64_Half>(sections_.size());
  }
  static std::vector<std::byte> finish(const std::vector<Elf64_Shdr>& headers, std::string body) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_shoff = body.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(headers.size());
    header.e_shstrndx = static_cast<Elf64_Half>(headers.size() - 1);
    std::memcpy(body.data(), &header, sizeof header);
    body.append(reinterpret_cast<const char*>(headers.data()), headers.size() * sizeof(Elf64_Shdr));
    const auto bytes = std::as_bytes(std::span(body));
    return {bytes.begin(), bytes.end()};
  }

  std::string strings_ = std::string(1, '\0');
  std::vector<Elf64_Sym> symbols_ = std::vector<Elf64_Sym>(1);
  std::vector<std::string> sections_;
};

}  // namespace fib::recorder::test
