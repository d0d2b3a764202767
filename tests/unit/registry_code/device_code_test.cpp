// SPDX-License-Identifier: Apache-2.0
#include "registry/code/device_code.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <zstd.h>

#include "tests/unit/registry_code/sample_image.h"
#include "trace/checksum.h"

namespace fib::code {
namespace {

using testing::Entry;
using testing::Image;
using testing::make_cubin;
using testing::make_fatbin;

constexpr ComputeCapability kH200{9, 0};

Bytes as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }
CodeHash hash_of(const std::string& text) { return trace::content_hash(as_bytes(text)); }

Image text_image(const std::string& text) {
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

Image axpy(const std::string& text) { return make_cubin({{".text.axpy", text}}); }

std::optional<CodeHash> hash(const Image& image, const std::string& kernel = "axpy",
                             ComputeCapability gpu = kH200) {
  const auto one = code_hash(image, kernel, gpu);
  EXPECT_EQ(one, CodeHashes(image, gpu).find(kernel));
  return one;
}

TEST(CodeHash, IsThatOfTheKernelsTextAlone) {
  const Image one = make_cubin({{".text.axpy", "add"}, {".text.scale", "mul"}});
  const Image other = make_cubin({{".text.axpy", "add"}, {".nv.info", "else"}});
  EXPECT_EQ(hash(one), hash_of("add"));
  EXPECT_EQ(hash(one), hash(other));
  EXPECT_EQ(hash(one, "scale"), hash_of("mul"));
  EXPECT_EQ(hash(one, "scal"), std::nullopt);
  EXPECT_NE(hash(axpy("add")), hash(axpy("sub")));
}

TEST(CodeHash, OfTheEntryThatTheGpuRuns) {
  const Image fatbin = make_fatbin({{2, 80, 0x11, axpy("sm_80")},
                                    {2, 90, 0x11, axpy("sm_90")},
                                    {2, 90, 0x100011, axpy("sm_90a")},
                                    {2, 100, 0x11, axpy("sm_100")}});
  EXPECT_EQ(hash(fatbin), hash_of("sm_90a"));
  EXPECT_EQ(hash(fatbin, "axpy", {8, 6}), hash_of("sm_80"));
  EXPECT_EQ(hash(fatbin, "axpy", {10, 0}), hash_of("sm_100"));
  EXPECT_EQ(hash(fatbin, "axpy", {12, 0}), std::nullopt);
}

TEST(CodeHash, OfCompressedEntries) {
  const Image cubin = axpy(std::string(4000, 'x'));
  Image lz4(4096), zstd(4096);
  lz4.resize(static_cast<std::size_t>(LZ4_compress_default(
      reinterpret_cast<const char*>(cubin.data()), reinterpret_cast<char*>(lz4.data()),
      static_cast<int>(cubin.size()), static_cast<int>(lz4.size()))));
  zstd.resize(ZSTD_compress(zstd.data(), zstd.size(), cubin.data(), cubin.size(), 3));
  const CodeHash expected = hash_of(std::string(4000, 'x'));
  EXPECT_EQ(hash(make_fatbin({{2, 90, 0x2011, lz4, cubin.size()}})), expected);
  EXPECT_EQ(hash(make_fatbin({{2, 90, 0x8011, zstd, cubin.size()}})), expected);
  zstd.resize(zstd.size() / 2);
  EXPECT_EQ(hash(make_fatbin({{2, 90, 0x8011, zstd, cubin.size()}})), std::nullopt);
}

TEST(DeviceCode, PtxOnlyWhereThereIsNoMachineCode) {
  const std::string ptx = ".version 8.0\n.visible .entry axpy(\n.param .u64 a\n) { ret; }\n";
  Image stored = text_image(ptx);
  stored.push_back(std::byte{0});
  const Image both = make_fatbin({{1, 80, 0x11, stored}, {2, 90, 0x11, axpy("sass")}});
  ASSERT_TRUE(code_of(both, "axpy", kH200));
  EXPECT_EQ(code_of(both, "axpy", kH200)->kind, CodeKind::Cubin);
  const auto later = code_of(both, "axpy", {10, 0});
  ASSERT_TRUE(later);
  EXPECT_EQ(later->kind, CodeKind::Ptx);
  EXPECT_EQ(later->bytes, text_image(ptx));  // without the zero byte
  EXPECT_EQ(hash(both, "axpy", {10, 0}), std::nullopt);
  EXPECT_TRUE(code_of(text_image(ptx), "axpy", kH200));
  EXPECT_FALSE(code_of(text_image(ptx), "axp", kH200));
}

TEST(DeviceCode, FindsTheEntryThatHasTheKernel) {
  const Image fatbin =
      make_fatbin({{2, 90, 0x11, make_cubin({{".text.scale", "a"}})}, {2, 90, 0x11, axpy("b")}});
  EXPECT_EQ(code_of(fatbin, "axpy", kH200)->bytes, axpy("b"));
  EXPECT_EQ(device_code(fatbin, kH200).size(), 2u);
  EXPECT_FALSE(code_of(fatbin, "neither", kH200));
}

TEST(ElfCode, VariablesAndWhetherItIsLinked) {
  const Image cubin = make_cubin({{".text.axpy", "x"},
                                  {".nv.global", "vvvv"},
                                  {".nv.constant3", "cccc"},
                                  {".nv.constant4", "-"}},
                                 {{"counter", ".nv.global"},
                                  {"table", ".nv.constant3"},
                                  {"$str", ".nv.global"},
                                  {"p", ".nv.constant4"}});
  EXPECT_EQ(variables(cubin), (std::vector<Variable>{{"counter", 4}, {"table", 4}}));
  EXPECT_FALSE(is_relocatable(cubin));
  EXPECT_TRUE(is_relocatable(make_cubin({{".text.axpy", "x"}}, {}, ET_REL)));
  EXPECT_TRUE(variables(axpy("x")).empty());
}

TEST(ElfCode, HostileImagesHaveNothing) {
  const Image good = make_fatbin({{2, 90, 0x11, axpy("sass")}});
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    const Image part(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut));
    EXPECT_EQ(hash(part), std::nullopt);
    EXPECT_FALSE(code_of(part, "axpy", kH200));
  }
  const Image cubin = axpy("sass");
  for (std::size_t at = 0; at < cubin.size(); ++at) {
    Image changed = cubin;
    changed[at] = ~changed[at];  // any answer will do; a sanitizer looks on
    (void)hash(changed);
    (void)variables(changed);
  }
}

}  // namespace
}  // namespace fib::code
