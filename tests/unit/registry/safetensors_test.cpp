// SPDX-License-Identifier: Apache-2.0
#include "registry/model/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "registry/store/error.h"
#include "registry/store/safetensors_writer.h"
#include "tests/unit/registry/sample.h"

namespace fib::registry {
namespace {

using testing::safetensors;

std::vector<std::byte> bytes(std::size_t size, int first) {
  std::vector<std::byte> data(size);
  for (std::size_t i = 0; i < size; ++i)
    data[i] = static_cast<std::byte>(first + static_cast<int>(i));
  return data;
}

std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::string file;
  for (int shift = 0; shift < 64; shift += 8) {
    file += static_cast<char>(static_cast<std::uint64_t>(header.size()) >> shift & 0xff);
  }
  return file + header + std::string(data_bytes, 'd');
}

class Safetensors : public ::testing::Test {
 protected:
  std::string error_of(const std::string& file) const {
    return SafetensorsFile(directory_.write("f.safetensors", file)).header().error;
  }
  std::string error_of(const std::string& header, std::size_t data_bytes) const {
    return error_of(file_of(header, data_bytes));
  }
  trace::testing::TempDirectory directory_;
};

TEST_F(Safetensors, EveryTypeComesBack) {
  const auto a = bytes(6, 1), b = bytes(8, 50), c = bytes(3, 90), d = bytes(2, 7);
  const std::vector<TensorData> tensors = {{"bf", "BF16", {3}, a},
                                           {"i", "I64", {}, b},
                                           {"f8", "F8_E4M3", {3, 1}, c},
                                           {"f4", "F4", {2, 2}, d},
                                           {"none", "F32", {0, 7}, {}}};
  const auto path = directory_.write("f", safetensors(tensors, {{"format", "pt"}}));
  const SafetensorsFile file(path);
  ASSERT_EQ(file.header().error, "");
  EXPECT_EQ(*file.header().metadata.find("format"), "pt");
  EXPECT_EQ(file.header().tensors.size(), 5u);
  EXPECT_EQ(file.header().data_offset % 8, 0u);
  for (const TensorData& tensor : tensors) {
    const TensorInfo* const info = file.header().find(tensor.name);
    ASSERT_NE(info, nullptr);
    EXPECT_EQ(info->dtype, tensor.dtype);
    EXPECT_EQ(info->shape, tensor.shape);
    EXPECT_TRUE(info->aligned) << tensor.name;
    const auto data = file.bytes(*info);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), tensor.bytes.begin(), tensor.bytes.end()));
  }
  EXPECT_EQ(file.header().find("other"), nullptr);
}

TEST_F(Safetensors, ReadsElements) {
  const std::vector<std::int32_t> numbers = {-5, 7};
  const std::vector<float> reals = {0.25f};
  const std::vector<TensorData> tensors = {
      {"i", "I32", {2}, std::as_bytes(std::span(numbers))},
      {"f", "F32", {1}, std::as_bytes(std::span(reals))},
      {"h", "F16", {1}, std::as_bytes(std::span(numbers)).first(2)}};
  const SafetensorsFile file(directory_.write("f", safetensors(tensors)));
  const auto element = [&](const char* name, std::uint64_t index) {
    return file.element(*file.header().find(name), index);
  };
  EXPECT_EQ(element("i", 0), Number(std::int64_t{-5}));
  EXPECT_EQ(element("i", 1), Number(std::int64_t{7}));
  EXPECT_EQ(element("i", 2), std::nullopt);
  EXPECT_EQ(element("i", UINT64_MAX), std::nullopt);
  EXPECT_EQ(element("f", 0), Number(0.25));
  EXPECT_EQ(element("h", 0), std::nullopt);
}

