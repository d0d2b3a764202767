// SPDX-License-Identifier: Apache-2.0
#include "registry/model/safetensors.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <stdexcept>
#include <tuple>

#include "registry/model/json.h"
#include "registry/model/object.h"

namespace fib::registry {
namespace {

constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr const char* kMetadata = "__metadata__";
constexpr JsonLimits kHeaderLimits = {kLongestHeader, 4, 4'000'000};

struct Code {
  std::string_view name;
  unsigned bits;
};
constexpr Code kCodes[] = {{"BOOL", 8},    {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6},
                           {"U8", 8},      {"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8},
                           {"F8_E8M0", 8}, {"I16", 16}, {"U16", 16},    {"F16", 16},
                           {"BF16", 16},   {"I32", 32}, {"U32", 32},    {"F32", 32},
                           {"C64", 64},    {"F64", 64}, {"I64", 64},    {"U64", 64}};

/// Ends the reading of a header.
struct Bad : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string shown(std::string_view name) { return '"' + std::string(name.substr(0, 80)) + '"'; }

// Bytes of a tensor; nothing if they exceed 64 bits or are no whole number.
std::optional<std::uint64_t> bytes_of(unsigned bits, const std::vector<std::uint64_t>& shape) {
  std::uint64_t total = bits;
  for (const std::uint64_t extent : shape) {
    if (__builtin_mul_overflow(total, extent, &total)) return std::nullopt;
  }
  if (total % 8 != 0) return std::nullopt;
  return total / 8;
}

std::uint64_t unsigned_of(const Json& value, const std::string& what) {
  const auto number = integer_of(value);
  if (!number || *number < 0 || value.is_number_float()) {
    throw Bad(what + " is " + type_of(value) + " instead of an integer");
  }
  return static_cast<std::uint64_t>(*number);
}

const Json& required(const Json& object, const char* key, const std::string& what) {
  const Json* const value = find_member(object, key);
  if (value == nullptr) throw Bad(what + " has no \"" + key + '"');
  return *value;
}

void read_offsets(const Json& offsets, TensorInfo& tensor, const std::string& what) {
  if (!offsets.is_array() || offsets.size() != 2) throw Bad(what + " has no two data_offsets");
  tensor.begin = unsigned_of(offsets[0], what + ": an offset");
  tensor.end = unsigned_of(offsets[1], what + ": an offset");
  if (tensor.begin > tensor.end) throw Bad(what + " ends before it begins");
}

TensorInfo read_tensor(const std::string& name, const Json& value) {
  const std::string what = "tensor " + shown(name);
  TensorInfo tensor;
  tensor.name = name;
  const Json& dtype = required(value, "dtype", what);
  const auto bits =
      dtype.is_string() ? bits_of_code(dtype.get_ref<const std::string&>()) : std::nullopt;
  if (!bits) throw Bad(what + " is of the unknown type " + to_text(dtype).substr(0, 40));
  tensor.dtype = dtype.get<std::string>();
  const Json& shape = required(value, "shape", what);
  if (!shape.is_array()) throw Bad(what + " has no shape but " + type_of(shape));
  for (const Json& extent : shape)
    tensor.shape.push_back(unsigned_of(extent, what + ": an extent"));
  read_offsets(required(value, "data_offsets", what), tensor, what);
  if (bytes_of(*bits, tensor.shape) != tensor.bytes()) {
    throw Bad(what + " has " + std::to_string(tensor.bytes()) +
              " bytes, which do not fit its type and shape");
  }
  return tensor;
}

void read_metadata(const Json& value, Named<std::string>& metadata) {
  if (!value.is_object()) throw Bad("__metadata__ is " + type_of(value));
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) throw Bad("__metadata__: " + shown(key) + " is " + type_of(text));
    metadata.add(key, text.get<std::string>());
  }
}

// Back to back from the first byte of the data to the last: no gap to hide anything in, no overlap.
void check_places(const SafetensorsHeader& header, std::uint64_t data_bytes) {
  std::uint64_t expected = 0;
  for (const TensorInfo& tensor : header.tensors) {
    if (tensor.begin < expected) throw Bad("tensor " + shown(tensor.name) + " overlaps another");
    if (tensor.begin > expected) throw Bad("there is a gap before tensor " + shown(tensor.name));
    expected = tensor.end;
  }
  if (expected > data_bytes) throw Bad("the tensors exceed the file: was it cut?");
  if (expected < data_bytes) {
    throw Bad(std::to_string(data_bytes - expected) + " bytes behind the last tensor");
  }
}

SafetensorsHeader read_value(const Json& value, std::uint64_t header_bytes,
                             std::uint64_t file_bytes) {
  if (!value.is_object()) throw Bad("the header is " + type_of(value) + " instead of an object");
  SafetensorsHeader header;
  header.data_offset = 8 + header_bytes;
  for (const auto& [name, entry] : value.items()) {
    if (name == kMetadata) {
      read_metadata(entry, header.metadata);
    } else {
      header.tensors.push_back(read_tensor(name, entry));
      TensorInfo& tensor = header.tensors.back();
      const std::uint64_t size = std::max(*bits_of_code(tensor.dtype) / 8, 1u);
      tensor.aligned = (header.data_offset + tensor.begin) % size == 0;
    }
  }
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const TensorInfo& a, const TensorInfo& b) {
              return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
            });
  check_places(header, file_bytes - header.data_offset);
  for (std::size_t i = 0; i < header.tensors.size(); ++i) header.index[header.tensors[i].name] = i;
  return header;
}

