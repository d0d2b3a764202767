// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "driver/cuda_abi.h"

/// The addresses in the driver's copy structures. Those of 3D copies, also between devices, and of
/// 2D ones name their fields alike.
namespace fib::replayer {

namespace detail {

/// The first byte that a copy touches, less the base, and how many from there to behind the last.
struct Span {
  std::uint64_t offset, bytes;
};

inline Span span_of(std::uint64_t x, std::uint64_t y, std::uint64_t z, std::uint64_t pitch,
                    std::uint64_t rows, std::uint64_t width, std::uint64_t height,
                    std::uint64_t depth) {
  if (pitch == 0) pitch = x + width;
  if (rows == 0) rows = y + height;
  if (width == 0 || height == 0 || depth == 0) return {0, 0};
  return {(z * rows + y) * pitch + x, ((depth - 1) * rows + height - 1) * pitch + width};
}

template <class Copy>
concept HasDepth = requires(Copy copy) {
  copy.Depth;
};

template <class Copy>
Span source_span(const Copy& c) {
  if constexpr (HasDepth<Copy>)
    return span_of(c.srcXInBytes, c.srcY, c.srcZ, c.srcPitch, c.srcHeight, c.WidthInBytes, c.Height,
                   c.Depth);
  else
    return span_of(c.srcXInBytes, c.srcY, 0, c.srcPitch, 0, c.WidthInBytes, c.Height, 1);
}

template <class Copy>
Span target_span(const Copy& c) {
  if constexpr (HasDepth<Copy>)
    return span_of(c.dstXInBytes, c.dstY, c.dstZ, c.dstPitch, c.dstHeight, c.WidthInBytes, c.Height,
                   c.Depth);
  else
    return span_of(c.dstXInBytes, c.dstY, 0, c.dstPitch, 0, c.WidthInBytes, c.Height, 1);
}

/// `replace(address, bytes)` says where the bytes from `address` on are here.
template <class Pointer, class Replace>
void replace_one(CUmemorytype type, Pointer& host, CUdeviceptr& device, const Span& span,
                 const Replace& replace) {
  if (type == CU_MEMORYTYPE_HOST) {
    const auto base = reinterpret_cast<std::uintptr_t>(host);
    host = reinterpret_cast<Pointer>(replace(base + span.offset, span.bytes) - span.offset);
  } else {
    device = replace(device + span.offset, span.bytes) - span.offset;
  }
}

}  // namespace detail

/// Whether a copy uses arrays, whose content is not recorded.
template <class Copy>
bool uses_arrays(const Copy& copy) {
  return copy.srcMemoryType == CU_MEMORYTYPE_ARRAY || copy.dstMemoryType == CU_MEMORYTYPE_ARRAY;
}

template <class Copy, class Source, class Target>
void replace_endpoints(Copy& copy, const Source& source, const Target& target) {
  if (copy.srcMemoryType != CU_MEMORYTYPE_ARRAY)
    detail::replace_one(copy.srcMemoryType, copy.srcHost, copy.srcDevice, detail::source_span(copy),
                        source);
  if (copy.dstMemoryType != CU_MEMORYTYPE_ARRAY)
    detail::replace_one(copy.dstMemoryType, copy.dstHost, copy.dstDevice, detail::target_span(copy),
                        target);
}

}  // namespace fib::replayer
