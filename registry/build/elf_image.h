// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>
#include <cstdint>

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace fib::build {

using Bytes = std::span<const std::byte>;

/// Copies a T out of `bytes`; false if it is not all there.
template <class T>
[[nodiscard]] bool read_at(Bytes bytes, std::size_t offset, T& value) noexcept {
  if (offset > bytes.size() || bytes.size() - offset < sizeof value) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return true;
}

/// A 64-bit ELF file in memory, borrowed. Nothing outside the bytes is read.
class ElfImage {
 public:
  struct Section {
    std::string_view name;
    Elf64_Shdr header{};
    Bytes content;  ///< empty for sections without bytes (SHT_NOBITS)
  };
  struct Symbol {
    std::string_view name;
    Elf64_Sym entry{};
  };

  /// False if the bytes are no such file, or sections leave them.
  [[nodiscard]] bool parse(Bytes bytes);

  [[nodiscard]] const Elf64_Ehdr& header() const { return header_; }
  [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
  /// The first one of this name, or null.
  [[nodiscard]] const Section* section(std::string_view name) const;
  /// Of the symbol table; empty if there is none.
  [[nodiscard]] std::vector<Symbol> symbols() const;

 private:
  [[nodiscard]] bool read_sections(Bytes bytes);

  Elf64_Ehdr header_{};
  std::vector<Section> sections_;
};

}  // namespace fib::build
