// SPDX-License-Identifier: Apache-2.0
#include "cli/array_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

#include "cli/exit_codes.h"
#include "registry/model/safetensors.h"

namespace fib::cli {
namespace {

/// NumPy's type codes, without byte order.
const std::map<std::string, std::string> kNumpyTypes = {
    {"f8", "F64"}, {"f4", "F32"}, {"f2", "F16"}, {"i8", "I64"}, {"i4", "I32"}, {"i2", "I16"},
    {"i1", "I8"},  {"u8", "U64"}, {"u4", "U32"}, {"u2", "U16"}, {"u1", "U8"},  {"b1", "BOOL"}};

template <typename T>
T at(const std::string& bytes, std::uint64_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

double half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, mantissa = bits & 0x3ff;
  double value = 0;
  if (exponent == 0x1f) {
    value = mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                          : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

double bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

[[noreturn]] void refuse(const std::string& origin, const std::string& why) {
  throw CliError(kExitUnreadable, origin + ' ' + why);
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) refuse(path.string(), "can't be read");
  return std::move(text).str();
}

/// The text behind 'key': in NumPy's header, a Python dictionary; from the value on.
std::optional<std::string> member(const std::string& header, const std::string& key) {
  const std::size_t found = header.find('\'' + key + '\'');
  if (found == std::string::npos) return std::nullopt;
  const std::size_t value = header.find_first_not_of(" :", found + key.size() + 2);
  if (value == std::string::npos) return std::nullopt;
  return header.substr(value);
}

std::optional<std::vector<std::uint64_t>> tuple(const std::string& text) {
  if (text.empty() || text[0] != '(') return std::nullopt;
  std::vector<std::uint64_t> numbers;
  std::uint64_t number = 0;
  bool any = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      if (number > std::numeric_limits<std::uint64_t>::max() / 16) return std::nullopt;
      number = number * 10 + static_cast<std::uint64_t>(text[i] - '0');
      any = true;
    } else if (text[i] == ',' || text[i] == ')') {
      if (any) numbers.push_back(number);
      number = 0, any = false;
      if (text[i] == ')') return numbers;
    } else if (text[i] != ' ') {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// Elements of a shape; nothing if that is no 64-bit number.
std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    if (size != 0 && count > std::numeric_limits<std::uint64_t>::max() / size) return std::nullopt;
    count *= size;
  }
  return count;
}

/// Where the header begins and ends.
std::pair<std::size_t, std::size_t> npy_header(const std::string& file, const std::string& origin) {
  if (file.size() < 12 || std::memcmp(file.data(), "\x93NUMPY", 6) != 0)
    refuse(origin, "is no .npy file");
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(file[i]); };
  const bool is_short = byte(6) == 1;
  const std::size_t begin = is_short ? 10 : 12;
  std::size_t size = byte(8) | byte(9) << 8;
  if (!is_short) size |= std::size_t{byte(10)} << 16 | std::size_t{byte(11)} << 24;
  if (size > file.size() - begin) refuse(origin, "is cut off in its header");
  return {begin, begin + size};
}

}  // namespace

std::uint64_t NamedArray::elements() const { return product(shape).value_or(0); }

bool is_numeric(const std::string& dtype) {
  static const std::map<std::string, int> kTypes = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
      {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1}};
  return kTypes.contains(dtype);
}

double NamedArray::value(std::uint64_t index) const {
  if (dtype == "F64") return at<double>(bytes, index);
  if (dtype == "F32") return at<float>(bytes, index);
  if (dtype == "F16") return half(at<std::uint16_t>(bytes, index));
  if (dtype == "BF16") return bfloat16(at<std::uint16_t>(bytes, index));
  if (dtype == "I64") return static_cast<double>(at<std::int64_t>(bytes, index));
  if (dtype == "I32") return at<std::int32_t>(bytes, index);
  if (dtype == "I16") return at<std::int16_t>(bytes, index);
  if (dtype == "I8") return at<std::int8_t>(bytes, index);
  if (dtype == "U64") return static_cast<double>(at<std::uint64_t>(bytes, index));
  if (dtype == "U32") return at<std::uint32_t>(bytes, index);
  if (dtype == "U16") return at<std::uint16_t>(bytes, index);
  return at<std::uint8_t>(bytes, index);
}

bool is_array_file(const std::filesystem::path& path) {
  return path.extension() == ".npy" || path.extension() == ".safetensors";
}

NamedArray parse_npy(const std::string& file, const std::string& origin) {
  const auto [begin, end] = npy_header(file, origin);
  const std::string header = file.substr(begin, end - begin);
  const auto descr = member(header, "descr"), order = member(header, "fortran_order"),
             shape = member(header, "shape");
  if (!descr || !order || !shape) refuse(origin, "has no header that NumPy would write");
  const auto type = descr->size() < 5 ? kNumpyTypes.end() : kNumpyTypes.find(descr->substr(2, 2));
  const bool swapped = descr->size() > 1 && (*descr)[1] == '>' && (*descr)[3] != '1';
  if (type == kNumpyTypes.end() || (*descr)[4] != '\'' || swapped || !order->starts_with("False"))
    refuse(origin, "is an array of another kind than numbers in C order, little-endian");
  NamedArray array;
  array.dtype = type->second;
  const auto numbers = tuple(*shape);
  const std::uint64_t size = static_cast<std::uint64_t>((*descr)[3] - '0');
  const auto count = numbers ? product(*numbers) : std::nullopt;
  if (!count || *count > (file.size() - end) / size || *count * size != file.size() - end)
    refuse(origin, "does not hold as many elements as its shape says");
  array.shape = *numbers;
  array.bytes = file.substr(end);
  return array;
}

std::vector<NamedArray> read_arrays(const std::filesystem::path& path) {
  if (path.extension() == ".npy") return {parse_npy(read_all(path), path.string())};
  const registry::SafetensorsFile file(path);
  if (!file.header().ok()) refuse(path.string(), file.header().error);
  std::vector<NamedArray> arrays;
  for (const registry::TensorInfo& tensor : file.header().tensors) {
    const auto bytes = file.bytes(tensor);
    arrays.push_back({tensor.name, tensor.dtype, tensor.shape,
                      std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())});
  }
  std::sort(arrays.begin(), arrays.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return arrays;
}

}  // namespace fib::cli
