// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/match/expression.h"

/// How a Solution is launched: plain data, expressions as text (docs/bindings.md).
namespace fib::match {

/// A value at an offset of a by-value structure.
struct FieldSpec {
  std::uint32_t offset = 0;
  Scalar type = Scalar::Ptr;
  std::string value;  ///< expression
};

/// Bytes of the original launch's parameter.
struct CopySpec {
  std::uint32_t parameter = 0, offset = 0, size = 0;
};

struct ArgumentSpec {
  enum class Kind : std::uint8_t { Value, Copy, Struct };
  Kind kind = Kind::Value;
  Scalar type = Scalar::Ptr;      ///< of a Value
  std::string value;              ///< of a Value
  CopySpec copy;                  ///< of a Copy
  std::uint32_t size = 0;         ///< of a Struct; bytes that no field covers are zero
  std::vector<FieldSpec> fields;  ///< of a Struct
};

/// Programmatic dependent launch: as the original launch has it, or never.
enum class DependentLaunch : std::uint8_t { Refuse, Carry };

struct LaunchAttributes {
  bool cooperative = false;
  DependentLaunch dependent_launch = DependentLaunch::Refuse;
  std::optional<std::uint32_t> max_dynamic_shared;  ///< function attribute, bytes
  std::optional<std::uint32_t> shared_carveout;     ///< function attribute, percent
  bool non_portable_cluster = false;                ///< function attribute
};

struct KernelLaunchSpec {
  std::string entry;                     ///< mangled name
  std::string module;                    ///< source or binary that holds it; empty: the Solution's
  std::vector<std::string> grid, block;  ///< expressions, one to three; others are 1
  std::vector<std::string> cluster;      ///< none: no cluster
  std::string shared = "0";              ///< dynamic shared memory, bytes
  LaunchAttributes attributes;
  std::vector<ArgumentSpec> arguments;
};

struct LaunchSpec {
  std::vector<KernelLaunchSpec> kernels;  ///< in stream order
  std::string workspace;                  ///< bytes, an expression; empty: none
};

}  // namespace fib::match