TEST_F(Safetensors, RefusesHeadersThatLie) {
  const auto tensor = [](const char* shape, const char* offsets, const char* dtype = "F32") {
    return std::string(R"({"a":{"dtype":")") + dtype + R"(","shape":)" + shape +
           R"(,"data_offsets":)" + offsets + "}}";
  };
  EXPECT_EQ(error_of(tensor("[2]", "[0,8]"), 8), "");
  EXPECT_EQ(error_of(tensor("[2]", "[0,8]"), 7), "the tensors exceed the file: was it cut?");
  EXPECT_EQ(error_of(tensor("[2]", "[0,8]"), 9), "1 bytes behind the last tensor");
  EXPECT_EQ(error_of(tensor("[2]", "[4,12]"), 12), "there is a gap before tensor \"a\"");
  EXPECT_EQ(error_of(tensor("[2]", "[8,0]"), 8), "tensor \"a\" ends before it begins");
  EXPECT_EQ(error_of(tensor("[3]", "[0,8]"), 8),
            "tensor \"a\" has 8 bytes, which do not fit its type and shape");
  EXPECT_EQ(error_of(tensor("[4611686018427387904,8]", "[0,0]"), 0),
            "tensor \"a\" has 0 bytes, which do not fit its type and shape");
  EXPECT_EQ(error_of(tensor("[3]", "[0,1]", "F4"), 1),
            "tensor \"a\" has 1 bytes, which do not fit its type and shape");
  EXPECT_EQ(error_of(tensor("[2]", "[0,8]", "F33"), 8),
            "tensor \"a\" is of the unknown type \"F33\"");
  EXPECT_EQ(error_of(tensor("[-2]", "[0,8]"), 8),
            "tensor \"a\": an extent is the number -2 instead of an integer");
  EXPECT_EQ(error_of(tensor("[2]", "[0]"), 8), "tensor \"a\" has no two data_offsets");
  EXPECT_EQ(error_of(tensor("2", "[0,8]"), 8), "tensor \"a\" has no shape but the number 2");
  EXPECT_EQ(error_of(R"({"a":{"shape":[],"data_offsets":[0,0]}})", 0),
            "tensor \"a\" has no \"dtype\"");
  EXPECT_EQ(error_of(R"({"__metadata__":{"k":1}})", 0), "__metadata__: \"k\" is the number 1");
}

TEST_F(Safetensors, RefusesOverlapsAndTwins) {
  const std::string a = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  const std::string b = R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]})";
  EXPECT_EQ(error_of('{' + a + ',' + b + '}', 6), "tensor \"b\" overlaps another");
  EXPECT_NE(error_of('{' + a + ',' + a + '}', 4).find("occurs twice"), std::string::npos);
}

TEST_F(Safetensors, RefusesWhatIsNoHeader) {
  EXPECT_EQ(error_of("short"), "too short for a safetensors file");
  EXPECT_EQ(error_of(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) + "{}"),
            "no safetensors file: its header would have 9223372036854775807 bytes");
  EXPECT_EQ(error_of(std::string("\x10\0\0\0\0\0\0\0", 8) + "{}"),
            "the header exceeds the file: was it cut?");
  EXPECT_EQ(error_of("[]", 0), "the header does not begin with {");
  EXPECT_EQ(error_of("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
            "is a Git LFS pointer, not the tensors themselves");
  EXPECT_NE(error_of(std::string(R"({"a":[[[[[]]]]]})"), 0).find("nested deeper"),
            std::string::npos);
  EXPECT_EQ(SafetensorsFile(directory_.path()).header().error, "is no regular file");
  EXPECT_NE(SafetensorsFile(directory_.path() / "none").header().error.find("cannot be opened"),
            std::string::npos);
}

TEST_F(Safetensors, SeesMisalignment) {
  const SafetensorsFile file(directory_.write(
      "f", file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} )", 4)));
  ASSERT_EQ(file.header().error, "");
  EXPECT_FALSE(file.header().find("a")->aligned);
}

TEST_F(Safetensors, WriterRefusesWhatReadersWould) {
  const auto data = bytes(4, 0);
  const auto lay_out_one = [&](TensorData tensor) { (void)lay_out(std::span(&tensor, 1)); };
  EXPECT_NO_THROW(lay_out_one({"a", "F32", {1}, data}));
  EXPECT_THROW(lay_out_one({"a", "F32", {2}, data}), std::invalid_argument);
  EXPECT_THROW(lay_out_one({"a", "X32", {1}, data}), std::invalid_argument);
  EXPECT_THROW(lay_out_one({"__metadata__", "F32", {1}, data}), std::invalid_argument);
  const std::vector<TensorData> twins = {{"a", "F32", {1}, data}, {"a", "F32", {1}, data}};
  EXPECT_THROW((void)lay_out(twins), std::invalid_argument);
}

TEST_F(Safetensors, WriterMakesTheFileWholeOrNotAtAll) {
  const auto small = bytes(2, 7), large = bytes(8, 9);
  const std::vector<TensorData> tensors = {{"a", "BF16", {1}, small}, {"b", "I64", {}, large}};
  const auto path = directory_.path() / "blob" / "deep" / "t.safetensors";
  write_safetensors(path, tensors, {{"seed", "7"}});
  const SafetensorsFile file(path);
  ASSERT_EQ(file.header().error, "");
  EXPECT_EQ(*file.header().metadata.find("seed"), "7");
  const auto a = file.bytes(*file.header().find("a")), b = file.bytes(*file.header().find("b"));
  EXPECT_TRUE(std::equal(a.begin(), a.end(), small.begin(), small.end()));
  EXPECT_TRUE(std::equal(b.begin(), b.end(), large.begin(), large.end()));
  const std::vector<TensorData> wrong = {{"a", "BF16", {2}, small}};
  EXPECT_THROW(write_safetensors(path, wrong), std::invalid_argument);
  EXPECT_EQ(SafetensorsFile(path).header().tensors.size(), 2u);
  EXPECT_THROW(write_safetensors("/proc/none/t", tensors), RegistryError);
}

}  // namespace
}  // namespace fib::registry
