// SPDX-License-Identifier: Apache-2.0
#include "registry/match/tensor_checks.h"

namespace fib::match {
namespace {

/// Memory that a tensor may touch. Without initial values: there is an array of them per launch.
struct Extent {
  std::uint64_t begin, end;
  std::uint8_t slot;
  bool checked;  ///< takes part in the search for overlaps
};

constexpr Reason kFine = Reason::Exact;

/// Extents of all tensors of a launch, as far as nothing speaks against it.
class TensorChecks {
 public:
  TensorChecks(const BoundLaunch& launch, const CompiledCandidate& candidate) noexcept
      : launch_(launch), candidate_(candidate) {}

  Reason run() noexcept {
    for (const CompiledTensor& tensor : launch_.tensors) {
      const TensorShape& shape = launch_.definition.tensors[tensor.slot];
      if (shape.is_scalar) continue;
      const Reason reason = check(tensor, shape);
      if (reason != kFine) return reason;
    }
    return overlaps() ? Reason::Aliasing : kFine;
  }

 private:
  /// 0 if the launch does not show it.
  [[nodiscard]] std::int64_t dimension(const TensorShape& shape, std::size_t index) const noexcept {
    const std::size_t slot = shape.axes[index];
    const auto& definition = launch_.definition;
    return (definition.constant_axes & bit(slot)) != 0 ? definition.axes[slot]
                                                       : launch_.frame.axes[slot];
  }

  Reason check(const CompiledTensor& tensor, const TensorShape& shape) noexcept {
    const std::int64_t address = launch_.frame.values[tensor.slot];
    if (address <= 0) return Reason::BadAddress;
    const TensorDemand& demand = candidate_.demands[tensor.slot];
    if ((address & (demand.alignment - std::int64_t{1})) != 0) return Reason::Misaligned;
    if (demand.tail > 1 && ragged(shape, demand.tail)) return Reason::Tail;
    if (tensor.has_strides) {
      const Reason reason = check_strides(tensor, shape);
      if (reason != kFine) return reason;
    }
    return add_extent(tensor, static_cast<std::uint64_t>(address));
  }

  /// Whether rows end between two vectors, or may do so.
  [[nodiscard]] bool ragged(const TensorShape& shape, std::uint32_t tail) const noexcept {
    if (shape.rank == 0) return false;
    std::int64_t bits = 0;
    const std::size_t last = shape.rank - std::size_t{1};
    const std::int64_t size = dimension(shape, last);
    if (size == 0 || __builtin_mul_overflow(size, std::int64_t{shape.bits}, &bits)) return true;
    return (bits & (8 * std::int64_t{tail} - 1)) != 0;  // a power of two
  }

  [[nodiscard]] Reason check_strides(const CompiledTensor& tensor,
                                     const TensorShape& shape) const noexcept {
    std::int64_t contiguous = 1;
    for (std::size_t i = shape.rank; i-- > 0;) {
      const Value stride = evaluate(launch_.code[tensor.strides[i]], launch_.frame);
      if (!stride.ok()) return Reason::ExpressionFailed;
      const std::int64_t size = dimension(shape, i);
      if (size != 1 && stride.number != contiguous) return Reason::NotContiguous;
      if (__builtin_mul_overflow(contiguous, size, &contiguous)) return Reason::BadAddress;
    }
    return kFine;
  }

  Reason add_extent(const CompiledTensor& tensor, std::uint64_t begin) noexcept {
    Extent& extent = extents_[count_++];
    extent.slot = tensor.slot;
    extent.begin = begin;
    extent.checked = !tensor.disjoint;
    if (tensor.disjoint) return kFine;
    const TensorBytes found = tensor_bytes(launch_, tensor);
    if (found.reason != kFine) return found.reason;
    extent.end = begin + static_cast<std::uint64_t>(found.bytes);  // both below 2^63
    return kFine;
  }

  [[nodiscard]] bool overlaps() const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!launch_.definition.tensors[extents_[i].slot].is_output) continue;
      for (std::size_t k = 0; k < count_; ++k) {
        if (k != i && overlap(extents_[i], extents_[k])) return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool overlap(const Extent& output, const Extent& other) const noexcept {
    if (!output.checked || !other.checked) return false;
    if (output.begin >= other.end || other.begin >= output.end) return false;
    const bool same = output.begin == other.begin && output.end == other.end;
    return !same || (candidate_.in_place[output.slot] & bit(other.slot)) == 0;
  }

  const BoundLaunch& launch_;
  const CompiledCandidate& candidate_;
  std::array<Extent, kMaxTensors> extents_;
  std::size_t count_ = 0;
};

}  // namespace

TensorBytes tensor_bytes(const BoundLaunch& launch, const CompiledTensor& tensor) noexcept {
  std::int64_t bytes = 0;
  if (tensor.bytes) {
    const Value value = evaluate(launch.code[tensor.bytes], launch.frame);
    if (!value.ok()) return {0, Reason::ExpressionFailed};
    bytes = value.number;
  } else {
    const TensorShape& shape = launch.definition.tensors[tensor.slot];
    std::int64_t bits = shape.constant_bits;
    for (std::size_t i = 0; i < shape.varying; ++i) {
      const std::int64_t size = launch.frame.axes[shape.varying_axes[i]];
      if (__builtin_mul_overflow(bits, size, &bits)) return {0, Reason::BadAddress};
    }
    bytes = (bits >> 3) + ((bits & 7) != 0 ? 1 : 0);
  }
  return {bytes, bytes > 0 ? kFine : Reason::BadAddress};
}

Reason check_tensors(const BoundLaunch& launch, const CompiledCandidate& candidate) noexcept {
  return TensorChecks(launch, candidate).run();
}

}  // namespace fib::match
