// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/fresh_inputs.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace fib::judge {
namespace {

template <class Value>
void shuffle_values(std::vector<Value>& values, std::size_t begin, std::size_t end,
                    Random& random) {
  for (std::size_t i = end; i > begin + 1; --i)
    std::swap(values[i - 1], values[begin + random.below(i - begin)]);
}

/// Where each row begins, in elements.
std::vector<std::int64_t> rows_of(const TensorLayout& layout) {
  std::vector<std::int64_t> begins{0};
  for (std::size_t d = 0; d + 1 < layout.shape.size(); ++d) {
    std::vector<std::int64_t> next;
    next.reserve(begins.size() * static_cast<std::size_t>(layout.shape[d]));
    for (const std::int64_t begin : begins)
      for (std::int64_t i = 0; i < layout.shape[d]; ++i)
        next.push_back(begin + i * layout.strides[d]);
    begins = std::move(next);
  }
  return begins;
}

template <class Value>
void shuffle_as(const TensorLayout& layout, std::span<std::byte> bytes, Random& random) {
  const std::size_t row = layout.shape.empty() ? 1 : static_cast<std::size_t>(layout.shape.back());
  const std::vector<std::int64_t> begins = rows_of(layout);
  std::vector<Value> values(begins.size() * row);
  const auto at = [&](std::size_t r) {
    return bytes.data() + static_cast<std::size_t>(begins[r]) * sizeof(Value);
  };
  std::vector<std::size_t> order(begins.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle_values(order, 0, order.size(), random);
  for (std::size_t r = 0; r < begins.size(); ++r) {
    std::memcpy(values.data() + r * row, at(order[r]), row * sizeof(Value));
    shuffle_values(values, r * row, (r + 1) * row, random);
  }
  for (std::size_t r = 0; r < begins.size(); ++r)
    std::memcpy(at(r), values.data() + r * row, row * sizeof(Value));
}

/// Two of them in each byte: whole bytes, of a contiguous tensor.
void shuffle_packed(std::span<std::byte> bytes, Random& random) {
  for (std::size_t i = bytes.size(); i > 1; --i) std::swap(bytes[i - 1], bytes[random.below(i)]);
}

}  // namespace

bool is_data(registry::DType dtype) {
  return dtype == registry::DType::Int8 ||
         (!registry::is_integer(dtype) && dtype != registry::DType::Bool);
}

void shuffle(const TensorLayout& layout, std::span<std::byte> bytes, Random& random) {
  switch (registry::bits_of(layout.dtype)) {
    case 4: return shuffle_packed(bytes, random);
    case 8: return shuffle_as<std::uint8_t>(layout, bytes, random);
    case 16: return shuffle_as<std::uint16_t>(layout, bytes, random);
    case 32: return shuffle_as<std::uint32_t>(layout, bytes, random);
    default: return shuffle_as<std::uint64_t>(layout, bytes, random);
  }
}

std::vector<std::string> freshen(const TrialMemory& memory, const LaunchFacts& facts,
                                 std::uint64_t seed, MemoryState& state) {
  Random random(seed);
  std::vector<std::string> names;
  for (const LaunchTensor& tensor : facts.tensors) {
    if (tensor.is_output || !is_data(tensor.layout.dtype)) continue;
    const auto is_kept = [&](const LaunchTensor& other) {
      return !other.is_output && !is_data(other.layout.dtype) && other.overlaps(tensor);
    };
    if (std::any_of(facts.tensors.begin(), facts.tensors.end(), is_kept)) continue;
    auto content = memory.read(state, tensor.address, tensor.bytes);
    if (!content) continue;
    shuffle(tensor.layout, *content, random);
    if (memory.write(state, tensor.address, *content)) names.push_back(tensor.layout.name);
  }
  return names;
}

}  // namespace fib::judge
