// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fib::registry {

/// A function at the top level of a Python source.
struct PythonFunction {
  enum class Kind { Positional, KeywordOnly, VarPositional, VarKeyword };
  struct Parameter {
    std::string name;
    Kind kind = Kind::Positional;
    bool has_default = false;
  };

  std::string name;
  std::vector<Parameter> parameters;
  std::size_t line = 0;  ///< from 1

  /// Names of the parameters that a positional argument can go to, in order.
  [[nodiscard]] std::vector<std::string> positional() const;
  /// Whether a call with this many positional arguments and nothing else binds.
  [[nodiscard]] bool binds(std::size_t arguments) const;
};

/// What a light scan sees in a Python source. Nothing is executed, and no Python is needed.
struct PythonSource {
  std::vector<PythonFunction> functions;  ///< `def` at column 0; not `async def`
  std::string error;                      ///< why this can't be Python; empty if it can

  /// The last function of this name, which is the one that Python keeps; or null.
  [[nodiscard]] const PythonFunction* find(std::string_view name) const;
};

[[nodiscard]] PythonSource scan_python(std::string_view source);

}  // namespace fib::registry
