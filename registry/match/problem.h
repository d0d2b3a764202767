// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fib::match {

/// Something in a specification that can't be used. What it belongs to is left out of the table.
struct Problem {
  std::string origin;      ///< what the specification says of itself: a file
  std::string pointer;     ///< path within it, as in RFC 6901
  std::size_t column = 0;  ///< within an expression, from 1; 0: not in an expression
  std::string message;     ///< what is wrong
  std::string remedy;      ///< what to do; may be empty where the message says it

  /// One line.
  [[nodiscard]] std::string text() const;
};

/// Collects problems of one origin.
class Problems {
 public:
  void set_origin(std::string origin) { origin_ = std::move(origin); }
  void add(std::string pointer, std::string message, std::string remedy, std::size_t column = 0) {
    list_.push_back({origin_, std::move(pointer), column, std::move(message), std::move(remedy)});
  }
  [[nodiscard]] const std::vector<Problem>& list() const { return list_; }
  [[nodiscard]] std::size_t count() const { return list_.size(); }

 private:
  std::string origin_;
  std::vector<Problem> list_;
};

}  // namespace fib::match
