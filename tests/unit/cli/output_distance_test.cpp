// SPDX-License-Identifier: Apache-2.0
//
// How far two outputs of a program are apart, and the arrays that it wrote.
#include "cli/output_distance.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>

#include "cli/array_file.h"
#include "cli/exit_codes.h"
#include "cli/temporary_directory.h"
#include "registry/model/safetensors.h"

namespace fib::cli {
namespace {

std::string npy(const std::string& dictionary, const std::string& data) {
  std::string header = dictionary;
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + data;
}

std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string npy_of(const std::vector<float>& values) {
  return npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(values.size()) +
                 ",), }",
             floats(values));
}

class Distance : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& content) {
    std::ofstream(directory_.path() / name, std::ios::binary) << content;
    return directory_.path() / name;
  }
  OutputDistance between(const std::string& a, const std::string& b) {
    return distance_of(write("a.npy", a), write("b.npy", b));
  }

  TemporaryDirectory directory_{"fib-distance"};
};

TEST(TextDistance, IsTheShareOfWordsThatDiffer) {
  EXPECT_TRUE(text_distance("1 2 3", "1 2 3").equal);
  EXPECT_DOUBLE_EQ(text_distance("[1, 2, 3, 4]", "[1, 2, 9, 4]").distance, 0.25);
  EXPECT_DOUBLE_EQ(text_distance("1 2", "1 2 3 4").distance, 0.5);
  EXPECT_DOUBLE_EQ(text_distance("", "1").distance, 1);
  EXPECT_EQ(text_distance("1 2 3 4", "1 2 9 4").text, "25.0 % of 4 words differ");
}

TEST(TextDistance, OtherBlanksAreNotEqualAndNoDistance) {
  const OutputDistance distance = text_distance("1 2", "1  2");
  EXPECT_FALSE(distance.equal);
  EXPECT_EQ(distance.distance, 0);
}

TEST(TextDistance, BytesHaveNone) {
  EXPECT_TRUE(std::isinf(text_distance(std::string("a\0b", 3), "ab").distance));
}

TEST_F(Distance, OfArraysIsRelative) {
  EXPECT_TRUE(between(npy_of({3, 4}), npy_of({3, 4})).equal);
  const OutputDistance distance = between(npy_of({3, 4}), npy_of({3, 4.5}));
  EXPECT_FALSE(distance.equal);
  EXPECT_DOUBLE_EQ(distance.distance, 0.1);
  EXPECT_NE(distance.text.find("largest 0.5"), std::string::npos) << distance.text;
}

TEST_F(Distance, NaNsMustBeWhereTheyWere) {
  const float nan = std::nanf("");
  EXPECT_TRUE(std::isinf(between(npy_of({1, 2}), npy_of({1, nan})).distance));
  EXPECT_TRUE(std::isinf(between(npy_of({nan, 2}), npy_of({1, 2})).distance));
  EXPECT_DOUBLE_EQ(between(npy_of({nan, 2}), npy_of({nan, 3})).distance, 0.5);
}

TEST_F(Distance, OfOtherShapesAndMissingFilesIsInfinite) {
  EXPECT_TRUE(std::isinf(between(npy_of({1, 2}), npy_of({1, 2, 3})).distance));
  const auto there = write("there", "1");
  EXPECT_TRUE(std::isinf(distance_of(there, directory_.path() / "none").distance));
  EXPECT_EQ(distance_of(directory_.path() / "none", there).text, "was not written");
}

TEST_F(Distance, OfSafetensorsIsThatOfTheWorstTensor) {
  const auto file = [&](const std::string& name, float last, std::uint16_t half) {
    const std::vector<float> values = {3, last};
    const std::vector<std::uint16_t> halves = {half, half};
    const auto bytes = [](const auto& list) { return std::as_bytes(std::span(list)); };
    const std::vector<registry::TensorData> tensors = {{"a", "F32", {2}, bytes(values)},
                                                       {"b", "BF16", {2}, bytes(halves)}};
    const auto layout = registry::lay_out(tensors);
    std::string text = layout.head;
    for (const std::size_t i : layout.order)
      text.append(reinterpret_cast<const char*>(tensors[i].bytes.data()), tensors[i].bytes.size());
    return write(name, text);
  };
  const auto first = file("a.safetensors", 4, 0x3f80);     // 1 in bfloat16
  const auto second = file("b.safetensors", 4.5, 0x4000);  // 2
  EXPECT_DOUBLE_EQ(distance_of(first, second).distance, 1);
  EXPECT_EQ(distance_of(first, second).text.substr(0, 3), "b: ");
}

TEST(ArrayFile, KnowsWhatNumPyWrites) {
  const NamedArray halves =
      parse_npy(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 4), }",
                    std::string("\x00\x3c\x00\xc0\x01\x00\x00\x7c", 8)),
                "x");
  EXPECT_EQ(halves.shape, (std::vector<std::uint64_t>{1, 4}));
  EXPECT_EQ(halves.value(0), 1);
  EXPECT_EQ(halves.value(1), -2);
  EXPECT_EQ(halves.value(2), std::ldexp(1, -24));
  EXPECT_TRUE(std::isinf(halves.value(3)));
  const NamedArray scalar =
      parse_npy(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "\x07"), "x");
  EXPECT_EQ(scalar.elements(), 1u);
  EXPECT_EQ(scalar.value(0), 7);
}

TEST(ArrayFile, RefusesWhatIsNoArray) {
  const std::string good = npy_of({1, 2});
  std::vector<std::string> bad = {
      "",
      "\x93NUMPY",
      good.substr(0, 40),
      good.substr(0, good.size() - 1),
      good + "x",
      npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "1234"),
      npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "1234"),
      npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "1234"),
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "1234"),
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "1234"),
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, }", "1234"),
      npy("{'descr': '<f4', 'fortran_order': False, }", "1234"),
      npy("{'descr'", "1234")};
  for (const std::string& text : bad) {
    EXPECT_THROW((void)parse_npy(text, "file.npy"), CliError) << text;
  }
}

}  // namespace
}  // namespace fib::cli
