// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "registry/model/finding.h"
#include "registry/model/object.h"

namespace fib::registry {

/// Drawn at random: upstream knows neither seed nor distribution.
struct RandomInput {};

/// A number or a truth value, as the file has it.
struct ScalarInput {
  std::variant<bool, std::int64_t, double> value;

  [[nodiscard]] double as_double() const;
};

/// A tensor of a safetensors file.
struct SafetensorsInput {
  std::string path;  ///< relative to the registry's root, as written; may be hostile
  std::string tensor_key;
};

/// Where the values of one input come from.
struct InputSpec {
  std::variant<RandomInput, ScalarInput, SafetensorsInput> source;
  Members members;

  [[nodiscard]] bool is_random() const { return std::holds_alternative<RandomInput>(source); }
  [[nodiscard]] const ScalarInput* scalar() const { return std::get_if<ScalarInput>(&source); }
  [[nodiscard]] const SafetensorsInput* tensor() const {
    return std::get_if<SafetensorsInput>(&source);
  }
};

/// One set of inputs for a Definition.
struct Workload {
  Named<std::int64_t> axes;  ///< of the variable axes; >= 0
  Named<InputSpec> inputs;
  std::string uuid;  ///< any string that is not empty
  Members members;
};

/// Reads a Workload that stands at `pointer`. Errors go into `findings`; the value is then partial.
[[nodiscard]] Workload read_workload(const Json& value, const std::string& pointer,
                                     Findings& findings);
[[nodiscard]] Json to_json(const Workload& workload);

}  // namespace fib::registry
