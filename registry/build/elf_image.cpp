// SPDX-License-Identifier: Apache-2.0
#include "registry/build/elf_image.h"

#include <algorithm>

namespace fib::build {
namespace {

/// The NUL-terminated text at `offset`; empty if it leaves `bytes`.
std::string_view text_at(Bytes bytes, std::size_t offset) noexcept {
  if (offset >= bytes.size()) return {};
  const auto* const text = reinterpret_cast<const char*>(bytes.data() + offset);
  const std::size_t room = bytes.size() - offset, length = strnlen(text, room);
  return length < room ? std::string_view(text, length) : std::string_view();
}

bool content_of(Bytes bytes, const Elf64_Shdr& header, Bytes& content) noexcept {
  if (header.sh_type == SHT_NOBITS || header.sh_type == SHT_NULL) return true;
  if (header.sh_offset > bytes.size() || header.sh_size > bytes.size() - header.sh_offset)
    return false;
  content = bytes.subspan(header.sh_offset, header.sh_size);
  return true;
}

}  // namespace

bool ElfImage::parse(Bytes bytes) {
  sections_.clear();
  return read_at(bytes, 0, header_) && std::memcmp(header_.e_ident, ELFMAG, SELFMAG) == 0 &&
         header_.e_ident[EI_CLASS] == ELFCLASS64 && header_.e_ident[EI_DATA] == ELFDATA2LSB &&
         read_sections(bytes);
}

bool ElfImage::read_sections(Bytes bytes) {
  Elf64_Shdr first;
  if (header_.e_shentsize != sizeof first || !read_at(bytes, header_.e_shoff, first)) return false;
  // Numbers that their fields can't hold are in the first section header.
  const std::size_t count = header_.e_shnum != 0 ? header_.e_shnum : first.sh_size;
  const std::uint64_t segments = std::uint64_t{header_.e_phnum} * header_.e_phentsize;
  if (header_.e_phoff > bytes.size() || segments > bytes.size() - header_.e_phoff) return false;
  const std::size_t names = header_.e_shstrndx != SHN_XINDEX ? header_.e_shstrndx : first.sh_link;
  if (count > (bytes.size() - header_.e_shoff) / sizeof first || names >= count) return false;
  sections_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Section& section = sections_[i];
    if (!read_at(bytes, header_.e_shoff + i * sizeof first, section.header) ||
        !content_of(bytes, section.header, section.content)) {
      return false;
    }
  }
  for (Section& section : sections_) {
    section.name = text_at(sections_[names].content, section.header.sh_name);
  }
  return true;
}

const ElfImage::Section* ElfImage::section(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [&](const Section& section) { return section.name == name; });
  return found != sections_.end() ? &*found : nullptr;
}

std::vector<ElfImage::Symbol> ElfImage::symbols() const {
  std::vector<Symbol> symbols;
  const auto table = std::find_if(sections_.begin(), sections_.end(), [](const Section& section) {
    return section.header.sh_type == SHT_SYMTAB;
  });
  if (table == sections_.end() || table->header.sh_link >= sections_.size()) return symbols;
  const Bytes names = sections_[table->header.sh_link].content;
  Symbol symbol;
  for (std::size_t at = 0; read_at(table->content, at, symbol.entry); at += sizeof symbol.entry) {
    symbol.name = text_at(names, symbol.entry.st_name);
    symbols.push_back(symbol);
  }
  return symbols;
}

}  // namespace fib::build
