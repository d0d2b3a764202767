// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace fib::judge {

/// What a request allows a sampler to draw. Values that restrict nothing are the defaults.
struct SamplingLimits {
  double top_k = 0;  ///< the k likeliest; 0 or less: all
  double top_p = 1;  ///< the likeliest that make up this much; 0 or less: the likeliest only
  double min_p = 0;  ///< at least this much of the likeliest one's probability
};

/// How much more than top_p may be kept: samplers add up in another order and precision than we.
inline constexpr double kTopPSlack = 0.05;

/// Whether a sampler may draw `token`: it has a probability, fewer than top_k tokens are likelier
/// (so that ties at the end are all in), and the likelier ones together have less than
/// top_p + kTopPSlack. The first token that crosses top_p is in, as FlashInfer has it. `probs` need
/// not add up to 1. True if they hold a NaN or nothing: nothing can be said then.
[[nodiscard]] bool may_draw(const std::vector<double>& probs, const SamplingLimits& limits,
                            std::uint64_t token);

struct TokenShare {
  std::uint64_t token;
  double share;
};
/// How often each token should be drawn, by token; none for such as are never drawn. top_k comes
/// first, and top_p is of what it leaves. Of tokens that tie at an end all are expected, though a
/// sampler may rightly keep some of them only.
[[nodiscard]] std::vector<TokenShare> shares_of(const std::vector<double>& probs,
                                                const SamplingLimits& limits);

/// Replaces logits by the probabilities that they stand for. A temperature of 0 or less leaves the
/// likeliest tokens only.
void softmax(std::vector<double>& logits, double temperature);

}  // namespace fib::judge
