// SPDX-License-Identifier: Apache-2.0
#include "registry/code/elf_code.h"

#include <elf.h>

#include <cstring>

namespace fib::code {
namespace {

constexpr std::string_view kText = ".text.";
constexpr unsigned kCudaObject = 13;  ///< STT_CUDA_OBJECT: variables of code to be linked

template <class T>
bool read(Bytes bytes, std::uint64_t offset, T& value) noexcept {
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

class Elf {
 public:
  explicit Elf(Bytes bytes) : bytes_(bytes) {}

  /// False if there is no usable table of sections.
  bool open() {
    if (!read(bytes_, 0, header_) || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 ||
        header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_shoff == 0)
      return false;
    Elf64_Shdr first;
    if (header_.e_shentsize != sizeof first || !read(bytes_, header_.e_shoff, first)) return false;
    // Numbers that their fields can't hold are in the first section header.
    count_ = header_.e_shnum != 0 ? header_.e_shnum : first.sh_size;
    if (count_ > (bytes_.size() - header_.e_shoff) / sizeof first) return false;
    const std::size_t names = header_.e_shstrndx != SHN_XINDEX ? header_.e_shstrndx : first.sh_link;
    Elf64_Shdr header;
    return section(names, header) && contents(header, names_);
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint16_t type() const noexcept { return header_.e_type; }

  bool section(std::size_t index, Elf64_Shdr& header) const noexcept {
    return index < count_ && read(bytes_, header_.e_shoff + index * sizeof header, header);
  }
  [[nodiscard]] std::string_view name(const Elf64_Shdr& header) const noexcept {
    return text_at(names_, header.sh_name);
  }
  bool contents(const Elf64_Shdr& header, Bytes& content) const noexcept {
    if (header.sh_type == SHT_NOBITS || header.sh_offset > bytes_.size() ||
        header.sh_size > bytes_.size() - header.sh_offset)
      return false;
    content = bytes_.subspan(header.sh_offset, header.sh_size);
    return true;
  }

  /// Calls `see(name, symbol)` for the symbols of all tables.
  template <typename See>
  void symbols(std::uint32_t type, See see) const {
    for (std::size_t i = 0; i < count_; ++i) {
      Elf64_Shdr table, strings;
      Bytes list, text;
      if (!section(i, table) || table.sh_type != type || !section(table.sh_link, strings) ||
          !contents(strings, text) || !contents(table, list))
        continue;
      Elf64_Sym symbol;
      for (std::size_t at = 0; read(list, at, symbol); at += sizeof symbol)
        see(text_at(text, symbol.st_name), symbol);
    }
  }

 private:
  Bytes bytes_, names_;
  Elf64_Ehdr header_{};
  std::size_t count_ = 0;
};

void add_sections(const Elf& elf, std::vector<KernelText>& to) {
  Elf64_Shdr header;
  for (std::size_t i = 0; i < elf.count(); ++i) {
    if (!elf.section(i, header)) continue;
    const std::string_view name = elf.name(header);
    Bytes text;
    if (name.size() <= kText.size() || !name.starts_with(kText)) continue;
    if (elf.contents(header, text)) to.push_back({name.substr(kText.size()), text});
  }
}

/// Of a shared object: global functions.
void add_functions(const Elf& elf, std::vector<KernelText>& to) {
  elf.symbols(SHT_DYNSYM, [&](std::string_view name, const Elf64_Sym& symbol) {
    Elf64_Shdr header;
    Bytes text;
    if (name.empty() || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
        !elf.section(symbol.st_shndx, header) || !elf.contents(header, text) ||
        symbol.st_value < header.sh_addr)
      return;
    const std::uint64_t offset = symbol.st_value - header.sh_addr;
    if (offset > text.size() || symbol.st_size > text.size() - offset) return;
    to.push_back({name, text.subspan(offset, symbol.st_size)});
  });
}

/// .nv.constant0.<kernel>, which holds parameters, has a second dot; constants 2 and 4 are the
/// compiler's.
bool holds_variables(std::string_view section) noexcept {
  return section.starts_with(".nv.global") || section == ".nv.constant3";
}

}  // namespace

bool is_elf(Bytes bytes) noexcept {
  return bytes.size() >= sizeof(Elf64_Ehdr) && std::memcmp(bytes.data(), ELFMAG, SELFMAG) == 0;
}

bool is_relocatable(Bytes elf) noexcept {
  Elf64_Ehdr header;
  return is_elf(elf) && read(elf, 0, header) && header.e_type == ET_REL;
}

std::vector<KernelText> kernel_texts(Bytes bytes) {
  std::vector<KernelText> kernels;
  Elf elf(bytes);
  if (!elf.open()) return kernels;
  add_sections(elf, kernels);
  if (kernels.empty() && elf.type() == ET_DYN) add_functions(elf, kernels);
  return kernels;
}

std::vector<Variable> variables(Bytes bytes) {
  std::vector<Variable> found;
  Elf elf(bytes);
  if (!elf.open()) return found;
  const auto see = [&](std::string_view name, const Elf64_Sym& symbol) {
    const unsigned type = ELF64_ST_TYPE(symbol.st_info);
    Elf64_Shdr header;
    if ((type != STT_OBJECT && type != kCudaObject) || name.empty() || name.front() == '$') return;
    if (!elf.section(symbol.st_shndx, header) || !holds_variables(elf.name(header))) return;
    found.push_back({std::string(name), symbol.st_size});
  };
  elf.symbols(SHT_SYMTAB, see);
  if (found.empty()) elf.symbols(SHT_DYNSYM, see);
  return found;
}

}  // namespace fib::code
