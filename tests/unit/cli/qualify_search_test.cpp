// SPDX-License-Identifier: Apache-2.0
//
// Drop and retry over programs that are made up: which sets of Solutions break them is known.
#include "cli/qualify_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace fib::cli {
namespace {

/// A program that breaks if all Solutions of one of the sets are there.
struct Program {
  std::vector<Solutions> guilty;
  std::size_t runs = 0;

  TrialOutcome operator()(const Solutions& deployed) {
    ++runs;
    for (const Solutions& set : guilty) {
      if (std::includes(deployed.begin(), deployed.end(), set.begin(), set.end()))
        return {false, "broken by " + *set.begin()};
    }
    return {true, ""};
  }
};

Solutions numbered(int count) {
  Solutions names;
  for (int i = 0; i < count; ++i) names.insert("s" + std::to_string(100 + i));
  return names;
}

SearchResult search(Program& program, const Solutions& all, std::size_t most = 10000,
                    std::map<std::string, std::uint64_t> rank = {}) {
  return QualifySearch([&](const Solutions& wanted) { return program(wanted); }, most,
                       std::move(rank))
      .run(all);
}

TEST(QualifySearch, AllAtOnceIsOneRun) {
  Program program;
  const SearchResult result = search(program, numbered(20));
  EXPECT_TRUE(result.as_is);
  EXPECT_EQ(result.kept.size(), 20u);
  EXPECT_EQ(program.runs, 1u);
}

TEST(QualifySearch, OneGuiltyIsFoundInAboutTwoLogarithmsOfRuns) {
  for (const std::string guilty : {"s100", "s131", "s163"}) {
    Program program{{{guilty}}};
    const SearchResult result = search(program, numbered(64));
    ASSERT_EQ(result.demoted.size(), 1u);
    EXPECT_EQ(result.demoted[0].solution, guilty);
    EXPECT_EQ(result.demoted[0].why, "broken by " + guilty);
    EXPECT_TRUE(result.demoted[0].together_with.empty());
    EXPECT_FALSE(result.as_is);
    EXPECT_EQ(result.kept.size(), 63u);
    EXPECT_LE(program.runs, 14u);
  }
}

TEST(QualifySearch, OfAPairTheOneThatDoesLessGoes) {
  Program program{{{"s103", "s111"}}};
  const SearchResult result = search(program, numbered(16), 10000, {{"s103", 500}, {"s111", 3}});
  ASSERT_EQ(result.demoted.size(), 1u);
  EXPECT_EQ(result.demoted[0].solution, "s111");
  EXPECT_EQ(result.demoted[0].together_with, std::vector<std::string>{"s103"});
  EXPECT_TRUE(result.kept.contains("s103"));
}

TEST(QualifySearch, NothingIsLeftWhereAllAreGuilty) {
  Program program{{{"s100"}, {"s101"}, {"s102"}}};
  const SearchResult result = search(program, numbered(3));
  EXPECT_EQ(result.demoted.size(), 3u);
  EXPECT_TRUE(result.kept.empty());
  EXPECT_FALSE(result.as_is);
}

TEST(QualifySearch, WithoutRunsOnlyWhatIsKnownToWorkStays) {
  for (std::size_t most = 1; most < 12; ++most) {
    Program program{{{"s102"}, {"s109"}}};
    const SearchResult result = search(program, numbered(12), most);
    EXPECT_LE(program.runs, most);
    EXPECT_FALSE(result.as_is);
    EXPECT_FALSE(result.kept.contains("s102")) << most;
    EXPECT_FALSE(result.kept.contains("s109")) << most;
    EXPECT_EQ(result.kept.size() + result.demoted.size(), 12u) << most;
  }
}

TEST(QualifySearch, WhateverIsGuiltyTheRestWorksAndNobodyGoesForNothing) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const Solutions all = numbered(10);
    Program program;
    for (unsigned i = 0; i < random() % 4; ++i) {
      Solutions set;
      for (unsigned k = 0; k <= random() % 3; ++k)
        set.insert("s" + std::to_string(100 + random() % 10));
      program.guilty.push_back(set);
    }
    const SearchResult result = search(program, all);
    EXPECT_TRUE(program(result.kept).good);
    EXPECT_LE(result.demoted.size(), program.guilty.size());
    EXPECT_EQ(result.as_is, program(all).good);
    EXPECT_EQ(result.kept.size() + result.demoted.size(), all.size());
  }
}

}  // namespace
}  // namespace fib::cli
