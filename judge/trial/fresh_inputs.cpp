// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/fresh_inputs.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace fib::judge {
namespace {

constexpr std::size_t kFew = 8;  ///< values that Change::Few changes
constexpr std::size_t kDrawnTogether = 1 << 15;
constexpr int kTries = 16;  ///< to find a value that is another one

/// The elements of a tensor without gaps between rows.
template <class Value>
struct Rows {
  std::size_t width = 1;
  std::vector<std::size_t> begins;  ///< where each row lies, in bytes
  std::vector<Value> values;

  Rows(const TensorLayout& layout, std::span<const std::byte> bytes) {
    if (!layout.shape.empty()) width = static_cast<std::size_t>(layout.shape.back());
    if (registry::bits_of(layout.dtype) < 8) {  // contiguous: a row of bytes
      width = bytes.size();
      begins = {0};
    } else {
      begins = begins_of(layout);
    }
    values.resize(begins.size() * width);
    for (std::size_t r = 0; r < begins.size(); ++r)
      std::memcpy(values.data() + r * width, bytes.data() + begins[r], width * sizeof(Value));
  }

  void write(std::span<std::byte> bytes) const {
    for (std::size_t r = 0; r < begins.size(); ++r)
      std::memcpy(bytes.data() + begins[r], values.data() + r * width, width * sizeof(Value));
  }

 private:
  static std::vector<std::size_t> begins_of(const TensorLayout& layout) {
    std::vector<std::size_t> begins{0};
    for (std::size_t d = 0; d + 1 < layout.shape.size(); ++d) {
      std::vector<std::size_t> next;
      next.reserve(begins.size() * static_cast<std::size_t>(layout.shape[d]));
      for (const std::size_t begin : begins)
        for (std::int64_t i = 0; i < layout.shape[d]; ++i)
          next.push_back(begin + static_cast<std::size_t>(i * layout.strides[d]) * sizeof(Value));
      begins = std::move(next);
    }
    return begins;
  }
};

template <class Value>
void shuffle(std::vector<Value>& values, std::size_t begin, std::size_t end, Random& random) {
  for (std::size_t i = end; i > begin + 1; --i)
    std::swap(values[i - 1], values[begin + random.below(i - begin)]);
}

template <class Value>
void shuffle_rows(Rows<Value>& rows, Random& random) {
  std::vector<std::size_t> order(rows.begins.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order, 0, order.size(), random);
  std::vector<Value> shuffled(rows.values.size());
  for (std::size_t r = 0; r < order.size(); ++r) {
    std::copy_n(rows.values.data() + order[r] * rows.width, rows.width,
                shuffled.data() + r * rows.width);
    shuffle(shuffled, r * rows.width, (r + 1) * rows.width, random);
  }
  rows.values = std::move(shuffled);
}

/// So many values are drawn from as many that lie together anywhere in the tensor: from all of a
/// large one each draw would wait for memory.
template <class Value>
void redraw(Rows<Value>& rows, Random& random) {
  const std::vector<Value> all = rows.values;
  const std::size_t some = std::min(kDrawnTogether, all.size());
  for (std::size_t done = 0; done < all.size(); done += some) {
    const Value* const from = all.data() + random.below(all.size() - some + 1);
    const std::size_t end = std::min(done + some, all.size());
    for (std::size_t i = done; i < end; ++i) rows.values[i] = from[random.below(some)];
  }
}

template <class Value>
void change_few(Rows<Value>& rows, Random& random) {
  std::vector<Value>& values = rows.values;
  for (std::size_t i = 0; i < kFew; ++i) {
    Value& value = values[random.below(values.size())];
    Value other = value;
    for (int tries = 0; tries < kTries && other == value; ++tries)
      other = values[random.below(values.size())];
    value = other;
  }
}

template <class Value>
void change_as(const TensorLayout& layout, std::span<std::byte> bytes, Change how, Random& random) {
  Rows<Value> rows(layout, bytes);
  if (rows.values.empty()) return;
  switch (how) {
    case Change::Redraw: redraw(rows, random); break;
    case Change::Shuffle: shuffle_rows(rows, random); break;
    case Change::Few: change_few(rows, random); break;
  }
  rows.write(bytes);
}

}  // namespace

bool is_data(registry::DType dtype) {
  return dtype == registry::DType::Int8 ||
         (!registry::is_integer(dtype) && dtype != registry::DType::Bool);
}

void change(const TensorLayout& layout, std::span<std::byte> bytes, Change how, Random& random) {
  switch (registry::bits_of(layout.dtype)) {
    case 16: return change_as<std::uint16_t>(layout, bytes, how, random);
    case 32: return change_as<std::uint32_t>(layout, bytes, how, random);
    case 64: return change_as<std::uint64_t>(layout, bytes, how, random);
    default: return change_as<std::uint8_t>(layout, bytes, how, random);
  }
}

std::vector<std::string> freshen(const TrialMemory& memory, const LaunchFacts& facts, Change how,
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
    change(tensor.layout, *content, how, random);
    if (memory.write(state, tensor.address, *content)) names.push_back(tensor.layout.name);
  }
  return names;
}

}  // namespace fib::judge
