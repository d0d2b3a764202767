// SPDX-License-Identifier: Apache-2.0
#include "recorder/fatbin.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <zstd.h>

#include <random>

#include "elf_builder.h"
#include "guarded_pages.h"
#include "recorder/image_symbols.h"

namespace fib::recorder::test {
namespace {

using Content = std::vector<std::byte>;
constexpr std::uint64_t kLz4 = 0x2000, kZstd = 0x8000;

template <class T>
void put(Content& to, T value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

Content compressed(const Content& raw, std::uint64_t flags) {
  Content out(ZSTD_compressBound(raw.size()) + 1000);
  const auto* in = reinterpret_cast<const char*>(raw.data());
  if (flags == kZstd)
    out.resize(ZSTD_compress(out.data(), out.size(), in, raw.size(), 3));
  else
    out.resize(static_cast<std::size_t>(
        LZ4_compress_default(in, reinterpret_cast<char*>(out.data()), static_cast<int>(raw.size()),
                             static_cast<int>(out.size()))));
  return out;
}

/// Containers as nvcc writes them.
class FatbinBuilder {
 public:
  FatbinBuilder& add(std::uint16_t kind, std::uint32_t sm, const Content& raw,
                     std::uint64_t flags = 0) {
    const Content stored = flags != 0 ? compressed(raw, flags) : raw;
    const std::size_t padded = (stored.size() + 7) / 8 * 8;
    put(entries_, kind);
    put(entries_, std::uint16_t{0x0101});
    put(entries_, std::uint32_t{64});
    put(entries_, std::uint64_t{padded});
    put(entries_, static_cast<std::uint32_t>(flags != 0 ? stored.size() : 0));
    put(entries_, std::uint64_t{0});
    put(entries_, sm);
    put(entries_, std::uint64_t{0});
    put(entries_, flags | 0x11);
    put(entries_, std::uint64_t{0});
    put(entries_, static_cast<std::uint64_t>(flags != 0 ? raw.size() : 0));
    entries_.insert(entries_.end(), stored.begin(), stored.end());
    entries_.resize(entries_.size() + padded - stored.size());
    return *this;
  }
  [[nodiscard]] Content build() const {
    Content fatbin;
    put(fatbin, 0xBA55ED50u);
    put(fatbin, std::uint16_t{1});
    put(fatbin, std::uint16_t{16});
    put(fatbin, std::uint64_t{entries_.size()});
    fatbin.insert(fatbin.end(), entries_.begin(), entries_.end());
    return fatbin;
  }

 private:
  Content entries_;
};

Content elf_with(const std::string& name) { return ElfBuilder().add(name, ".nv.global").build(); }
Content ptx_with(const std::string& name) {
  const std::string text = ".version 9.0\n.visible .global .align 4 .u32 " + name + ";\n";
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// The names that a device of this capability would see, or "?" if the code can't be read.
std::string names_for(const FatbinBuilder& fatbin, ComputeCapability device) {
  SymbolNames names;
  if (!image_symbols(fatbin.build(), trace::ImageKind::Fatbin, device, names)) return "?";
  std::string text;
  for (const SymbolName& symbol : names) text += (text.empty() ? "" : " ") + symbol.name;
  return text;
}

TEST(FatbinTest, ReadsEveryCompression) {
  for (const std::uint64_t flags : {std::uint64_t{0}, kLz4, kZstd})
    EXPECT_EQ(names_for(FatbinBuilder().add(2, 90, elf_with("x"), flags), {9, 0}), "x") << flags;
}

TEST(FatbinTest, TakesTheCodeThatTheDriverWouldTake) {
  const auto fatbin = FatbinBuilder()
                          .add(2, 80, elf_with("ampere"))
                          .add(2, 86, elf_with("ampere_6"), kLz4)
                          .add(2, 90, elf_with("hopper"))
                          .add(2, 90, elf_with("hopper_a"))
                          .add(1, 90, ptx_with("text"), kZstd);
  EXPECT_EQ(names_for(fatbin, {8, 0}), "ampere");
  EXPECT_EQ(names_for(fatbin, {8, 9}), "ampere_6");
  EXPECT_EQ(names_for(fatbin, {9, 0}), "hopper hopper_a");
  EXPECT_EQ(names_for(fatbin, {12, 0}), "text");
  EXPECT_EQ(names_for(fatbin, {7, 5}), "?");
}

TEST(FatbinTest, ReadsTextForLaterGenerations) {
  const auto fatbin = FatbinBuilder().add(1, 52, ptx_with("old")).add(1, 80, ptx_with("newer"));
  EXPECT_EQ(names_for(fatbin, {10, 0}), "newer");
  EXPECT_EQ(names_for(fatbin, {7, 5}), "old");
}

TEST(FatbinTest, SaysThatLinkTimeCodeCantBeRead) {
  EXPECT_EQ(names_for(FatbinBuilder().add(8, 90, elf_with("x")), {9, 0}), "?");
}

TEST(FatbinTest, RefusesToGrowBeyondReason) {
  FatbinEntry entry{FatbinKind::Elf, 90, kZstd, {}, std::uint64_t{1} << 40};
  std::vector<std::byte> buffer;
  EXPECT_TRUE(fatbin_content(entry, buffer).empty());
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(FatbinTest, RefusesContentOfAnotherLength) {
  const Content raw = elf_with("x"), stored = compressed(raw, kZstd);
  std::vector<std::byte> buffer;
  for (const std::size_t size : {raw.size() - 1, raw.size() + 1})
    EXPECT_TRUE(fatbin_content({FatbinKind::Elf, 90, kZstd, stored, size}, buffer).empty());
  EXPECT_FALSE(fatbin_content({FatbinKind::Elf, 90, kZstd, stored, raw.size()}, buffer).empty());
}

TEST(FatbinTest, ReadsNothingOutsideADamagedContainer) {
  const Content whole = FatbinBuilder()
                            .add(2, 90, elf_with("x"))
                            .add(2, 90, elf_with("y"), kLz4)
                            .add(2, 90, elf_with("z"), kZstd)
                            .build();
  const GuardedPages pages;
  ASSERT_LT(whole.size(), pages.bytes());
  std::mt19937 random(11);
  for (int round = 0; round < 5000; ++round) {
    Content damaged = whole;
    damaged.resize(round % 2 == 0 ? whole.size() : random() % whole.size());
    for (int i = 0; i < 4 && !damaged.empty(); ++i)
      damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    SymbolNames names;
    (void)image_symbols({pages.put_at_end(damaged), damaged.size()}, trace::ImageKind::Fatbin,
                        {9, 0}, names);
    EXPECT_LT(names.size(), 100u);
  }
}

}  // namespace
}  // namespace fib::recorder::test
