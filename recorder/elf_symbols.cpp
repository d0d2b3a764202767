// SPDX-License-Identifier: Apache-2.0
#include <elf.h>

#include <cstring>

#include "recorder/image_symbols.h"

namespace fib::recorder {
namespace {

using Bytes = std::span<const std::byte>;

constexpr unsigned kCudaObject = 13;  ///< STT_CUDA_OBJECT: variables of code to be linked

template <class T>
bool read(Bytes bytes, std::size_t offset, T& value) noexcept {
  if (offset > bytes.size() || bytes.size() - offset < sizeof value) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return true;
}

/// The NUL-terminated text at `offset`; empty if it leaves `bytes`.
std::string_view text_at(Bytes bytes, std::size_t offset) noexcept {
  if (offset >= bytes.size()) return {};
  const auto* text = reinterpret_cast<const char*>(bytes.data() + offset);
  const std::size_t length = strnlen(text, bytes.size() - offset);
  return length < bytes.size() - offset ? std::string_view(text, length) : std::string_view();
}

enum class Holds : char { Nothing, Constants, Variables };

/// .nv.constant0.<kernel>, which holds parameters, has a second dot; .nv.shared is no place.
Holds contents_of(std::string_view section) noexcept {
  constexpr std::string_view kConstant = ".nv.constant";
  if (section.starts_with(".nv.global")) return Holds::Variables;
  if (section.starts_with(kConstant) && section.size() == kConstant.size() + 1)
    return Holds::Constants;
  return Holds::Nothing;
}

class Elf {
 public:
  explicit Elf(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] bool add_symbols(SymbolNames& to) {
    if (!read_sections()) return false;
    // Most images have no variables at all.
    for (const Holds holds : holds_)
      if (holds != Holds::Nothing) return add_tables(to);
    return true;
  }

 private:
  [[nodiscard]] bool section(std::size_t index, Elf64_Shdr& header) const noexcept {
    return index < count_ && read(bytes_, header_.e_shoff + index * sizeof header, header);
  }

  [[nodiscard]] bool contents(const Elf64_Shdr& header, Bytes& content) const noexcept {
    if (header.sh_offset > bytes_.size() || header.sh_size > bytes_.size() - header.sh_offset)
      return false;
    content = bytes_.subspan(header.sh_offset, header.sh_size);
    return true;
  }

  [[nodiscard]] bool read_sections() {
    if (!read(bytes_, 0, header_) || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 ||
        header_.e_ident[EI_CLASS] != ELFCLASS64)
      return false;
    if (header_.e_shoff == 0) return true;
    Elf64_Shdr first;
    if (header_.e_shentsize != sizeof first || !read(bytes_, header_.e_shoff, first)) return false;
    // Numbers that their fields can't hold are in the first section header.
    count_ = header_.e_shnum != 0 ? header_.e_shnum : first.sh_size;
    if (count_ > (bytes_.size() - header_.e_shoff) / sizeof first) return false;
    const std::size_t names = header_.e_shstrndx != SHN_XINDEX ? header_.e_shstrndx : first.sh_link;
    Elf64_Shdr header;
    Bytes text;
    if (!section(names, header) || !contents(header, text)) return false;
    holds_.resize(count_);
    for (std::size_t i = 0; i < count_; ++i)
      if (section(i, header)) holds_[i] = contents_of(text_at(text, header.sh_name));
    return true;
  }

  [[nodiscard]] bool add_tables(SymbolNames& to) {
    bool complete = true;
    for (std::size_t i = 0; i < count_; ++i) {
      Elf64_Shdr table, strings;
      if (!section(i, table) || (table.sh_type != SHT_SYMTAB && table.sh_type != SHT_DYNSYM))
        continue;
      Bytes symbols, text;
      if (section(table.sh_link, strings) && contents(strings, text) && contents(table, symbols))
        add_table(symbols, text, to);
      else
        complete = false;
    }
    return complete;
  }

  void add_table(Bytes symbols, Bytes text, SymbolNames& to) const {
    Elf64_Sym symbol;
    for (std::size_t at = 0; read(symbols, at, symbol); at += sizeof symbol) {
      const unsigned type = ELF64_ST_TYPE(symbol.st_info);
      if ((type != STT_OBJECT && type != kCudaObject) || symbol.st_shndx >= holds_.size()) continue;
      const Holds holds = holds_[symbol.st_shndx];
      const std::string_view name = text_at(text, symbol.st_name);
      // "$str" and the like are texts that the compiler placed there.
      if (holds == Holds::Nothing || name.empty() || name.front() == '$') continue;
      to.push_back({std::string(name), holds == Holds::Variables});
    }
  }

  Bytes bytes_;
  Elf64_Ehdr header_{};
  std::size_t count_ = 0;
  std::vector<Holds> holds_;  ///< by section
};

}  // namespace

bool elf_symbols(std::span<const std::byte> elf, SymbolNames& to) {
  return Elf(elf).add_symbols(to);
}

}  // namespace fib::recorder
