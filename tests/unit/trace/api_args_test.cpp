// SPDX-License-Identifier: Apache-2.0
#include "trace/api_args.h"

#include <gtest/gtest.h>

#include <cstring>

namespace fib::trace {
namespace {

Call call_of(std::vector<std::uint64_t> words, Bytes blobs = {}) {
  Call call{};
  call.words = std::move(words);
  call.blobs = blobs;
  return call;
}

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(ApiArgs, ParsesEveryKind) {
  const auto specs = parse_api_args("=dptr bytesize *desc *list[count]  $name");
  ASSERT_EQ(5u, specs.size());
  EXPECT_EQ("dptr", specs[0].name);
  EXPECT_EQ(ArgKind::Output, specs[0].kind);
  EXPECT_EQ("bytesize", specs[1].name);
  EXPECT_EQ(ArgKind::Value, specs[1].kind);
  EXPECT_EQ("desc", specs[2].name);
  EXPECT_EQ(ArgKind::Struct, specs[2].kind);
  EXPECT_EQ("list", specs[3].name);
  EXPECT_EQ(ArgKind::Array, specs[3].kind);
  EXPECT_EQ("count", specs[3].count);
  EXPECT_EQ("name", specs[4].name);
  EXPECT_EQ(ArgKind::String, specs[4].kind);
}

TEST(ApiArgs, ToleratesOddWords) {
  EXPECT_TRUE(parse_api_args("").empty());
  EXPECT_TRUE(parse_api_args("   ").empty());
  const auto specs = parse_api_args("* = $ *a[ *[] ]x");
  ASSERT_EQ(6u, specs.size());
  EXPECT_EQ("", specs[0].name);
  EXPECT_EQ("a[", specs[3].name);
  EXPECT_EQ(ArgKind::Struct, specs[3].kind);
  EXPECT_EQ(ArgKind::Array, specs[4].kind);
  EXPECT_EQ(ArgKind::Value, specs[5].kind);
}

TEST(ApiArgs, BindsValuesAndBlobs) {
  const auto specs = parse_api_args("=dptr =bytes hmod $name");
  const char name[8] = "weight";
  const auto bound = bind_args(specs, call_of({0x1000, 64, 7, 6}, std::as_bytes(std::span(name))));
  EXPECT_EQ("", bound.problem);
  ASSERT_EQ(4u, bound.args.size());
  EXPECT_EQ("bytes", bound.args[1].name);
  EXPECT_EQ(64u, bound.args[1].word);
  EXPECT_FALSE(bound.args[1].has_blob);
  EXPECT_TRUE(bound.args[3].has_blob);
  EXPECT_EQ("weight", text_of(bound.args[3].blob));
}

TEST(ApiArgs, SlicesSeveralBlobsInOrder) {
  const auto specs = parse_api_args("*a *b[n] n $c");
  char bytes[32] = {};
  std::memcpy(bytes, "aaa", 3);
  std::memcpy(bytes + 8, "bbbbbbbbb", 9);
  std::memcpy(bytes + 24, "cc", 2);
  const auto bound = bind_args(specs, call_of({3, 9, 1, 2}, std::as_bytes(std::span(bytes))));
  EXPECT_EQ("", bound.problem);
  EXPECT_EQ("aaa", text_of(bound.args[0].blob));
  EXPECT_EQ("bbbbbbbbb", text_of(bound.args[1].blob));
  EXPECT_EQ("cc", text_of(bound.args[3].blob));
}

// cuIpcOpenMemHandle takes 64 bytes by value, cuIpcGetMemHandle gives 64 bytes out.
TEST(ApiArgs, FindsTheLargeValue) {
  const std::vector<std::byte> handle(64, std::byte{5});
  const auto in =
      bind_args(parse_api_args("=pdptr handle Flags"), call_of({0x7f0000, 64, 1}, handle));
  EXPECT_EQ("", in.problem);
  EXPECT_FALSE(in.args[0].has_blob);
  EXPECT_TRUE(in.args[1].has_blob);
  EXPECT_EQ(64u, in.args[1].blob.size());
  const auto out = bind_args(parse_api_args("=pHandle dptr"), call_of({64, 0x7f0000}, handle));
  EXPECT_TRUE(out.args[0].has_blob);
  EXPECT_FALSE(out.args[1].has_blob);
}

TEST(ApiArgs, NullStringIsAnEmptyBlob) {
  const auto bound = bind_args(parse_api_args("$name"), call_of({0}));
  EXPECT_EQ("", bound.problem);
  EXPECT_TRUE(bound.args[0].has_blob);
  EXPECT_TRUE(bound.args[0].blob.empty());
}

TEST(ApiArgs, ReportsTooManyAndTooFewWords) {
  const auto more = bind_args(parse_api_args("a"), call_of({1, 2}));
  EXPECT_EQ("2 words for 1 arguments", more.problem);
  ASSERT_EQ(2u, more.args.size());
  EXPECT_EQ("arg1", more.args[1].name);
  const auto fewer = bind_args(parse_api_args("a b c"), call_of({1}));
  EXPECT_EQ("1 words for 3 arguments", fewer.problem);
  EXPECT_EQ(1u, fewer.args.size());
  EXPECT_EQ("arg", bind_args({}, call_of(std::vector<std::uint64_t>(20))).args[19].name);
}

TEST(ApiArgs, ReportsBlobsThatDoNotFit) {
  const std::vector<std::byte> blobs(16);
  const auto specs = parse_api_args("*a");
  for (const std::uint64_t length : {0ull, 1ull, 17ull, ~0ull, ~0ull - 7}) {
    const auto bound = bind_args(specs, call_of({length}, blobs));
    EXPECT_EQ("blobs do not add up to the 16 bytes that are there", bound.problem) << length;
    EXPECT_LE(bound.args[0].blob.size(), blobs.size());
  }
  EXPECT_EQ("", bind_args(specs, call_of({16}, blobs)).problem);
}

TEST(ApiArgs, SmallValuesAreNoBlobs) {
  const std::vector<std::byte> blobs(8);
  const auto bound = bind_args(parse_api_args("*a b"), call_of({0, 3}, blobs));
  EXPECT_FALSE(bound.args[1].has_blob);
  EXPECT_NE("", bound.problem);
}

TEST(ApiArgs, LengthsThatWrapAroundDoNotFit) {
  const std::vector<std::byte> blobs(8);
  const auto bound = bind_args(parse_api_args("*a *b"), call_of({~0ull - 7, 16}, blobs));
  EXPECT_NE("", bound.problem);
}

}  // namespace
}  // namespace fib::trace
