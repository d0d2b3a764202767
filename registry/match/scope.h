// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fib::match {

/// The names that an expression may use beside the terms of the launch.
class Scope {
 public:
  enum class Kind : std::uint8_t { Constant, Axis, Value, Workspace };
  struct Name {
    std::string name;
    Kind kind = Kind::Constant;
    std::int64_t number = 0;  ///< a constant's value, or a slot of the Frame
  };

  void add(std::string name, Kind kind, std::int64_t number) {
    names_.push_back({std::move(name), kind, number});
  }
  /// All of this name: none, one, or several, which is for the expression's author to resolve.
  [[nodiscard]] std::vector<const Name*> find(std::string_view name) const;
  /// "a, b, c": for messages.
  [[nodiscard]] std::string list() const;

 private:
  std::vector<Name> names_;
};

}  // namespace fib::match
