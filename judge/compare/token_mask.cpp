// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/token_mask.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fib::judge {
namespace {

bool limits_count(double top_k, std::uint64_t tokens) {
  return top_k > 0 && top_k < static_cast<double>(tokens);
}

double total_of(const std::vector<TokenShare>& shares) {
  return std::accumulate(shares.begin(), shares.end(), 0.0,
                         [](double sum, const TokenShare& share) { return sum + share.share; });
}

/// Leaves the first ones as long as keep(likelier mass, share) says so, and those as likely as the
/// last of them.
template <typename Keep>
void cut(std::vector<TokenShare>& sorted, Keep&& keep) {
  double before = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool tie = i > 0 && sorted[i].share == sorted[i - 1].share;
    if (!tie && !keep(i, before)) {
      sorted.resize(i);
      return;
    }
    before += sorted[i].share;
  }
}

}  // namespace

bool may_draw(const std::vector<double>& probs, const SamplingLimits& limits, std::uint64_t token) {
  const double own = probs[token];
  double total = 0, likelier = 0, highest = 0;
  std::uint64_t count = 0;
  for (const double other : probs) {
    total += other;
    highest = std::max(highest, other);
    if (other > own) {
      likelier += other;
      ++count;
    }
  }
  if (!(total > 0) || std::isinf(total)) return true;
  if (!(own > 0) || own < limits.min_p * highest) return false;
  if (limits_count(limits.top_k, probs.size()) && static_cast<double>(count) >= limits.top_k)
    return false;
  if (limits.top_p >= 1) return true;
  return limits.top_p <= 0 ? count == 0 : likelier < (limits.top_p + kTopPSlack) * total;
}

std::vector<TokenShare> shares_of(const std::vector<double>& probs, const SamplingLimits& limits) {
  std::vector<TokenShare> shares;
  for (std::uint64_t i = 0; i < probs.size(); ++i) {
    if (probs[i] > 0) shares.push_back({i, probs[i]});
  }
  std::sort(shares.begin(), shares.end(), [](const TokenShare& a, const TokenShare& b) {
    return a.share != b.share ? a.share > b.share : a.token < b.token;
  });
  if (shares.empty()) return shares;
  const double least = limits.min_p * shares.front().share;
  std::erase_if(shares, [&](const TokenShare& share) { return share.share < least; });
  if (limits_count(limits.top_k, probs.size()))
    cut(shares, [&](std::size_t i, double) { return static_cast<double>(i) < limits.top_k; });
  if (limits.top_p < 1) {
    const double all = total_of(shares);
    cut(shares, [&](std::size_t i, double before) {
      return i == 0 || (limits.top_p > 0 && before <= limits.top_p * all);
    });
  }
  const double kept = total_of(shares);
  for (TokenShare& share : shares) share.share /= kept;
  return shares;
}

void softmax(std::vector<double>& logits, double temperature) {
  if (logits.empty()) return;
  const double highest = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (double& logit : logits) {
    logit = temperature > 0 ? std::exp((logit - highest) / temperature) : logit == highest;
    total += logit;
  }
  for (double& logit : logits) logit /= total;
}

}  // namespace fib::judge
