// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace fib::registry {

/// For each row a column of its own, such that the sum of the scores is as large as it can be.
/// Rows are of equal length, and no longer list than that. Cubic work (the Hungarian method).
[[nodiscard]] std::vector<std::size_t> best_assignment(
    const std::vector<std::vector<double>>& score);

}  // namespace fib::registry
