// SPDX-License-Identifier: Apache-2.0
//
// Names, numbers, tables and JSON text.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/json_writer.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

TEST(Names, DemanglesWhatIsMangled) {
  EXPECT_EQ(demangle("_Z4axpyPfS_i"), "axpy(float*, float*, int)");
  EXPECT_EQ(demangle("triton_poi_fused_add_0"), "triton_poi_fused_add_0");
  EXPECT_EQ(demangle("_Zbroken"), "_Zbroken");
  EXPECT_EQ(demangle(""), "");
}

TEST(Names, ShortensButKeepsTheTemplateHead) {
  EXPECT_EQ(short_name("void at::foo<int, (unsigned long)4>(int*, at::bar<void (*)(int)>)"),
            "at::foo<int, 4>");
  EXPECT_EQ(short_name("void (anonymous namespace)::softmax<float, (int)2>(float*)"),
            "softmax<float, 2>");
  EXPECT_EQ(short_name("axpy(float*, int) [clone .kernel]"), "axpy");
  EXPECT_EQ(short_name("std::enable_if<(bool)1, void>::type cub::scan<a::b >(x)"),
            "cub::scan<a::b>");
  EXPECT_EQ(short_name("sm90_xmma_gemm_f16f16"), "sm90_xmma_gemm_f16f16");
  EXPECT_EQ(short_name("f<g(int)>::h"), "f<g(int)>::h");
  EXPECT_EQ(short_name("operator()(int)"), "operator()");
  EXPECT_EQ(short_name("((((("), "(((((");
}

TEST(Names, FitsByCharactersNotBytes) {
  EXPECT_EQ(fit("abcdef", 4), "abc…");
  EXPECT_EQ(fit("abcd", 4), "abcd");
  EXPECT_EQ(fit("äöüß", 3), "äö…");
  EXPECT_EQ(fit("abcdef", 0), "abcdef");
}

TEST(Units, AreReadable) {
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(150754820096), "140.4 GiB");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1, "launch"), "1 launch");
  EXPECT_EQ(format_count(2, "launch"), "2 launches");
  EXPECT_EQ(format_count(0, "process"), "0 processes");
  EXPECT_EQ(format_share(1, 8), "12.5 %");
  EXPECT_EQ(format_share(1, 0), "-");
  EXPECT_EQ(format_duration(1234), "1.23 µs");
  EXPECT_EQ(format_duration(200e9), "3 min 20 s");
  EXPECT_EQ(format_cuda_version(12080), "12.8");
  EXPECT_EQ(format_unix_time(1'700'000'000'000'000'000), "2023-11-14 22:13:20 UTC");
}

TEST(Table, AlignsColumns) {
  Table table({{"n"}, {"name", Table::Align::Left}, {"last", Table::Align::Left}});
  table.add({"1", "a", "x"});
  table.add({"100", "bcd"});
  std::ostringstream out;
  table.print(out, Terminal(), 1);
  EXPECT_EQ(out.str(), "   n  name  last\n   1  a     x\n 100  bcd\n");
}

TEST(JsonWriter, WritesWhatAParserReads) {
  JsonWriter writer;
  const std::uint32_t grid[3] = {1, 2, 3};
  writer.begin_object().field("a", 1u).field("b", true).field("c", "x").field("grid", grid);
  writer.key("list").begin_array().value(1).begin_object().end_object().value("y").end_array();
  writer.key("h").hex(255).key("bytes").bytes(std::as_bytes(std::span("\x01\xff", 2)));
  writer.key("us").micros(1234567).end_object();
  const auto json = nlohmann::json::parse(writer.text());
  EXPECT_EQ(json.at("b"), true);
  EXPECT_EQ(json.at("grid"), (nlohmann::json{1, 2, 3}));
  EXPECT_EQ(json.at("list").size(), 3u);
  EXPECT_EQ(json.at("h"), "0xff");
  EXPECT_EQ(json.at("bytes"), "01ff");
  EXPECT_DOUBLE_EQ(json.at("us").get<double>(), 1234.567);
}

TEST(JsonWriter, EscapesHostileNames) {
  JsonWriter writer;
  const std::string name = "q\"\\\n\x01\xff\xc3(";
  writer.begin_object().field(name, name).end_object();
  EXPECT_NO_THROW({
    const auto json = nlohmann::json::parse(writer.text());
    EXPECT_EQ(json.begin().value().get<std::string>().substr(0, 5), "q\"\\\n\x01");
  });
}

}  // namespace
}  // namespace fib::cli
