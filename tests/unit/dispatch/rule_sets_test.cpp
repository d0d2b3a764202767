// SPDX-License-Identifier: Apache-2.0
#include "dispatch/rule_sets.h"

#include <gtest/gtest.h>

namespace fib::dispatch {
namespace {

match::KernelRules rules(std::uint16_t first) {
  match::KernelRules set;
  set.count = 1;
  set.rules[0] = first;
  return set;
}

TEST(RuleSets, TheSameSetHasOneNumber) {
  RuleSets sets;
  EXPECT_EQ(sets.add({}), 0u);
  const RuleSets::Index one = sets.add(rules(1));
  EXPECT_NE(one, 0u);
  EXPECT_EQ(sets.add(rules(1)), one);
  EXPECT_NE(sets.add(rules(2)), one);
  EXPECT_EQ(sets[one].rules[0], 1);
  match::KernelRules mismatch;
  mismatch.reason = match::Reason::LayoutMismatch;
  EXPECT_EQ(sets[sets.add(mismatch)].reason, match::Reason::LayoutMismatch);
}

TEST(RuleSets, TooManySetsAreNone) {
  RuleSets sets;
  for (std::uint32_t i = 0; i < 16383; ++i)
    ASSERT_NE(sets.add(rules(static_cast<std::uint16_t>(i))), 0u);
  EXPECT_EQ(sets.add(rules(20000)), 0u);
  EXPECT_EQ(sets[16383].rules[0], 16382);
}

}  // namespace
}  // namespace fib::dispatch
