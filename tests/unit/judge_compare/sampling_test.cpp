// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/unit/judge_compare/launch.h"

namespace fib::judge {
namespace {

using Ids = std::vector<std::int64_t>;

const std::vector<double> kProbs = {0.05, 0.4, 0.2, 0.2, 0.1, 0.05, 0};

std::vector<std::uint64_t> allowed(const SamplingLimits& limits,
                                   const std::vector<double>& probs = kProbs) {
  std::vector<std::uint64_t> tokens;
  for (std::uint64_t i = 0; i < probs.size(); ++i) {
    if (may_draw(probs, limits, i)) tokens.push_back(i);
  }
  return tokens;
}

using Tokens = std::vector<std::uint64_t>;

TEST(TokenMask, IsAllThatHasAProbability) { EXPECT_EQ(allowed({}), (Tokens{0, 1, 2, 3, 4, 5})); }

TEST(TokenMask, KeepsTies) {
  EXPECT_EQ(allowed({1, 1, 0}), Tokens{1});
  EXPECT_EQ(allowed({2, 1, 0}), (Tokens{1, 2, 3}));
  EXPECT_EQ(allowed({3, 1, 0}), (Tokens{1, 2, 3}));
  EXPECT_EQ(allowed({4, 1, 0}), (Tokens{1, 2, 3, 4}));
  EXPECT_EQ(allowed({0, 1, 0}), allowed({7, 1, 0}));
  EXPECT_EQ(allowed({-1, 1, 0}), allowed({}));
}

TEST(TokenMask, KeepsTheTokenThatCrossesTopP) {
  EXPECT_EQ(allowed({0, 0.3, 0}), Tokens{1});
  EXPECT_EQ(allowed({0, 0.34, 0}), Tokens{1});
  EXPECT_EQ(allowed({0, 0.36, 0}), (Tokens{1, 2, 3}));  // within the slack
  EXPECT_EQ(allowed({0, 0.7, 0}), (Tokens{1, 2, 3}));
  EXPECT_EQ(allowed({0, 0.8, 0}), (Tokens{1, 2, 3, 4}));
  EXPECT_EQ(allowed({0, 0, 0}), Tokens{1});
  EXPECT_EQ(allowed({0, -1, 0}), Tokens{1});
}

TEST(TokenMask, HoldsForSharesThatDoNotAddUp) {
  std::vector<double> large = kProbs;
  for (double& share : large) share *= 50;
  EXPECT_EQ(allowed({0, 0.7, 0}, large), (Tokens{1, 2, 3}));
}

TEST(TokenMask, KnowsMinP) { EXPECT_EQ(allowed({0, 1, 0.25}), (Tokens{1, 2, 3, 4})); }

TEST(TokenMask, SaysNothingAboutWhatIsNoDistribution) {
  EXPECT_TRUE(may_draw({std::nan(""), 1, 2}, {1, 1, 0}, 1));
  EXPECT_TRUE(may_draw({0, 0}, {1, 1, 0}, 1));
}

TEST(TokenMask, GivesShares) {
  const auto shares = shares_of(kProbs, {3, 0.5, 0});
  // Of 0.4, 0.2, 0.2 the first two thirds: 0.4 and the ties that cross.
  ASSERT_EQ(shares.size(), 3u);
  EXPECT_EQ(shares[0].token, 1u);
  EXPECT_DOUBLE_EQ(shares[0].share, 0.5);
  EXPECT_DOUBLE_EQ(shares[1].share, 0.25);
  EXPECT_EQ(shares_of(kProbs, {}).size(), 6u);
  EXPECT_EQ(shares_of(kProbs, {0, 0, 0}).size(), 1u);
  EXPECT_EQ(shares_of(kProbs, {0, 1, 0.25}).size(), 4u);
  EXPECT_TRUE(shares_of({0, 0}, {}).empty());
}

TEST(TokenMask, KnowsLogits) {
  std::vector<double> logits = {1000, 1000 + std::log(3.0)};
  softmax(logits, 1);
  EXPECT_NEAR(logits[1], 0.75, 1e-12);
  softmax(logits, 0);
  EXPECT_EQ(logits, (std::vector<double>{0, 1}));
}

/// Three rows of four tokens; as upstream's Definitions have it.
void probs(testing::Launch& launch) {
  launch.input<float>("probs", {3, 4}, {.5f, .3f, .2f, 0, .1f, .1f, .1f, .7f, .4f, .4f, .1f, .1f});
}

TEST(Sampling, PassesOtherTokensWithinTheMask) {
  testing::Launch launch("sampling");
  probs(launch);
  launch.input<std::int32_t>("top_k", {3}, {2, 1, 1});
  launch.output<std::int64_t>("samples", {3}, Ids{0, 3, 0}, Ids{1, 3, 1});
  EXPECT_EQ(comparer_for(launch.definition())->name(), "sampling");
  EXPECT_TRUE(launch.compare("samples").passed) << launch.compare("samples").detail;
}

TEST(Sampling, RefusesTokensOutsideTheMask) {
  testing::Launch launch("sampling");
  probs(launch);
  launch.input<std::int32_t>("top_k", {3}, {2, 1, 1}).input<float>("top_p", {3}, {1, 1, 1});
  launch.output<std::int64_t>("samples", {3}, Ids{0, 3, 0}, Ids{1, 0, 2});
  const Comparison result = launch.compare("samples");
  EXPECT_EQ(result.reason, "token outside the mask");
  EXPECT_EQ(result.index, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(result.detail, "samples[1]: expected 3, got 0; 2 of 3 elements are wrong");
}

TEST(Sampling, RefusesWhatIsNoToken) {
  for (const std::int64_t token : {std::int64_t{4}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    testing::Launch launch("sampling");
    probs(launch);
    launch.scalar("top_p", 0.9);
    launch.output<std::int64_t>("samples", {3}, Ids{0, 3, 0}, Ids{0, token, 0});
    EXPECT_EQ(launch.compare("samples").reason, "token out of range");
  }
}

TEST(Sampling, TakesLogitsRowsAndScalars) {
  testing::Launch launch("sampling");
  launch.input<float>("logits", {2, 3}, {0, 5, 0, 9, 0, 0});
  launch.input<std::int32_t>("indices", {3}, {1, 1, 0}).scalar("top_k", 1).scalar("temperature", 2);
  launch.output<std::int32_t>("ids", {3}, std::vector<std::int32_t>{0, 0, 1},
                              std::vector<std::int32_t>{0, 0, 2});
  const Comparison result = launch.compare("ids");
  EXPECT_EQ(result.reason, "token outside the mask");
  EXPECT_EQ(result.wrong, 1u);
}

TEST(Sampling, SaysWhatIsMissing) {
  testing::Launch launch("sampling");
  probs(launch);
  launch.input<float>("top_p", {2}, {1, 1});
  launch.output<std::int64_t>("samples", {3}, Ids{0, 3, 0}, Ids{0, 3, 0});
  EXPECT_EQ(launch.compare("samples").detail,
            "top_p has neither one element nor one for each sample");
  launch.compared().tensors.erase("top_p");
  EXPECT_EQ(launch.compare("samples").reason, "not comparable");
  launch.compared().scalars["top_p"] = 0.5;
  EXPECT_TRUE(launch.compare("samples").passed);
  launch.compared().tensors["samples"].got = {};
  EXPECT_EQ(launch.compare("samples").reason, "wrong size");
  launch.compared().tensors["probs"].before = {};
  EXPECT_EQ(launch.compare("samples").detail, "probs has too few bytes");
}

TEST(Sampling, ComparesOtherOutputsByElement) {
  testing::Launch launch("sampling");
  probs(launch);
  launch.output<std::int64_t>("samples", {3}, Ids{0, 3, 0}, Ids{0, 3, 0});
  launch.output<float>("weights", {1}, {1}, {2});
  EXPECT_EQ(launch.compare("weights").reason, "wrong values");
}

class Counts : public ::testing::Test {
 protected:
  Counts() {
    launch_.input<float>("probs", {2, 4}, {.5f, .3f, .2f, 0, .25f, .25f, .25f, .25f});
    launch_.output<std::int64_t>("samples", {2}, Ids{0, 0}, Ids{0, 0});
    drawn_.emplace(launch_.compared(), *sampling_roles(launch_.definition()));
    counts_.emplace(*drawn_);
  }
  void draw(int launches, const std::vector<double>& first, const std::vector<double>& second) {
    std::discrete_distribution<int> one(first.begin(), first.end());
    std::discrete_distribution<int> two(second.begin(), second.end());
    for (int i = 0; i < launches; ++i)
      counts_->add({static_cast<double>(one(random_)), static_cast<double>(two(random_))});
  }

  testing::Launch launch_{"sampling"};
  std::mt19937 random_{3};
  std::optional<SamplingLaunch> drawn_;
  std::optional<SampleCounts> counts_;
};

TEST_F(Counts, PassTheRightDistribution) {
  draw(2000, {.5, .3, .2, 0}, {1, 1, 1, 1});
  EXPECT_LT(counts_->distance(), 0.05);
  EXPECT_NEAR(counts_->sampling_error(), 0.015, 0.005);
  EXPECT_TRUE(counts_->verdict().passed);
}

TEST_F(Counts, RefuseAnotherDistribution) {
  draw(2000, {.5, .3, .2, 0}, {.5, .5, 0, 0});
  EXPECT_NEAR(counts_->distance(), 0.5, 0.03);
  const Comparison verdict = counts_->verdict();
  EXPECT_EQ(verdict.reason, "wrong distribution");
  EXPECT_NE(verdict.detail.find("total variation distance"), std::string::npos);
}

TEST_F(Counts, RefuseTheLikeliestTokenOnly) {
  for (int i = 0; i < 200; ++i) counts_->add({0, 1e300});
  EXPECT_EQ(counts_->distance(), 1);
  EXPECT_FALSE(counts_->verdict().passed);
}

TEST_F(Counts, SayNothingAfterFewDraws) {
  EXPECT_TRUE(counts_->verdict().passed);
  for (int i = 0; i < 3; ++i) counts_->add({0, 0});
  const Comparison verdict = counts_->verdict();
  EXPECT_TRUE(verdict.passed);
  EXPECT_NE(verdict.detail.find("can't be judged"), std::string::npos) << verdict.detail;
}

}  // namespace
}  // namespace fib::judge
