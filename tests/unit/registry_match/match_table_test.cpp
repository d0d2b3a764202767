// SPDX-License-Identifier: Apache-2.0
//
// What a lookup says, reason by reason, and what stays out of a table.
#include "registry/match/match_table.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "tests/unit/registry_match/norm_table.h"

namespace fib::match {
namespace {

using namespace testing;

void expect_hit(Fixture& fixture, const LaunchBuilder& launch, const char* candidate,
                Reason reason) {
  const Decision decision = fixture.lookup(launch);
  EXPECT_STREQ(to_string(decision.reason), to_string(reason));
  EXPECT_EQ(fixture.name_of(decision), candidate);
}

void expect_miss(const TableSpec& spec, const LaunchBuilder& launch, Reason reason) {
  Fixture fixture(spec);
  for (const Problem& problem : fixture.problems) ADD_FAILURE() << problem.text();
  const Decision decision = fixture.lookup(launch);
  EXPECT_STREQ(to_string(decision.reason), to_string(reason));
  EXPECT_EQ(decision.candidate, kNoCandidate);
}

/// The spec of norm_table.h after a change.
TableSpec changed(const std::function<void(TableSpec&)>& change) {
  TableSpec spec = norm_spec();
  change(spec);
  return spec;
}

TEST(MatchTable, ExactRangeAndTheirBorders) {
  Fixture fixture(norm_spec());
  EXPECT_TRUE(fixture.problems.empty());
  expect_hit(fixture, norm_launch(1), "small", Reason::Exact);
  expect_hit(fixture, norm_launch(3), "small", Reason::Range);
  expect_hit(fixture, norm_launch(16), "large", Reason::Exact);
  expect_miss(norm_spec(), norm_launch(8), Reason::NotFound);
  expect_miss(norm_spec(), norm_launch(17), Reason::AxisOutOfRange);
}

TEST(MatchTable, BindsWhatTheRuleReads) {
  Fixture fixture(norm_spec());
  ASSERT_TRUE(fixture.lookup(norm_launch(4)).hit());
  EXPECT_EQ(fixture.bound.axes[0], 4);
  EXPECT_EQ(fixture.bound.axes[1], 4096);
  EXPECT_EQ(fixture.bound.values[0], static_cast<std::int64_t>(kX));
  EXPECT_EQ(fixture.bound.values[2], 0x3727c5ac) << "the bits of 1e-5f";
  EXPECT_EQ(fixture.bound.values[3], static_cast<std::int64_t>(kY));
}

TEST(MatchTable, BindsWithoutAnyCandidate) {
  TableSpec spec = norm_spec();
  spec.candidates.clear();
  spec.measurements.clear();
  spec.default_policy.enabled = false;
  Fixture fixture(spec);
  const BoundRule binding = fixture.bind(norm_launch(7));
  ASSERT_TRUE(binding.bound);
  EXPECT_EQ(fixture.table->rule(binding.rule).name, "engine");
  EXPECT_EQ(fixture.bound.axes[0], 7);
  EXPECT_EQ(fixture.bound.values[3], static_cast<std::int64_t>(kY));
}

TEST(MatchTable, TellsStridesOfTensors) {
  Fixture fixture(changed([](TableSpec& spec) {
    spec.rules[0].inputs[0].strides = {"hidden * 2", "1"};
  }));
  const LaunchBuilder launch = norm_launch(7);
  const BoundRule binding = fixture.bind(launch);
  ASSERT_TRUE(binding.bound);
  const auto& tensors = fixture.table->rule(binding.rule).tensors;
  const auto strides = [&](std::size_t i) {
    return fixture.table->tensor_strides(binding.rule, tensors[i], launch.view(), fixture.bound);
  };
  ASSERT_TRUE(strides(0).has_value());
  EXPECT_EQ((*strides(0))[0], 8192);
  EXPECT_EQ((*strides(0))[1], 1);
  EXPECT_FALSE(strides(1).has_value());
}

TEST(MatchTable, BindsNothingThatTheRuleDoesNotDescribe) {
  Fixture fixture(norm_spec());
  const auto reason_of = [&](const LaunchBuilder& launch) {
    const BoundRule binding = fixture.bind(launch);
    EXPECT_FALSE(binding.bound);
    return binding.reason;
  };
  EXPECT_EQ(reason_of(norm_launch(7).block(128)), Reason::ConditionFalse);
  EXPECT_EQ(reason_of(norm_launch(0)), Reason::EmptyAxis);
  Fixture checked(changed([](TableSpec& spec) { spec.rules[0].checks = {"batch < 4"}; }));
  EXPECT_TRUE(checked.bind(norm_launch(3)).bound);
  EXPECT_FALSE(checked.bind(norm_launch(4)).bound);
}

TEST(MatchTable, KernelsThatNoRuleDescribes) {
  Fixture fixture(norm_spec());
  const auto reason = [&](const char* name, std::vector<ParamSlot> layout, bool known) {
    KernelIdentity kernel;
    kernel.name = name;
    if (known) kernel.layout = layout;
    const KernelRules rules = fixture.table->resolve(kernel);
    EXPECT_EQ(rules.count, 0);
    Bound bound;
    const LaunchBuilder launch = norm_launch(1);
    return fixture.table->lookup(rules, 0, launch.view(), fixture.demotions, bound).reason;
  };
  EXPECT_EQ(reason("gemm", {}, true), Reason::NoRule);
  EXPECT_EQ(reason("rmsnorm_kernel", {{0, 8}}, true), Reason::LayoutMismatch);
  EXPECT_EQ(reason("rmsnorm_kernel", {}, false), Reason::LayoutMismatch);
}

TEST(MatchTable, CodeIsComparedWhereTheRuleNamesIt) {
  CodeHash hash{1, 2, 3};
  Fixture fixture(changed([&](TableSpec& spec) { spec.rules[0].code = hash; }));
  KernelIdentity kernel;
  kernel.name = "rmsnorm_kernel";
  const RuleSpec rule = norm_rule();
  kernel.layout = *rule.layout;
  EXPECT_EQ(fixture.table->resolve(kernel).reason, Reason::CodeMismatch);
  kernel.code = hash;
  EXPECT_EQ(fixture.table->resolve(kernel).count, 1);
}

class JudgedCode : public ::testing::Test {
 protected:
  /// What becomes of a launch of a kernel with this code, by results against code `judged_`.
  Reason reason(std::optional<CodeHash> code, const std::function<void(TableSpec&)>& change = {}) {
    Fixture fixture(changed([&](TableSpec& spec) {
      for (Measurement& result : spec.measurements) result.code = judged_;
      spec.default_policy.same_code = true;
      if (change) change(spec);
    }));
    KernelIdentity kernel;
    kernel.name = "rmsnorm_kernel";
    const RuleSpec rule = norm_rule();
    kernel.layout = *rule.layout;
    kernel.code = code;
    const KernelRules rules = fixture.table->resolve(kernel);
    const LaunchBuilder launch = norm_launch(4);
    Bound bound;
    EXPECT_TRUE(fixture.table->bind(rules, launch.view(), bound).bound);  // to be judged again
    return fixture.table
        ->lookup(rules, fixture.table->model(kGpu), launch.view(), fixture.demotions, bound)
        .reason;
  }

