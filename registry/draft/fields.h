// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/draft/observation.h"
#include "registry/draft/signature.h"
#include "registry/match/expression.h"

namespace fib::registry {

/// What a kernel seems to do with memory, and how that is known.
enum class Access : std::uint8_t {
  SeenWritten,    ///< the recording shows changes
  SeenRead,       ///< the recording knows all changes, and shows none here
  DeclaredRead,   ///< pointer to const in the signature
  DeclaredWrite,  ///< pointer to what is not const
  Unknown
};
[[nodiscard]] const char* to_string(Access access);
[[nodiscard]] constexpr bool is_write(Access access) {
  return access == Access::SeenWritten || access == Access::DeclaredWrite;
}

/// One value within the parameters, over all launches.
struct ParameterField {
  std::uint32_t parameter = 0, offset = 0;
  match::Scalar type = match::Scalar::I64;
  std::vector<std::int64_t> values;  ///< by launch; of floats the bit patterns

  // Of a pointer
  Access access = Access::Unknown;
  std::optional<DType> dtype;         ///< from the signature; of scalars too
  std::vector<PointedMemory> memory;  ///< by launch

  [[nodiscard]] bool is_pointer() const { return type == match::Scalar::Ptr; }
  [[nodiscard]] bool is_float() const {
    return type == match::Scalar::F32 || type == match::Scalar::F64;
  }
  [[nodiscard]] bool is_constant() const;
  /// Null in one launch at least.
  [[nodiscard]] bool may_be_null() const;
  /// Whether each value could be the size of something.
  [[nodiscard]] bool may_be_size() const;
  /// Of a pointer that is never null: bytes from it to its allocation's end, the least of all
  /// launches; 0 if a launch's is not known.
  [[nodiscard]] std::uint64_t room() const;
  /// "param(3, 0, i32)".
  [[nodiscard]] std::string expression() const;
  /// The field's value as an expression compares with it: "f32(1e-05)" or "7".
  [[nodiscard]] std::string literal(std::size_t launch) const;
};

/// All fields of a kernel's parameters, in their order. A word is a pointer if it points into live
/// memory in every launch where it is not null. Others are told apart by their values.
[[nodiscard]] std::vector<ParameterField> parameter_fields(const ObservedKernel& kernel);

}  // namespace fib::registry
