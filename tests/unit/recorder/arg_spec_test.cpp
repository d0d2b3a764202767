// SPDX-License-Identifier: Apache-2.0
#include "recorder/arg_spec.h"

#include <gtest/gtest.h>

#include "driver/driver_api.h"
#include "trace/api_args.h"

namespace fib::recorder {
namespace {

constexpr bool is(const ArgSpec& spec, ArgKind kind, std::string_view name, std::size_t count = 0) {
  return spec.kind == kind && spec.name == name && spec.count_arg == count;
}

static_assert(count_words("") == 0);
static_assert(count_words("   ") == 0);
static_assert(count_words("f") == 1);
static_assert(count_words("=dptr bytesize") == 2);
static_assert(count_words("  a   b  c ") == 3);

constexpr auto kAll = parse_args<6>("value =out $text *input *items[n] n");
static_assert(is(kAll[0], ArgKind::Value, "value"));
static_assert(is(kAll[1], ArgKind::Output, "out"));
static_assert(is(kAll[2], ArgKind::Text, "text"));
static_assert(is(kAll[3], ArgKind::Input, "input"));
static_assert(is(kAll[4], ArgKind::InputArray, "items", 5));
static_assert(is(kAll[5], ArgKind::Value, "n"));

// The count may stand in front, and serve several arrays.
constexpr auto kShared = parse_args<3>("n *a[n]  *b[n]");
static_assert(is(kShared[1], ArgKind::InputArray, "a", 0));
static_assert(is(kShared[2], ArgKind::InputArray, "b", 0));

// A name that begins like another one.
constexpr auto kPrefix = parse_args<3>("count2 *a[count] count");
static_assert(kPrefix[1].count_arg == 2);

trace::ArgKind readers_kind(ArgKind kind) {
  switch (kind) {
    case ArgKind::Output: return trace::ArgKind::Output;
    case ArgKind::Input: return trace::ArgKind::Struct;
    case ArgKind::InputArray: return trace::ArgKind::Array;
    case ArgKind::Text: return trace::ArgKind::String;
    case ArgKind::Value: break;
  }
  return trace::ArgKind::Value;
}

/// Parses the words of one row as the recorder does, and compares with what readers make of them.
template <std::size_t Row>
void compare_row() {
  static constexpr std::string_view kText = driver::kApiInfo[Row].args;
  static constexpr auto kSpecs = parse_args<count_words(kText)>(kText);
  const std::vector<trace::ArgSpec> theirs = trace::parse_api_args(kText);
  ASSERT_EQ(kSpecs.size(), theirs.size()) << kText;
  for (std::size_t i = 0; i < kSpecs.size(); ++i) {
    EXPECT_EQ(kSpecs[i].name, theirs[i].name) << kText;
    EXPECT_EQ(readers_kind(kSpecs[i].kind), theirs[i].kind) << kText;
    if (kSpecs[i].kind != ArgKind::InputArray) continue;
    EXPECT_EQ(kSpecs[kSpecs[i].count_arg].name, theirs[i].count) << kText;
  }
}

TEST(ArgSpec, WriterAndReaderAgreeOnEveryEntryPoint) {
  [&]<std::size_t... Rows>(std::index_sequence<Rows...>) { (compare_row<Rows>(), ...); }
  (std::make_index_sequence<driver::kApiCount>{});
}

}  // namespace
}  // namespace fib::recorder