  std::optional<CodeHash> judged_ = CodeHash{1, 2, 3};
};

TEST_F(JudgedCode, OtherCodeThanTheJudgedStaysTheOriginal) {
  EXPECT_EQ(reason(CodeHash{1, 2, 3}), Reason::Exact);
  EXPECT_EQ(reason(CodeHash{1, 2, 4}), Reason::CodeNotJudged);
  EXPECT_EQ(reason(std::nullopt), Reason::CodeNotJudged);
}

TEST_F(JudgedCode, ResultsThatDoNotTellTheirCodeCountForNone) {
  judged_ = std::nullopt;
  EXPECT_EQ(reason(CodeHash{1, 2, 3}), Reason::CodeNotJudged);
  EXPECT_EQ(reason(std::nullopt), Reason::CodeNotJudged);
}

TEST_F(JudgedCode, AResultDoesNotHoldForWhatOthersWereMeasuredAgainst) {
  // An upgraded engine, judged again for one of the shapes only: the old results are still there.
  const auto partly = [](TableSpec& spec) {
    for (Measurement& result : spec.measurements)
      if (result.axes.at("batch") == 1) result.code = CodeHash{9};
  };
  EXPECT_EQ(reason(CodeHash{1, 2, 3}, partly), Reason::Exact);
  EXPECT_EQ(reason(CodeHash{9}, partly), Reason::AxisOutOfRange);
}

TEST_F(JudgedCode, OnlyIfThePolicyAsks) {
  const auto off = [](TableSpec& spec) { spec.default_policy.same_code = false; };
  EXPECT_EQ(reason(CodeHash{1, 2, 4}, off), Reason::Exact);
  const auto pinned = [](TableSpec& spec) { spec.default_policy.pin = spec.candidates[0].name; };
  EXPECT_EQ(reason(CodeHash{1, 2, 4}, pinned), Reason::Pinned);
}

TEST_F(JudgedCode, FailuresVouchForNothing) {
  const auto failed = [](TableSpec& spec) {
    for (Measurement& result : spec.measurements) result.passed = false;
  };
  EXPECT_EQ(reason(CodeHash{1, 2, 3}, failed), Reason::CodeNotJudged);
}

TEST(MatchTable, DemangledNames) {
  Fixture fixture(changed([](TableSpec& spec) {
    spec.rules[0].demangled = true;
    spec.rules[0].pattern = "void rmsnorm*";
  }));
  EXPECT_TRUE(fixture.table->needs_demangled());
  KernelIdentity kernel;
  kernel.name = "void rmsnorm";
  const RuleSpec rule = norm_rule();
  kernel.layout = *rule.layout;
  EXPECT_EQ(fixture.table->resolve(kernel).count, 0) << "that was the mangled one";
  kernel.demangled = "void rmsnorm<float>()";
  EXPECT_EQ(fixture.table->resolve(kernel).count, 1);
}

TEST(MatchTable, ReasonsOfTheLaunch) {
  expect_miss(norm_spec(), norm_launch(4).block(128), Reason::ConditionFalse);
  expect_miss(norm_spec(), norm_launch(0), Reason::EmptyAxis);
  expect_miss(norm_spec(), norm_launch(4, kX + 2), Reason::Misaligned);
  expect_miss(norm_spec(), norm_launch(4, 0), Reason::BadAddress);
  expect_miss(norm_spec(), norm_launch(4, ~0ull), Reason::ExpressionFailed);
  LaunchBuilder wide;
  wide.grid(4).block(256).param(kX).param(kWeight).param(kY).param(8192u).param(1e-5f);
  expect_miss(norm_spec(), wide, Reason::ConstAxisMismatch);
}

TEST(MatchTable, FailedExpressionsSayWhy) {
  Fixture fixture(
      changed([](TableSpec& spec) { spec.rules[0].axes[0].expression = "1 / (grid.y - 1)"; }));
  const Decision decision = fixture.lookup(norm_launch(4));
  EXPECT_EQ(decision.reason, Reason::ExpressionFailed);
  EXPECT_EQ(decision.failure, Failure::DivisionByZero);
}

TEST(MatchTable, Aliasing) {
  const std::uint64_t rows = 4 * std::uint64_t{kRowBytes};
  expect_miss(norm_spec(), norm_launch(4, kX, kX), Reason::Aliasing);
  expect_miss(norm_spec(), norm_launch(4, kX, kX + rows - 16), Reason::Aliasing);
  expect_miss(norm_spec(), norm_launch(4, kX, kWeight - rows + 16), Reason::Aliasing);
  Fixture fixture(norm_spec());
  expect_hit(fixture, norm_launch(4, kX, kX + rows), "small", Reason::Exact);
  expect_hit(fixture, norm_launch(4, kX, kWeight - rows), "small", Reason::Exact);
}

TEST(MatchTable, InPlaceIsForThoseThatSaySo) {
  const TableSpec spec = changed([](TableSpec& it) { it.candidates[0].in_place = {{"y", "x"}}; });
  Fixture fixture(spec);
  expect_hit(fixture, norm_launch(4, kX, kX), "small", Reason::Exact);
  expect_miss(spec, norm_launch(4, kX, kX + kRowBytes), Reason::Aliasing);
  expect_miss(spec, norm_launch(16, kX, kX), Reason::Aliasing);
}

TEST(MatchTable, DisjointTensorsAreTheAuthorsWord) {
  Fixture fixture(changed([](TableSpec& spec) { spec.rules[0].inputs[0].disjoint = true; }));
  expect_hit(fixture, norm_launch(4, kX, kX), "small", Reason::Exact);
}

TEST(MatchTable, DemandsOfTheCandidate) {
  TableSpec spec = norm_spec();
  spec.candidates[0].demands["x"] = {2, 1};
  Fixture fixture(spec);
  expect_hit(fixture, norm_launch(4, kX + 2), "small", Reason::Exact);
  spec.candidates[0].demands["x"] = {256, 16};
  expect_miss(spec, norm_launch(4, kX + 128), Reason::Misaligned);
  expect_miss(changed([](TableSpec& it) {
                it.definitions[0].axes[1].value = 4100;
                it.rules[0].axes[1] = {"hidden", "", 4100};
              }),
              norm_launch(4), Reason::Tail);
  spec.candidates[0].conditions = {"batch % 2 == 1"};
  expect_miss(spec, norm_launch(4), Reason::Unsupported);
}

TEST(MatchTable, StridesMustBeContiguous) {
  const auto with = [](const char* row) {
    return changed([&](TableSpec& spec) { spec.rules[0].inputs[0].strides = {row, "1"}; });
  };
  Fixture fixture(with("4096"));
  expect_hit(fixture, norm_launch(4), "small", Reason::Exact);
  expect_miss(with("8192"), norm_launch(4), Reason::NotContiguous);
  Fixture single(with("8192"));
  expect_hit(single, norm_launch(1), "small", Reason::Exact);  // the stride of one row says nothing
}

TEST(MatchTable, OverflowingExtentsAreRefused) {
  const TableSpec spec = changed([](TableSpec& it) {
    it.rules[0].axes[0].expression = "grid.x << 50";
    it.default_policy.pin = "small";
  });
  expect_miss(spec, norm_launch(4), Reason::BadAddress);
}

TEST(MatchTable, Demotion) {
  Fixture fixture(norm_spec());
  const std::int32_t small = fixture.table->find_candidate("small");
  EXPECT_TRUE(fixture.demotions.demote(static_cast<std::size_t>(small)));
  EXPECT_FALSE(fixture.demotions.demote(static_cast<std::size_t>(small)));
  EXPECT_EQ(fixture.lookup(norm_launch(4)).reason, Reason::Demoted);
  EXPECT_TRUE(fixture.lookup(norm_launch(16)).hit());

  const Fixture reloaded(
      changed([](TableSpec& spec) { std::swap(spec.candidates[0], spec.candidates[1]); }));
  const auto carried = reloaded.table->carry_over(*fixture.table, fixture.demotions);
  EXPECT_TRUE(carried->is_demoted(1));
  EXPECT_FALSE(carried->is_demoted(0));
}

TEST(MatchTable, OtherGpus) {
  Fixture fixture(norm_spec());
  EXPECT_EQ(fixture.lookup(norm_launch(4), "NVIDIA B200").reason, Reason::DeviceMismatch);
  EXPECT_EQ(fixture.lookup(norm_launch(4), "NVIDIA H200 NVL").reason, Reason::DeviceMismatch);
}

TEST(MatchTable, Policies) {
  expect_miss(changed([](TableSpec& spec) { spec.policies["rmsnorm_h4096"].enabled = false; }),
              norm_launch(4), Reason::Disabled);
  expect_miss(changed([](TableSpec& spec) { spec.default_policy.min_speedup = 1.95; }),
              norm_launch(4), Reason::NotClear);
  expect_miss(changed([](TableSpec& spec) { spec.default_policy.confidence = 0.99; }),
              norm_launch(4), Reason::NotClear);
  expect_miss(changed([](TableSpec& spec) { spec.default_policy.max_absolute_error = 1e-3; }),
              norm_launch(4), Reason::NotClear);
  expect_miss(changed([](TableSpec& spec) { spec.default_policy.ranges = false; }), norm_launch(3),
              Reason::NotFound);
  Fixture best(
      changed([](TableSpec& spec) { spec.default_policy.on_miss = OnMiss::UseDefinitionBest; }));
  expect_hit(best, norm_launch(999), "small", Reason::DefinitionBest);
  Fixture pinned(changed([](TableSpec& spec) { spec.default_policy.pin = "large"; }));
  expect_hit(pinned, norm_launch(1), "large", Reason::Pinned);
  EXPECT_TRUE(pinned.lookup(norm_launch(7), "no such GPU").hit());
}

TEST(MatchTable, WithoutCandidates) {
  expect_miss(changed([](TableSpec& spec) { spec.candidates.clear(); }), norm_launch(4),
              Reason::NoCandidate);
}

TEST(MatchTable, SeveralRulesForAKernel) {
  const TableSpec spec = changed([](TableSpec& it) {
    it.rules.push_back(it.rules[0]);
    it.rules[1].name = "aligned rows only";
    it.rules[1].conditions = {"block.x == 512"};
    it.rules[1].priority = 5;
  });
  Fixture fixture(spec);
  expect_hit(fixture, norm_launch(4), "small", Reason::Exact);
  expect_hit(fixture, norm_launch(4).block(512), "small", Reason::Exact);
  EXPECT_EQ(fixture.lookup(norm_launch(4).block(512)).rule, 0) << "the higher priority is first";
  EXPECT_EQ(fixture.lookup(norm_launch(4, kX + 2)).reason, Reason::Misaligned)
      << "the reason of the rule that came nearest";
}

TEST(MatchTable, CandidatesThatNeedWhatIsNotShown) {
  Fixture fixture(changed([](TableSpec& spec) {
    spec.rules[0].inputs[1] = {"weight", "", "", "", {}, false};
    spec.candidates[1].launch.kernels[0].arguments[1].value = "x";
  }));
  ASSERT_EQ(fixture.problems.size(), 1u);
  EXPECT_NE(fixture.problems[0].text().find("'small' needs"), std::string::npos);
  expect_hit(fixture, norm_launch(1), "large", Reason::Exact);
}

TEST(MatchTable, PreparesTheLaunch) {
  Fixture fixture(norm_spec());
  const LaunchBuilder launch = norm_launch(3);
  const Decision decision = fixture.lookup(launch);
  ASSERT_TRUE(decision.hit());
  alignas(16) std::array<std::byte, 256> storage;
  std::array<void*, 8> pointers;
  LaunchNumbers numbers;
  ASSERT_EQ(fixture.table->prepare(decision.candidate, 0, launch.view(), fixture.bound, 0,
                                   {storage, pointers}, numbers),
            LaunchFailure::None);
  EXPECT_EQ(numbers[Geometry::GridX], 2u);
  EXPECT_EQ(numbers[Geometry::BlockX], 128u);
  EXPECT_EQ(numbers[Geometry::ClusterX], 0u);
  ASSERT_EQ(numbers.argument_count, 4u);
  std::uint64_t y = 0;
  std::int32_t batch = 0;
  std::memcpy(&y, pointers[2], sizeof y);
  std::memcpy(&batch, pointers[3], sizeof batch);
  EXPECT_EQ(y, kY);
  EXPECT_EQ(batch, 3);
}

/// Bytes of x, weight, eps (a scalar: none) and y, by their slots.
std::vector<std::uint64_t> sizes(const TableSpec& spec, const LaunchBuilder& launch) {
  Fixture fixture(spec);
  const Decision decision = fixture.lookup(launch);
  EXPECT_TRUE(decision.hit());
  std::vector<std::uint64_t> found(4);
  for (const CompiledTensor& tensor : fixture.table->rule(decision.rule).tensors) {
    if (tensor.slot == 2) continue;
    found[tensor.slot] =
        fixture.table->tensor_bytes(decision.rule, tensor, launch.view(), fixture.bound);
  }
  return found;
}

TEST(MatchTable, TellsHowLargeTensorsAre) {
  using Sizes = std::vector<std::uint64_t>;
  EXPECT_EQ(sizes(norm_spec(), norm_launch(4)),
            (Sizes{4 * kRowBytes, kRowBytes, 0, 4 * kRowBytes}));
  const TableSpec stated = changed([](TableSpec& spec) { spec.rules[0].inputs[1].bytes = "100"; });
  EXPECT_EQ(sizes(stated, norm_launch(4))[1], 100u);
  const TableSpec hidden = changed([](TableSpec& spec) {
    spec.definitions[0].axes.push_back({"more", {}});
    spec.definitions[0].inputs[1].shape = {"more"};
    spec.rules[0].axes.push_back({"more", "", {}});
    spec.rules[0].inputs[1].disjoint = true;
    for (CandidateSpec& candidate : spec.candidates) candidate.demands["weight"] = {1, 1};
    for (Measurement& measurement : spec.measurements) measurement.axes["more"] = 1;
  });
  EXPECT_EQ(sizes(hidden, norm_launch(4))[1], 0u);
}

}  // namespace
}  // namespace fib::match
