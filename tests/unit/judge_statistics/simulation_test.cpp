// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>
#include <random>

#include "judge/statistics/paired.h"

/// Times as a GPU gives them: log-normal noise, outliers, ticks of the clock, and a drift that
/// slows both sides of a pair. What is true is known, so that what the test says can be counted.
namespace fib::judge {
namespace {

constexpr int kRuns = 1000;

struct Noise {
  double kernel_ns, sigma, outliers, drift;
  friend void PrintTo(const Noise& noise, std::ostream* out) {
    *out << noise.kernel_ns << " ns, sigma " << noise.sigma << ", outliers " << noise.outliers;
  }
};

class Gpu {
 public:
  Gpu(const Noise& noise, unsigned seed) : noise_(noise), random_(seed) {}

  /// A candidate that takes `factor` times as long.
  Pair next(double factor) {
    warmth_ += noise_.drift * normal_(random_);
    const double now = noise_.kernel_ns * std::exp(warmth_);
    return {time(now), time(now * factor)};
  }

 private:
  double time(double ns) {
    double taken = ns * std::exp(noise_.sigma * normal_(random_));
    if (uniform_(random_) < noise_.outliers) taken *= 1 + 4 * uniform_(random_);
    return std::round(taken / 32) * 32;  // CUPTI's tick on many GPUs
  }

  Noise noise_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
  double warmth_ = 0;  ///< drifts as a random walk
};

struct Tally {
  int faster = 0, slower = 0, none = 0, covered = 0;
};

Tally simulate(const Noise& noise, double factor, const StoppingRule& rule) {
  Tally tally;
  for (int run = 0; run < kRuns; ++run) {
    Gpu gpu(noise, 20'000u + static_cast<unsigned>(run));
    PairedTest test(rule);
    while (!test.done()) test.add(gpu.next(factor));
    const Speed speed = test.verdict();
    ++(speed == Speed::Faster ? tally.faster : speed == Speed::Slower ? tally.slower : tally.none);
    const RatioInterval interval = test.interval();
    tally.covered += interval.low <= 1 / factor && 1 / factor <= interval.high;
  }
  return tally;
}

class Simulation : public ::testing::TestWithParam<Noise> {};

TEST_P(Simulation, CallsTheSameKernelNoDifferent) {
  const Tally tally = simulate(GetParam(), 1, {});
  EXPECT_GE(tally.none, 950);
  EXPECT_GE(tally.covered, 950);
}

// Without a margin to hide behind: only the interval stands between noise and a verdict.
TEST_P(Simulation, CallsTheSameKernelNoDifferentWithoutAMargin) {
  StoppingRule rule;
  rule.margin = 0;
  EXPECT_GE(simulate(GetParam(), 1, rule).none, 950);
}

TEST_P(Simulation, SeesFivePerCentEitherWay) {
  EXPECT_GE(simulate(GetParam(), 1.05, {}).slower, 950);
  EXPECT_GE(simulate(GetParam(), 1 / 1.05, {}).faster, 950);
}

TEST_P(Simulation, CoversTheTruth) {
  for (const double factor : {0.7, 0.98, 1.05, 3.0})
    EXPECT_GE(simulate(GetParam(), factor, {}).covered, 950) << factor;
}

INSTANTIATE_TEST_SUITE_P(Noises, Simulation,
                         ::testing::Values(Noise{50'000, 0.01, 0.01, 0.001},
                                           Noise{50'000, 0.03, 0.05, 0.005},
                                           Noise{1'500'000, 0.02, 0.02, 0.002},
                                           Noise{20'000, 0.02, 0, 0}));

// A kernel so short that a tick of the clock is a per cent of it. Rounding moves the ratio by up to
// half a tick, which no statistics bring back; verdicts must hold all the same.
TEST(SimulatedTicks, DoNotChangeVerdicts) {
  const Noise noise{3'000, 0.02, 0.02, 0.002};
  EXPECT_GE(simulate(noise, 1, {}).none, 950);
  EXPECT_GE(simulate(noise, 1.05, {}).slower, 950);
  EXPECT_GE(simulate(noise, 1 / 1.05, {}).faster, 950);
}

// What the payment for looks is for.
TEST(SimulatedLooks, WouldMissMoreOftenIfTheyCostNothing) {
  const Noise noise{50'000, 0.03, 0.05, 0.005};
  const StoppingRule rule;
  const auto misses = [](const RatioInterval& i) { return i.low > 1 || i.high < 1; };
  int paid = 0, unpaid = 0;
  for (int run = 0; run < kRuns; ++run) {
    Gpu gpu(noise, 70'000u + static_cast<unsigned>(run));
    PairedTest test(rule);
    bool paid_miss = false, unpaid_miss = false;
    for (const std::size_t look : {20u, 40u, 80u, 160u, 320u, 400u}) {
      while (test.pairs().size() < look) test.add(gpu.next(1));
      paid_miss = paid_miss || misses(test.interval());
      unpaid_miss = unpaid_miss || misses(ratio_interval(test.pairs(), rule.confidence));
    }
    paid += paid_miss;
    unpaid += unpaid_miss;
  }
  EXPECT_LE(paid, 50);
  EXPECT_GT(unpaid, 50);
}

}  // namespace
}  // namespace fib::judge
