// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/model/dtype.h"
#include "registry/model/finding.h"
#include "registry/model/object.h"

namespace fib::registry {

/// A dimension of tensors.
struct Axis {
  enum class Kind {
    Const,  ///< `value`
    Var,    ///< bound by the shapes of inputs
    Expr    ///< `expression` over other axes; ours and of newer datasets, unknown to upstream 0.1
  };
  Kind kind = Kind::Var;
  std::int64_t value = 0;  ///< of Const, >= 0
  std::string expression;  ///< of Expr
  std::optional<std::string> description;
  Members members;
};

struct TensorSpec {
  /// Names of axes; no names: a tensor without dimensions. Nothing: a scalar of the host language.
  std::optional<std::vector<std::string>> shape;
  DType dtype = DType::Float32;
  std::optional<std::string> description;
  Members members;

  [[nodiscard]] bool is_scalar() const { return !shape.has_value(); }
};

/// What a kernel computes: axes, tensors, and a reference in Python. Plain data; nothing in it is
/// executed.
struct Definition {
  std::string name;
  std::string op_type;
  Named<Axis> axes;
  Named<TensorSpec> inputs;   ///< in the order of `run`'s parameters
  Named<TensorSpec> outputs;  ///< in the order of `run`'s results
  std::string reference;      ///< Python source with a top-level function `run`
  std::vector<std::string> tags;
  std::optional<std::string> description;
  std::vector<std::string> constraints;  ///< Python expressions over axes and inputs
  Members members;

  /// The values of the tags that begin with `key` and a colon: "status" of "status:verified".
  [[nodiscard]] std::vector<std::string> tag_values(std::string_view key) const;
};

/// Reads and checks one Definition as upstream's own model does. Nothing if it has errors.
[[nodiscard]] std::optional<Definition> read_definition(const Json& value, Findings& findings);
[[nodiscard]] Json to_json(const Definition& definition);

}  // namespace fib::registry
