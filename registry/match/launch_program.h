// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "registry/match/code.h"
#include "registry/match/evaluate.h"
#include "registry/match/launch_spec.h"

namespace fib::match {

/// Most bytes and parameters that a kernel may take, as the driver has it.
inline constexpr std::size_t kMaxArgumentBytes = 32764;
inline constexpr std::size_t kMaxArguments = 4096;

/// Why a candidate can't be launched here, though it was chosen.
enum class LaunchFailure : std::uint8_t {
  None,
  Expression,  ///< one has no value: LaunchNumbers::failure says why
  Argument,    ///< a value does not fit its type, or the original has no such bytes to copy
  Geometry,    ///< zero, or more than a GPU takes: grid, block, cluster, shared memory
  Workspace,   ///< a negative size
  SmallBuffer  ///< the caller's buffers are smaller than argument_bytes() or argument_count()
};
[[nodiscard]] const char* to_string(LaunchFailure failure) noexcept;

/// One kernel, ready for the driver but for its handle and stream.
struct LaunchNumbers {
  std::array<std::uint32_t, kGeometryTerms> geometry{};  ///< cluster: zeros if there is none
  std::size_t argument_count = 0;
  Failure failure = Failure::None;  ///< of the expression, for LaunchFailure::Expression

  [[nodiscard]] std::uint32_t operator[](Geometry term) const noexcept {
    return geometry[static_cast<std::size_t>(term)];
  }
};

/// Where arguments go: borrowed. `storage` must be aligned to 16 bytes.
struct ArgumentBuffers {
  std::span<std::byte> storage;
  std::span<void*> pointers;  ///< becomes the driver's kernelParams
};

/// A compiled LaunchSpec. Immutable; evaluation allocates nothing and touches only what it is
/// given.
class LaunchProgram {
 public:
  struct Kernel {
    std::string entry, module;
    LaunchAttributes attributes;
    std::array<CodeRef, kGeometryTerms> geometry;  ///< none: 1, for a cluster 0
    std::uint32_t first_argument = 0, argument_count = 0;
    std::uint32_t argument_bytes = 0;  ///< with padding
    bool has_cluster = false;
  };
  /// A piece of an argument: a value, or copied bytes.
  struct Piece {
    CodeRef value;  ///< none: a copy
    Scalar type = Scalar::Ptr;
    std::uint32_t offset = 0;  ///< in the buffer
    CopySpec copy;
  };
  struct Argument {
    std::uint32_t offset = 0, size = 0;  ///< in the buffer
    std::uint32_t first_piece = 0, piece_count = 0;
    bool has_gaps = false;  ///< pieces may leave bytes out, which are zero
  };

  std::vector<Kernel> kernels;
  std::vector<Argument> arguments;  ///< of all kernels
  std::vector<Piece> pieces;        ///< of all arguments
  CodeRef workspace;                ///< bytes; none: no workspace

  /// Bytes and pointers that suffice for the largest kernel.
  [[nodiscard]] std::size_t argument_bytes() const noexcept;
  [[nodiscard]] std::size_t argument_count() const noexcept;

  /// Bytes of workspace that this launch needs; 0 without one.
  [[nodiscard]] LaunchFailure workspace_bytes(const CodePool& pool, const Frame& frame,
                                              std::uint64_t& bytes) const noexcept;
  /// Fills in one kernel. Prepare all of them before the first is launched: what fails here must
  /// leave the launch to the original.
  [[nodiscard]] LaunchFailure prepare(const CodePool& pool, std::size_t kernel, const Frame& frame,
                                      const ArgumentBuffers& buffers,
                                      LaunchNumbers& numbers) const noexcept;

 private:
  [[nodiscard]] LaunchFailure write(const CodePool& pool, const Piece& piece, const Frame& frame,
                                    std::byte* at, Failure& failure) const noexcept;
};

}  // namespace fib::match
