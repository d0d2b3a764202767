// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/top_k_row.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace fib::judge {
namespace {

/// Kernels that compute what they compare (a softmax, a temperature) may find a tie where the
/// stored scores differ in the last bits.
bool tie(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-6 + 1e-5 * std::abs(b);
}

bool in_range(const TopKRow& row, double index) {
  return index >= 0 && (row.candidates == 0 || index < static_cast<double>(row.candidates));
}

/// How good what was chosen is: the score that the index points at, or the value beside it. Nothing
/// for padding.
std::vector<double> merits(const TopKRow& row, const std::vector<double>& indices,
                           const std::vector<double>& values) {
  std::vector<double> merits;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (!in_range(row, indices[i])) continue;
    if (!row.scores.empty()) {
      merits.push_back(row.scores[static_cast<std::size_t>(indices[i])]);
    } else if (i < values.size()) {
      merits.push_back(values[i]);
    }
  }
  return merits;
}

/// Columns by falling merit; of equal ones by index, so that the same choice is the same order.
std::vector<std::size_t> by_merit(const TopKRow& row, const std::vector<double>& indices,
                                  const std::vector<double>& values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (in_range(row, indices[i])) order.push_back(i);
  }
  const auto merit = [&](std::size_t i) {
    const double known = !row.scores.empty() ? row.scores[static_cast<std::size_t>(indices[i])]
                         : i < values.size() ? values[i]
                                             : 0;
    return std::isnan(known) ? -HUGE_VAL : known;  // a NaN would leave no order at all
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return merit(a) != merit(b) ? merit(a) > merit(b) : indices[a] < indices[b];
  });
  return order;
}

std::map<double, std::int64_t> padding_of(const TopKRow& row, const std::vector<double>& indices) {
  std::map<double, std::int64_t> padding;
  for (const double index : indices) {
    if (!in_range(row, index)) ++padding[index];
  }
  return padding;
}

TopKFinding check_range(const TopKRow& row) {
  std::map<double, std::int64_t> padding = padding_of(row, row.expected);
  std::set<double> seen;
  for (std::size_t i = 0; i < row.got.size(); ++i) {
    const double index = row.got[i];
    if (!in_range(row, index)) {
      if (--padding[index] < 0) return {"index out of range", i};
    } else if (!seen.insert(index).second) {
      return {"index twice", i};
    }
  }
  return {};
}

/// Without scores only what the incumbent chose has a merit; another choice must tie with its
/// worst.
TopKFinding check_choice_by_values(const TopKRow& row) {
  const std::set<double> expected(row.expected.begin(), row.expected.end());
  const std::set<double> got(row.got.begin(), row.got.end());
  const std::vector<double> known = merits(row, row.expected, row.expected_values);
  for (std::size_t i = 0; i < row.got.size(); ++i) {
    if (expected.contains(row.got[i])) continue;
    if (known.empty() || i >= row.got_values.size()) return {"wrong indices", i};
    if (!tie(row.got_values[i], *std::min_element(known.begin(), known.end())))
      return {"wrong indices", i};
  }
  for (std::size_t i = 0; i < row.expected.size(); ++i) {
    const bool chosen = got.contains(row.expected[i]);
    if (chosen || known.empty() || i >= row.expected_values.size()) continue;
    if (!tie(row.expected_values[i], *std::min_element(known.begin(), known.end())))
      return {"wrong indices", i};
  }
  return {};
}

TopKFinding check_choice(const TopKRow& row) {
  if (row.scores.empty()) return check_choice_by_values(row);
  const auto expected = by_merit(row, row.expected, row.expected_values);
  const auto got = by_merit(row, row.got, row.got_values);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto score = [&](double index) { return row.scores[static_cast<std::size_t>(index)]; };
    if (i >= expected.size() || !tie(score(row.got[got[i]]), score(row.expected[expected[i]])))
      return {"wrong indices", got[i]};
  }
  return {};
}

TopKFinding check_order(const TopKRow& row) {
  if (!row.ordered) return {};
  const std::vector<double> known = merits(row, row.got, row.got_values);
  for (std::size_t i = 1; i < known.size(); ++i) {
    if (known[i] > known[i - 1] && !tie(known[i], known[i - 1])) return {"wrong order", i};
  }
  return {};
}

}  // namespace

bool is_ordered(const TopKRow& row) {
  const std::vector<double> known = merits(row, row.expected, row.expected_values);
  return std::is_sorted(known.rbegin(), known.rend());
}

TopKFinding check_indices(const TopKRow& row) {
  for (const auto check : {check_range, check_choice, check_order}) {
    TopKFinding finding = check(row);
    if (!finding.reason.empty()) return finding;
  }
  return {};
}

std::vector<std::size_t> partners(const TopKRow& row) {
  std::map<double, std::size_t> column_of;
  for (std::size_t i = 0; i < row.expected.size(); ++i) column_of.emplace(row.expected[i], i);
  const auto expected = by_merit(row, row.expected, row.expected_values);
  const auto got = by_merit(row, row.got, row.got_values);
  std::vector<std::size_t> partner(row.got.size());
  for (std::size_t i = 0; i < partner.size(); ++i) partner[i] = i;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto found = column_of.find(row.got[got[i]]);
    if (found != column_of.end()) {
      partner[got[i]] = found->second;
    } else if (i < expected.size()) {
      partner[got[i]] = expected[i];
    }
  }
  return partner;
}

}  // namespace fib::judge
