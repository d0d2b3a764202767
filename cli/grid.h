// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace fib::cli {

/// How results are written.
enum class GridForm { Text, Markdown };

/// A small table for a terminal or a pull request. Cells are plain text and may come from anybody.
struct Grid {
  std::vector<std::string> titles;  ///< '>' first: a column of numbers
  std::vector<std::vector<std::string>> rows;
};

void print(const Grid& grid, const Context& context, GridForm form);

}  // namespace fib::cli
