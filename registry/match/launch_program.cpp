// SPDX-License-Identifier: Apache-2.0
#include "registry/match/launch_program.h"

#include <algorithm>
#include <limits>

namespace fib::match {
namespace {

constexpr std::uint64_t kMaxThreads = 1024, kMaxCluster = 16;

/// What every GPU of today accepts; the driver knows the rest.
constexpr std::array<std::int64_t, kGeometryTerms> kLargest = {
    0x7fffffff, 65535, 65535, 1024, 1024, 64, kMaxCluster, kMaxCluster, kMaxCluster, 0x7fffffff};

bool fits(std::int64_t value, Scalar type) noexcept {
  switch (type) {
    case Scalar::I8: return value >= -0x80 && value <= 0x7f;
    case Scalar::U8: return value >= 0 && value <= 0xff;
    case Scalar::I16: return value >= -0x8000 && value <= 0x7fff;
    case Scalar::U16: return value >= 0 && value <= 0xffff;
    case Scalar::I32: return value >= -0x80000000ll && value <= 0x7fffffff;
    case Scalar::U32:
    case Scalar::F32: return value >= 0 && value <= 0xffffffffll;
    case Scalar::U64:
    case Scalar::Ptr: return value >= 0;
    case Scalar::I64:
    case Scalar::F64: break;
  }
  return true;
}

/// The low bytes of a value: little endian, as all that runs CUDA. Constant sizes need no call.
void store(std::byte* at, std::int64_t value, std::uint32_t size) noexcept {
  switch (size) {
    case 1: std::memcpy(at, &value, 1); break;
    case 2: std::memcpy(at, &value, 2); break;
    case 4: std::memcpy(at, &value, 4); break;
    default: std::memcpy(at, &value, 8); break;
  }
}

std::uint64_t product(const LaunchNumbers& numbers, Geometry first) noexcept {
  const auto at = static_cast<std::size_t>(first);
  return std::uint64_t{numbers.geometry[at]} * numbers.geometry[at + 1] * numbers.geometry[at + 2];
}

bool is_possible(const LaunchNumbers& numbers, bool has_cluster) noexcept {
  if (product(numbers, Geometry::BlockX) > kMaxThreads) return false;
  if (!has_cluster) return true;
  if (product(numbers, Geometry::ClusterX) > kMaxCluster) return false;
  return numbers[Geometry::GridX] % numbers[Geometry::ClusterX] == 0 &&
         numbers[Geometry::GridY] % numbers[Geometry::ClusterY] == 0 &&
         numbers[Geometry::GridZ] % numbers[Geometry::ClusterZ] == 0;
}

LaunchFailure set_geometry(const CodePool& pool, const LaunchProgram::Kernel& kernel,
                           const Frame& frame, LaunchNumbers& numbers) noexcept {
  for (std::size_t i = 0; i < kGeometryTerms; ++i) {
    const bool of_cluster = i >= static_cast<std::size_t>(Geometry::ClusterX) &&
                            i <= static_cast<std::size_t>(Geometry::ClusterZ);
    const bool of_shared = i == static_cast<std::size_t>(Geometry::Shared);
    if (!kernel.geometry[i]) {
      numbers.geometry[i] = of_shared || (of_cluster && !kernel.has_cluster) ? 0 : 1;
      continue;
    }
    const Value value = evaluate(pool[kernel.geometry[i]], frame);
    numbers.failure = value.failure;
    if (!value.ok()) return LaunchFailure::Expression;
    const bool possible = value.number >= (of_shared ? 0 : 1) && value.number <= kLargest[i];
    if (!possible) return LaunchFailure::Geometry;
    numbers.geometry[i] = static_cast<std::uint32_t>(value.number);
  }
  return is_possible(numbers, kernel.has_cluster) ? LaunchFailure::None : LaunchFailure::Geometry;
}

}  // namespace

const char* to_string(LaunchFailure failure) noexcept {
  switch (failure) {
    case LaunchFailure::None: return "none";
    case LaunchFailure::Expression: return "an expression has no value";
    case LaunchFailure::Argument: return "an argument does not fit its type or can't be copied";
    case LaunchFailure::Geometry: return "grid, block, cluster or shared memory is impossible";
    case LaunchFailure::Workspace: return "the size of the workspace is negative";
    case LaunchFailure::SmallBuffer: return "the buffers for arguments are too small";
  }
  return "?";
}

std::size_t LaunchProgram::argument_bytes() const noexcept {
  std::size_t most = 0;
  for (const Kernel& kernel : kernels) most = std::max<std::size_t>(most, kernel.argument_bytes);
  return most;
}

std::size_t LaunchProgram::argument_count() const noexcept {
  std::size_t most = 0;
  for (const Kernel& kernel : kernels) most = std::max<std::size_t>(most, kernel.argument_count);
  return most;
}

LaunchFailure LaunchProgram::workspace_bytes(const CodePool& pool, const Frame& frame,
                                             std::uint64_t& bytes) const noexcept {
  bytes = 0;
  if (!workspace) return LaunchFailure::None;
  const Value value = evaluate(pool[workspace], frame);
  if (!value.ok()) return LaunchFailure::Expression;
  if (value.number < 0) return LaunchFailure::Workspace;
  bytes = static_cast<std::uint64_t>(value.number);
  return LaunchFailure::None;
}

LaunchFailure LaunchProgram::write(const CodePool& pool, const Piece& piece, const Frame& frame,
                                   std::byte* at, Failure& failure) const noexcept {
  if (!piece.value) {
    const auto& [parameter, offset, size] = piece.copy;
    const std::byte* const from = param_bytes(*frame.launch, parameter, offset, size);
    if (from == nullptr) return LaunchFailure::Argument;
    std::memcpy(at, from, size);
    return LaunchFailure::None;
  }
  const Value value = evaluate(pool[piece.value], frame);
  failure = value.failure;
  if (!value.ok()) return LaunchFailure::Expression;
  if (!fits(value.number, piece.type)) return LaunchFailure::Argument;
  store(at, value.number, bytes_of(piece.type));
  return LaunchFailure::None;
}

LaunchFailure LaunchProgram::prepare(const CodePool& pool, std::size_t index, const Frame& frame,
                                     const ArgumentBuffers& buffers,
                                     LaunchNumbers& numbers) const noexcept {
  const Kernel& kernel = kernels[index];
  if (buffers.storage.size() < kernel.argument_bytes ||
      buffers.pointers.size() < kernel.argument_count) {
    return LaunchFailure::SmallBuffer;
  }
  if (const auto failure = set_geometry(pool, kernel, frame, numbers);
      failure != LaunchFailure::None) {
    return failure;
  }
  std::byte* const storage = buffers.storage.data();
  for (std::size_t i = 0; i < kernel.argument_count; ++i) {
    const Argument& argument = arguments[kernel.first_argument + i];
    buffers.pointers[i] = storage + argument.offset;
    if (argument.has_gaps) std::memset(storage + argument.offset, 0, argument.size);
    for (std::uint32_t p = 0; p < argument.piece_count; ++p) {
      const Piece& piece = pieces[argument.first_piece + p];
      const auto failure = write(pool, piece, frame, storage + piece.offset, numbers.failure);
      if (failure != LaunchFailure::None) return failure;
    }
  }
  numbers.argument_count = kernel.argument_count;
  return LaunchFailure::None;
}

}  // namespace fib::match
