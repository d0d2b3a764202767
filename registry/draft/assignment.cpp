// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/assignment.h"

#include <limits>
#include <utility>

namespace fib::registry {
namespace {

/// Rows and columns count from 1; column 0 holds the row that is being placed.
class Hungarian {
 public:
  explicit Hungarian(const std::vector<std::vector<double>>& score)
      : score_(score),
        rows_(score.size()),
        columns_(score.empty() ? 0 : score.front().size()),
        row_potential_(rows_ + 1),
        column_potential_(columns_ + 1),
        row_of_(columns_ + 1),
        before_(columns_ + 1) {}

  std::vector<std::size_t> run() {
    for (std::size_t row = 1; row <= rows_; ++row) place(row);
    std::vector<std::size_t> column_of(rows_);
    for (std::size_t column = 1; column <= columns_; ++column) {
      if (row_of_[column] != 0) column_of[row_of_[column] - 1] = column - 1;
    }
    return column_of;
  }

 private:
  [[nodiscard]] double reduced_cost(std::size_t row, std::size_t column) const {
    return -score_[row - 1][column - 1] - row_potential_[row] - column_potential_[column];
  }

  void place(std::size_t row) {
    row_of_[0] = row;
    std::vector<double> least(columns_ + 1, std::numeric_limits<double>::infinity());
    std::vector<bool> used(columns_ + 1);
    std::size_t column = 0;
    do {
      column = step(column, least, used);
    } while (row_of_[column] != 0);
    while (column != 0) {
      const std::size_t previous = before_[column];
      row_of_[column] = row_of_[previous];
      column = previous;
    }
  }

  /// Takes the cheapest further column; `column` was the last one.
  std::size_t step(std::size_t column, std::vector<double>& least, std::vector<bool>& used) {
    used[column] = true;
    const std::size_t row = row_of_[column];
    double delta = std::numeric_limits<double>::infinity();
    std::size_t next = 0;
    for (std::size_t j = 1; j <= columns_; ++j) {
      if (used[j]) continue;
      const double cost = reduced_cost(row, j);
      if (cost < least[j]) {
        least[j] = cost;
        before_[j] = column;
      }
      if (least[j] < delta) {
        delta = least[j];
        next = j;
      }
    }
    for (std::size_t j = 0; j <= columns_; ++j) {
      if (used[j]) {
        row_potential_[row_of_[j]] += delta;
        column_potential_[j] -= delta;
      } else {
        least[j] -= delta;
      }
    }
    return next;
  }

  const std::vector<std::vector<double>>& score_;
  std::size_t rows_, columns_;
  std::vector<double> row_potential_, column_potential_;
  std::vector<std::size_t> row_of_, before_;  ///< by column
};

}  // namespace

std::vector<std::size_t> best_assignment(const std::vector<std::vector<double>>& score) {
  return Hungarian(score).run();
}

}  // namespace fib::registry
