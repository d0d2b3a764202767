// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/match/code.h"
#include "registry/match/launch_program.h"
#include "registry/match/name_pattern.h"
#include "registry/match/shape_index.h"
#include "registry/match/spec.h"

/// What a MatchTable consists of: specifications with every name and expression resolved.
namespace fib::match {

/// Limits of a Definition; upstream's largest has 10 axes, 11 tensors and scalars, 4 dimensions.
inline constexpr std::size_t kMaxAxes = 16;
inline constexpr std::size_t kMaxTensors = 32;  ///< inputs and outputs, scalars included
inline constexpr std::size_t kMaxRank = 8;

/// Sets of axes and of tensors, by slot.
using SlotMask = std::uint32_t;
[[nodiscard]] constexpr SlotMask bit(std::size_t slot) noexcept { return SlotMask{1} << slot; }

/// Shape and size of a tensor as its Definition has them. Inputs come first, then outputs; the
/// place among them is a tensor's slot.
struct TensorShape {
  std::uint32_t bits = 0;  ///< of an element
  bool is_scalar = false, is_output = false;
  std::uint8_t rank = 0, varying = 0;
  std::array<std::uint8_t, kMaxRank> axes{};          ///< slot of each dimension's axis
  std::array<std::uint8_t, kMaxRank> varying_axes{};  ///< of those that are not constant
  std::int64_t constant_bits = 1;  ///< of an element, times the constant dimensions
};

struct CompiledDefinition {
  DefinitionSpec spec;
  std::vector<TensorShape> tensors;
  std::array<std::int64_t, kMaxAxes> axes{};  ///< values of constant axes, else 0
  SlotMask constant_axes = 0;

  [[nodiscard]] std::optional<std::size_t> axis(const std::string& name) const;
  [[nodiscard]] std::optional<std::size_t> tensor(const std::string& name) const;
};

/// An axis that the launch shows.
struct CompiledAxis {
  CodeRef code;
  std::uint8_t slot = 0;
  bool is_constant = false;  ///< checked against the Definition's value
  std::int64_t expected = 0;
};

/// An input or output that the launch shows.
struct CompiledTensor {
  std::uint8_t slot = 0;
  bool disjoint = false, has_strides = false;
  CodeRef value, bytes;
  std::array<CodeRef, kMaxRank> strides{};
};

/// What a rule says for one GPU model.
struct ModelIndex {
  ShapeIndex shapes;
  std::int32_t best = kNoCandidate;  ///< for what is not found, if the policy wants that
  bool measured = false;             ///< anything of a candidate that could be used
};

struct CompiledRule {
  std::string name, origin;
  std::uint32_t definition = 0;
  int priority = 0;
  NamePattern pattern;
  bool demangled = false;
  std::optional<std::vector<ParamSlot>> layout;
  std::optional<CodeHash> image, code;
  std::vector<CodeRef> conditions, checks;
  std::vector<CompiledAxis> axes;
  std::vector<CompiledTensor> tensors;
  SlotMask bound_axes = 0, bound_tensors = 0;
  std::vector<std::uint8_t> key_axes;  ///< slots of the variable axes that the launch shows
  bool enabled = true;
  bool has_candidates = false;
  std::int32_t pinned = kNoCandidate;
  std::vector<ModelIndex> models;  ///< by GPU model
  /// Of kernels that the results hold for; nothing: of any.
  std::optional<std::vector<CodeHash>> judged;

  /// Whether hashes of a kernel's image or code matter.
  [[nodiscard]] bool needs_code() const noexcept { return image || code || judged; }
};

struct CompiledCandidate {
  std::string name, origin;
  std::uint32_t definition = 0;
  std::vector<CodeRef> conditions;
  LaunchProgram launch;
  SlotMask needed_axes = 0, needed_tensors = 0;
  std::array<TensorDemand, kMaxTensors> demands{};
  std::array<SlotMask, kMaxTensors> in_place{};  ///< per output: inputs that may be the same memory
};

}  // namespace fib::match
