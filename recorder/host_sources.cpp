// SPDX-License-Identifier: Apache-2.0
#include "recorder/host_sources.h"

#include <string_view>

namespace fib::recorder {
namespace {

enum class Shape : std::uint8_t {
  None,
  Linear,       ///< (dst, src, bytes): either may be a GPU's
  HostToGpu,    ///< (dst, srcHost, bytes)
  HostToArray,  ///< (dst, offset, srcHost, bytes)
  GpuToHost,    ///< (dstHost, src, ...): reads no host memory
  Plane,
  PlaneOld,  ///< of the 32-bit ABI
  Volume,
  VolumeOld,
  VolumePeer,
  Batch,
  VolumeBatch,
};

constexpr Shape shape_of(std::string_view name) {
  const bool second = name.find("_v2") != std::string_view::npos;
  if (!name.starts_with("cuMemcpy")) return Shape::None;
  name.remove_prefix(8);
  if (name.starts_with("HtoD")) return Shape::HostToGpu;
  if (name.starts_with("HtoA")) return Shape::HostToArray;
  if (name.starts_with("DtoH") || name.starts_with("AtoH")) return Shape::GpuToHost;
  if (name.starts_with("2D")) return second ? Shape::Plane : Shape::PlaneOld;
  if (name.starts_with("3DBatch")) return Shape::VolumeBatch;
  if (name.starts_with("3DPeer")) return Shape::VolumePeer;
  if (name.starts_with("3D")) return second ? Shape::Volume : Shape::VolumeOld;
  if (name.starts_with("Batch")) return Shape::Batch;
  return name.empty() || name.starts_with("_") || name.starts_with("Async") ? Shape::Linear
                                                                            : Shape::None;
}

constexpr auto kShapes = [] {
  std::array<Shape, driver::kApiCount> shapes{};
  for (std::size_t i = 0; i < shapes.size(); ++i) shapes[i] = shape_of(driver::kApiInfo[i].name);
  return shapes;
}();

Shape shape_of(driver::Api api) noexcept { return kShapes[static_cast<std::size_t>(api)]; }

template <class Struct>
const Struct* pointer(std::uint64_t word) noexcept {
  return reinterpret_cast<const Struct*>(static_cast<std::uintptr_t>(word));
}

std::uint64_t address_of(const void* address) noexcept {
  return reinterpret_cast<std::uintptr_t>(address);
}

/// One side of a 2D or 3D copy, in bytes.
struct Side {
  unsigned type;
  const void* host;
  std::uint64_t device;
  std::uint64_t x, y, z, pitch, height;
};
struct Extent {
  std::uint64_t width, height, depth;
};

/// The range that this side covers; empty for arrays.
HostSource range_of(const Side& side, const Extent& extent) noexcept {
  const bool host = side.type == CU_MEMORYTYPE_HOST;
  const bool unified = side.type == CU_MEMORYTYPE_UNIFIED;
  if ((!host && !unified) || extent.width == 0 || extent.height == 0 || extent.depth == 0)
    return {};
  const std::uint64_t base = host ? address_of(side.host) : side.device;
  const std::uint64_t pitch = side.pitch != 0 ? side.pitch : extent.width;
  const std::uint64_t plane = pitch * (side.height != 0 ? side.height : extent.height);
  const std::uint64_t first = side.z * plane + side.y * pitch + side.x;
  const std::uint64_t last = (extent.depth - 1) * plane + (extent.height - 1) * pitch;
  return {base + first, last + extent.width, host};
}

template <class Copy>
Side source_of(const Copy& c) noexcept {
  Side side{c.srcMemoryType, c.srcHost, c.srcDevice, c.srcXInBytes, c.srcY, 0, c.srcPitch, 0};
  if constexpr (requires { c.srcZ; }) {
    side.z = c.srcZ;
    side.height = c.srcHeight;
  }
  return side;
}

template <class Copy>
Side target_of(const Copy& c) noexcept {
  Side side{c.dstMemoryType, c.dstHost, c.dstDevice, c.dstXInBytes, c.dstY, 0, c.dstPitch, 0};
  if constexpr (requires { c.dstZ; }) {
    side.z = c.dstZ;
    side.height = c.dstHeight;
  }
  return side;
}

template <class Copy>
Extent extent_of(const Copy& c) noexcept {
  if constexpr (requires { c.Depth; })
    return {c.WidthInBytes, c.Height, c.Depth};
  else
    return {c.WidthInBytes, c.Height, 1};
}

/// One operand of cuMemcpy3DBatchAsync, whose rows are counted in elements of a size that only an
/// array knows; a pointer's operand has rows of bytes.
HostSource operand_range(const CUmemcpy3DOperand& operand, const CUextent3D& extent) noexcept {
  if (operand.type != CU_MEMCPY_OPERAND_TYPE_POINTER) return {};
  const std::uint64_t row = operand.op.ptr.rowLength != 0 ? operand.op.ptr.rowLength : extent.width;
  const std::uint64_t rows =
      operand.op.ptr.layerHeight != 0 ? operand.op.ptr.layerHeight : extent.height;
  if (extent.width == 0 || extent.height == 0 || extent.depth == 0) return {};
  const std::uint64_t last = (extent.depth - 1) * rows * row + (extent.height - 1) * row;
  return {operand.op.ptr.ptr, last + extent.width, false};
}

/// Both sides of a copy to use(source, target).
template <class Copy, class Use>
void use_descriptor(std::uint64_t word, Use&& use) {
  const auto* copy = pointer<Copy>(word);
  if (copy == nullptr) return;
  use(range_of(source_of(*copy), extent_of(*copy)), range_of(target_of(*copy), extent_of(*copy)));
}

template <class Use>
void use_batch(std::span<const std::uint64_t> w, Use&& use) {
  const auto* to = pointer<CUdeviceptr>(w[0]);
  const auto* from = pointer<CUdeviceptr>(w[1]);
  const auto* bytes = pointer<std::size_t>(w[2]);
  if (to == nullptr || from == nullptr || bytes == nullptr) return;
  for (std::uint64_t i = 0; i < w[3]; ++i)
    use(HostSource{from[i], bytes[i], false}, HostSource{to[i], bytes[i], false});
}

template <class Use>
void use_volume_batch(std::span<const std::uint64_t> w, Use&& use) {
  const auto* operations = pointer<CUDA_MEMCPY3D_BATCH_OP>(w[1]);
  for (std::uint64_t i = 0; operations != nullptr && i < w[0]; ++i)
    use(operand_range(operations[i].src, operations[i].extent),
        operand_range(operations[i].dst, operations[i].extent));
}

template <class Use>
void for_each_copy(const Operation& operation, Use&& use) {
  const std::span<const std::uint64_t> w = operation.words;
  switch (shape_of(operation.api)) {
    case Shape::None: return;
    case Shape::Linear: return use(HostSource{w[1], w[2], false}, HostSource{w[0], w[2], false});
    case Shape::HostToGpu: return use(HostSource{w[1], w[2], true}, HostSource{});
    case Shape::HostToArray: return use(HostSource{w[2], w[3], true}, HostSource{});
    case Shape::GpuToHost: return use(HostSource{}, HostSource{w[0], 1, true});
    case Shape::Plane: return use_descriptor<CUDA_MEMCPY2D>(w[0], use);
    case Shape::PlaneOld: return use_descriptor<CUDA_MEMCPY2D_v1>(w[0], use);
    case Shape::Volume: return use_descriptor<CUDA_MEMCPY3D>(w[0], use);
    case Shape::VolumeOld: return use_descriptor<CUDA_MEMCPY3D_v1>(w[0], use);
    case Shape::VolumePeer: return use_descriptor<CUDA_MEMCPY3D_PEER>(w[0], use);
    case Shape::Batch: return use_batch(w, use);
    case Shape::VolumeBatch: return use_volume_batch(w, use);
  }
}

}  // namespace

void append_sources(const Operation& operation, std::vector<HostSource>& to) {
  for_each_copy(operation, [&](const HostSource& source, const HostSource&) {
    if (source.bytes > 0 && source.address != 0) to.push_back(source);
  });
}

void append_targets(const Operation& operation, std::vector<std::uint64_t>& to) {
  if (shape_of(operation.api) == Shape::None) {
    to.insert(to.end(), operation.words.begin(), operation.words.end());
    return;
  }
  for_each_copy(operation, [&](const HostSource&, const HostSource& target) {
    if (target.bytes > 0) to.push_back(target.address);
  });
}

}  // namespace fib::recorder
