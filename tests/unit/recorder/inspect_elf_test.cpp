// SPDX-License-Identifier: Apache-2.0
//
// Where an ELF file in memory ends.
#include <elf.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "image_expectations.h"

namespace fib::recorder {
namespace {

using test::append;
using test::ByteVector;
using test::expect_nothing;
using test::expect_one;
using test::GuardedPages;
using trace::ImageKind;

Elf64_Ehdr elf_header() {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  return header;
}

/// One section of `section_bytes` and one of no bytes, whose headers stand in front of their
/// content.
ByteVector elf_ending_with_a_section(std::size_t section_bytes) {
  Elf64_Ehdr header = elf_header();
  header.e_shoff = sizeof header;
  header.e_shnum = 2;
  Elf64_Shdr section{}, empty{};
  section.sh_type = SHT_PROGBITS;
  section.sh_offset = sizeof header + 2 * sizeof section;
  section.sh_size = section_bytes;
  empty.sh_type = SHT_NOBITS;  // takes no room in the file, however large
  empty.sh_offset = section.sh_offset;
  empty.sh_size = 1u << 20;
  ByteVector result;
  append(result, header);
  append(result, section);
  append(result, empty);
  result.resize(result.size() + section_bytes, std::byte{0x22});
  return result;
}

TEST(InspectElf, TellsTheLengthOfARealElfFile) {
  const std::string program = test::read_text("/proc/self/exe");
  ASSERT_GT(program.size(), 4096u);
  // Something behind it, as there is in memory.
  const std::string followed = program + std::string(64, 'x');
  expect_one(followed.data(), program.size(), ImageKind::Elf);
}

TEST(InspectElf, ElfEndsWithItsLastSection) {
  const GuardedPages pages;
  const ByteVector elf = elf_ending_with_a_section(100);
  expect_one(pages.put_at_end(elf), elf.size(), ImageKind::Elf);
}

TEST(InspectElf, ElfEndsWithItsSectionHeaders) {
  const GuardedPages pages;
  Elf64_Ehdr header = elf_header();
  header.e_shoff = sizeof header + 40;
  header.e_shnum = 1;
  ByteVector elf;
  append(elf, header);
  elf.resize(elf.size() + 40);
  append(elf, Elf64_Shdr{});
  expect_one(pages.put_at_end(elf), elf.size(), ImageKind::Elf);
}

TEST(InspectElf, ElfEndsWithItsLastSegment) {
  const GuardedPages pages;
  Elf64_Ehdr header = elf_header();
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = 24;
  segment.p_memsz = 1u << 20;
  ByteVector elf;
  append(elf, header);
  append(elf, segment);
  elf.resize(elf.size() + 24);
  expect_one(pages.put_at_end(elf), elf.size(), ImageKind::Elf);
}

TEST(InspectElf, ElfWithMoreSectionsThanItsHeaderCanSay) {
  const GuardedPages pages;
  Elf64_Ehdr header = elf_header();
  header.e_shoff = sizeof header;
  header.e_shnum = 0;  // the number is in the first section header
  Elf64_Shdr first{}, second{};
  first.sh_size = 2;
  second.sh_type = SHT_PROGBITS;
  second.sh_offset = sizeof header + 2 * sizeof first;
  second.sh_size = 8;
  ByteVector elf;
  append(elf, header);
  append(elf, first);
  append(elf, second);
  elf.resize(elf.size() + 8);
  expect_one(pages.put_at_end(elf), elf.size(), ImageKind::Elf);
}

TEST(InspectElf, RefusesElfOf32Bits) {
  ByteVector elf = elf_ending_with_a_section(100);
  elf[EI_CLASS] = std::byte{ELFCLASS32};
  expect_nothing(elf.data());
}

TEST(InspectElf, RefusesElfWhoseHeadersAreNotThere) {
  const GuardedPages pages;
  const ByteVector elf = elf_ending_with_a_section(0);
  // Cut anywhere: all headers are needed to tell the length.
  for (std::size_t size = 4; size < elf.size(); ++size)
    expect_nothing(pages.put_at_end(std::span(elf).first(size)));
}

TEST(InspectElf, RefusesElfWithImpossibleOffsets) {
  for (const std::uint64_t offset : {~std::uint64_t{0}, ~std::uint64_t{0} - 127,
                                     std::uint64_t{1} << 63, std::uint64_t{1} << 40}) {
    Elf64_Ehdr sections = elf_header();
    sections.e_shoff = offset;
    sections.e_shnum = 2;
    expect_nothing(&sections);
    Elf64_Ehdr segments = elf_header();
    segments.e_phoff = offset;
    segments.e_phnum = 2;
    expect_nothing(&segments);
    ByteVector elf = elf_ending_with_a_section(0);
    std::memcpy(elf.data() + sizeof sections + offsetof(Elf64_Shdr, sh_offset), &offset,
                sizeof offset);
    expect_nothing(elf.data());
  }
}

}  // namespace
}  // namespace fib::recorder
