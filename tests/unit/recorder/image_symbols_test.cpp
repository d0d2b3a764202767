// SPDX-License-Identifier: Apache-2.0
#include "recorder/image_symbols.h"

#include <gtest/gtest.h>

#include <random>

#include "elf_builder.h"
#include "guarded_pages.h"

namespace fib::recorder {

void PrintTo(const SymbolName& symbol, std::ostream* out) {
  *out << symbol.name << (symbol.writable ? "" : " (constant)");
}

namespace test {
namespace {

SymbolNames names_in(const ElfBuilder& elf) {
  SymbolNames names;
  EXPECT_TRUE(elf_symbols(elf.build(), names));
  return names;
}

ElfBuilder usual() {
  return ElfBuilder()
      .add("counter", ".nv.global")
      .add("table", ".nv.global.init")
      .add("coefficients", ".nv.constant3")
      .add("linked", ".nv.global", 13);
}

TEST(ElfSymbolsTest, FindsVariablesLocalOnesIncluded) {
  EXPECT_EQ(
      names_in(usual()),
      (SymbolNames{{"counter", true}, {"table", true}, {"coefficients", false}, {"linked", true}}));
}

TEST(ElfSymbolsTest, LeavesOutWhatIsNoVariable) {
  EXPECT_EQ(names_in(usual()
                         .add("_Z6kernelv", ".text._Z6kernelv", STT_FUNC)
                         .add("shared", ".nv.shared._Z6kernelv")
                         .add("parameters", ".nv.constant0._Z6kernelv")
                         .add("elsewhere", "")
                         .add("$str", ".nv.global.init")
                         .add("", ".nv.global"))
                .size(),
            4u);
}

TEST(ElfSymbolsTest, HasNothingToSayOfCodeWithoutVariables) {
  EXPECT_TRUE(names_in(ElfBuilder().add("_Z6kernelv", ".text._Z6kernelv", STT_FUNC)).empty());
}

TEST(ElfSymbolsTest, ReadsNothingOutsideAFileCutShort) {
  const std::vector<std::byte> whole = usual().build();
  const GuardedPages pages;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SymbolNames names;
    const std::byte* at = pages.put_at_end(std::span(whole).first(size));
    EXPECT_FALSE(elf_symbols({at, size}, names)) << size;
  }
}

TEST(ElfSymbolsTest, ReadsNothingOutsideADamagedFile) {
  const std::vector<std::byte> whole = usual().build();
  const GuardedPages pages;
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> damaged = whole;
    for (int i = 0; i < 4; ++i) {
      const std::size_t at = random() % damaged.size();
      damaged[at] = static_cast<std::byte>(random() % 2 == 0 ? 0xff : random());
    }
    SymbolNames names;
    (void)elf_symbols({pages.put_at_end(damaged), damaged.size()}, names);
    EXPECT_LT(names.size(), 100u);
  }
}

SymbolNames names_in(std::string_view ptx) {
  SymbolNames names;
  const GuardedPages pages(4);
  const std::byte* at = pages.put_at_end(ptx);
  ptx_symbols({reinterpret_cast<const char*>(at), ptx.size()}, names);
  return names;
}

TEST(PtxSymbolsTest, FindsDeclarations) {
  EXPECT_EQ(names_in(R"(//
.version 9.0
.target sm_90
.address_size 64
.visible .global .align 4 .u32 counter;
.global .align 16 .b8 static_table[64] = {0, 0, 128, 63};
.const .align 4 .b8 coefficients[32];
.global .attribute(.managed) .align 4 .u32 managed = 3;
.extern .global .align 4 .u32 _ZN3abc4fromE;
.global .v4 .f32 vector;
.global .align 1 .b8 $str[10] = {104, 101};
)"),
            (SymbolNames{{"counter", true},
                         {"static_table", true},
                         {"coefficients", false},
                         {"managed", true},
                         {"_ZN3abc4fromE", true},
                         {"vector", true}}));
}

TEST(PtxSymbolsTest, IsNotMisledByOtherUsesOfTheWords) {
  EXPECT_TRUE(names_in(R"(
// .global .u32 in_a_comment;
/* .global .u32 in_another; */
.visible .entry _Z1kPi(
  .param .u64 .ptr .global .align 1 _Z1kPi_param_0
)
{
  .shared .align 4 .b8 s[128];
  ld.global.u32 %r1, [%rd1];
  cvta.to.global.u64 %rd4, %rd2;
  st.global.u32 [%rd4], %r1;
  ld.const.f32 %f1, [table];
}
)")
                  .empty());
}

TEST(PtxSymbolsTest, EndsWithTheText) {
  for (const char* text : {"", ".global", ".global .align", ".global .align 4 .u32", "/*", "/* *",
                           "//", ".global .attribute(", ".global )", ".const ;", "/"})
    EXPECT_TRUE(names_in(text).empty()) << text;
}

TEST(ImageSymbolsTest, DoesNotKnowOtherKinds) {
  SymbolNames names;
  const std::vector<std::byte> elf = usual().build();
  EXPECT_FALSE(image_symbols(elf, trace::ImageKind::Unknown, {9, 0}, names));
  EXPECT_TRUE(image_symbols(elf, trace::ImageKind::Elf, {9, 0}, names));
  EXPECT_EQ(names.size(), 4u);
}

}  // namespace
}  // namespace test
}  // namespace fib::recorder
