// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "judge/report/html.h"

namespace fib::judge {

/// Number of a command in the report's list, from 1.
struct CommandRef {
  std::size_t number = 0;
};

/// The commands that a report's numbers come from. Each stands once in a list at its end.
class Commands {
 public:
  /// `words` are quoted for a shell as needed.
  CommandRef add(const std::vector<std::string>& words);
  /// What follows a number: the command's mark, a link to the list.
  [[nodiscard]] static Markup mark(CommandRef command);
  [[nodiscard]] Markup list() const;
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace fib::judge