unsigned checked_bits(const TensorData& tensor) {
  const auto bits = bits_of_code(tensor.dtype);
  if (!bits) throw std::invalid_argument("unknown type of tensor " + shown(tensor.name));
  if (bytes_of(*bits, tensor.shape) != tensor.bytes.size()) {
    throw std::invalid_argument("the bytes of tensor " + shown(tensor.name) +
                                " do not fit its type and shape");
  }
  return *bits;
}

}  // namespace

std::optional<unsigned> bits_of_code(std::string_view code) {
  for (const Code& known : kCodes) {
    if (known.name == code) return known.bits;
  }
  return std::nullopt;
}

const TensorInfo* SafetensorsHeader::find(std::string_view name) const {
  const auto found = index.find(std::string(name));
  return found == index.end() ? nullptr : &tensors[found->second];
}

std::pair<std::uint64_t, std::string> header_length(std::span<const std::byte> first,
                                                    std::uint64_t file_bytes) {
  if (first.size() < 8 || file_bytes < 8) return {0, "too short for a safetensors file"};
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(first[i]);
  if (length > kLongestHeader)
    return {0, "no safetensors file: its header would have " + std::to_string(length) + " bytes"};
  if (length > file_bytes - 8) return {0, "the header exceeds the file: was it cut?"};
  return {length, ""};
}

SafetensorsHeader read_header(std::string_view text, std::uint64_t file_bytes) try {
  if (!text.starts_with('{')) throw Bad("the header does not begin with {");
  const ParsedJson parsed = parse_json(text, kHeaderLimits);
  if (!parsed.ok()) throw Bad("the header is no JSON: " + parsed.error);
  return read_value(parsed.value, text.size(), file_bytes);
} catch (const Bad& bad) {
  SafetensorsHeader header;
  header.error = bad.what();
  return header;
}

SafetensorsLayout lay_out(std::span<const TensorData> tensors, const Named<std::string>& metadata) {
  SafetensorsLayout layout;
  std::vector<unsigned> bits;
  std::set<std::string_view> names = {kMetadata};
  for (const TensorData& tensor : tensors) {
    bits.push_back(checked_bits(tensor));
    layout.order.push_back(layout.order.size());
    if (!names.insert(tensor.name).second) {
      throw std::invalid_argument("the name " + shown(tensor.name) + " is taken");
    }
  }
  std::sort(layout.order.begin(), layout.order.end(), [&](std::size_t a, std::size_t b) {
    return bits[a] != bits[b] ? bits[a] > bits[b] : tensors[a].name < tensors[b].name;
  });
  Json header = Json::object();
  if (!metadata.empty()) {
    Json object = Json::object();
    for (const auto& [key, text] : metadata) append_member(object, key, text);
    append_member(header, kMetadata, std::move(object));
  }
  std::uint64_t offset = 0;
  for (const std::size_t index : layout.order) {
    const TensorData& tensor = tensors[index];
    const std::uint64_t end = offset + tensor.bytes.size();
    append_member(header, tensor.name,
                  {{"dtype", tensor.dtype},
                   {"shape", tensor.shape},
                   {"data_offsets", Json::array({offset, end})}});
    offset = end;
  }
  std::string text = to_text(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  for (int shift = 0; shift < 64; shift += 8) {
    layout.head += static_cast<char>(static_cast<std::uint64_t>(text.size()) >> shift & 0xff);
  }
  layout.head += text;
  return layout;
}

}  // namespace fib::registry
