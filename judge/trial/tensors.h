// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dispatch/prepared_launch.h"
#include "judge/compare/tensor.h"
#include "replayer/memory_layout.h"

namespace fib::judge {

/// One tensor of a launch: what the binding found.
struct LaunchTensor {
  TensorLayout layout;
  bool is_output = false;
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;  ///< from the first to behind the last element; 0: not known

  [[nodiscard]] std::uint64_t end() const { return address + bytes; }
  [[nodiscard]] bool overlaps(const LaunchTensor& other) const {
    return address < other.end() && other.address < end();
  }
  /// Without bytes of others between its own.
  [[nodiscard]] bool is_dense() const;
};

/// Of 4-bit elements the byte that holds two.
[[nodiscard]] inline std::uint64_t element_bytes(const LaunchTensor& tensor) {
  return std::max(registry::bits_of(tensor.layout.dtype) / 8, 1U);
}

/// Calls visit(offset, bytes) for the tensor's own bytes: pieces without anything of others
/// between, in the order of its elements.
template <class Visit>
void for_each_piece(const LaunchTensor& tensor, Visit&& visit) {
  if (tensor.is_dense()) return visit(std::uint64_t{0}, tensor.bytes);
  // Only rows may lie apart; see facts_of().
  const TensorLayout& layout = tensor.layout;
  const std::uint64_t element = registry::bits_of(layout.dtype) / 8;
  const auto row = static_cast<std::uint64_t>(layout.shape.back()) * element;
  const auto pitch =
      static_cast<std::uint64_t>(layout.strides[layout.strides.size() - 2]) * element;
  for (std::uint64_t at = 0; at < tensor.bytes; at += pitch) visit(at, row);
}

/// Calls visit(offset) for each element, as for_each_piece() has them, of which a byte lies in
/// `parts`: sorted offsets, without overlap.
template <class Visit>
void for_each_element(const LaunchTensor& tensor, const std::vector<replayer::Range>& parts,
                      Visit&& visit) {
  const std::uint64_t element = element_bytes(tensor);
  auto part = parts.begin();
  for_each_piece(tensor, [&](std::uint64_t from, std::uint64_t bytes) {
    const std::uint64_t end = from + bytes;
    for (std::uint64_t at = from; at + element <= end; at += element) {
      while (part != parts.end() && part->end <= at) ++part;
      if (part == parts.end() || part->begin >= end) return;
      if (part->begin > at) at += (part->begin - at) / element * element;
      if (at + element <= end) visit(at);
    }
  });
}

/// A launch as an instance of its Definition.
struct LaunchFacts {
  std::map<std::string, std::int64_t> axes;  ///< that are known, constant ones too
  std::map<std::string, double> scalars;
  std::vector<LaunchTensor> tensors;  ///< that the launch shows, of known extent
  std::vector<std::string> unknown;   ///< names of tensors whose extent is not known

  /// Bytes of all tensors, what several share counted once.
  [[nodiscard]] std::uint64_t bytes_touched() const;
};

/// Reads a hit. `bytes_from` tells how much memory there is from an address on: a tensor whose
/// first axis alone is not shown reaches to its end.
[[nodiscard]] LaunchFacts facts_of(const dispatch::PreparedLaunch& prepared,
                                   const std::function<std::uint64_t(std::uint64_t)>& bytes_from);

}  // namespace fib::judge
