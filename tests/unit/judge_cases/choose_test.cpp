// SPDX-License-Identifier: Apache-2.0
//
// What needs no driver: which launches are chosen, what cases are called, and files that are bad.
#include <gtest/gtest.h>

#include "judge/cases/case_store.h"
#include "judge/cases/choose.h"
#include "judge/cases/cost.h"
#include "judge/cases/export_policy.h"
#include "judge/cases/identity.h"
#include "judge/wire.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::judge {
namespace {

LaunchClass of(std::int64_t n, std::uint64_t count, std::vector<std::uint64_t> launches = {1}) {
  LaunchClass made;
  made.definition = "scale";
  made.binding = "engine";
  made.axes = {{"n", n}};
  made.size = static_cast<double>(n);
  made.count = count;
  made.input_bytes = static_cast<std::uint64_t>(n) * 4;
  if (!launches.empty()) made.windows = {{"pid7-1", 1, std::move(launches)}};
  return made;
}

std::vector<std::int64_t> sizes(const std::vector<LaunchClass>& classes,
                                const std::vector<ChosenLaunch>& chosen) {
  std::vector<std::int64_t> result;
  for (const ChosenLaunch& launch : chosen) result.push_back(classes[launch.index].axes.at("n"));
  return result;
}

TEST(Choose, SmallestLargestMedianAndHottest) {
  const std::vector<LaunchClass> classes = {of(8, 5),  of(1, 2), of(64, 9),
                                            of(32, 9), of(2, 1), of(512, 100, {})};
  const auto chosen = choose_classes(classes, false);
  EXPECT_EQ(sizes(classes, chosen), (std::vector<std::int64_t>{8, 1, 64}));
  EXPECT_EQ(chosen[0].role, "median");
  EXPECT_EQ(chosen[1].role, "smallest");
  EXPECT_EQ(chosen[2].role, "hottest, largest") << "of equally hot ones the largest";
  EXPECT_EQ(chosen[2].count, 9u);
  EXPECT_EQ(choose_classes(classes, true).size(), 5u) << "what is in no window can't be chosen";
}

TEST(Choose, HotIsWhatTakesTheGpuLongest) {
  std::vector<LaunchClass> classes = {of(1, 1000), of(2, 1), of(3, 20), of(4, 1)};
  classes[2].bytes = std::uint64_t{512} << 20;
  const auto chosen = choose_classes(classes, false);
  ASSERT_EQ(sizes(classes, chosen), (std::vector<std::int64_t>{1, 3, 4}));
  EXPECT_EQ(chosen[0].role, "smallest") << "of 1000 small ones";
  EXPECT_EQ(chosen[1].role, "hottest, median") << "of 20 large ones";
}

TEST(Cost, IsMeasuredOrEstimated) {
  Case subject;
  subject.count = 3;
  subject.tensor_bytes = 2'000'000;
  EXPECT_DOUBLE_EQ(cost_ns(subject), 3 * 3000);
  subject.replayed_ns = 5000;
  EXPECT_DOUBLE_EQ(cost_ns(subject), 3 * 5000);
}

TEST(Choose, OneClassHasOneRole) {
  const auto chosen = choose_classes({of(8, 5), of(4, 1, {})}, false);
  ASSERT_EQ(chosen.size(), 1u);
  EXPECT_EQ(chosen[0].role, "only");
}

TEST(Export, PoliciesOfUpstream) {
  const std::vector<LaunchClass> classes = {of(8, 6, {2, 5, 6}), of(1, 4, {1, 3})};
  const auto by = [&](ExportPolicy policy, std::size_t k) {
    return sizes(classes, choose_for_export(classes, policy, k));
  };
  using Sizes = std::vector<std::int64_t>;
  EXPECT_EQ(by(ExportPolicy::KeepAll, 1), (Sizes{1, 8, 1, 8, 8}));
  EXPECT_EQ(by(ExportPolicy::KeepFirst, 3), (Sizes{1}));
  EXPECT_EQ(by(ExportPolicy::KeepFirstK, 3), (Sizes{1, 8, 1}));
  EXPECT_EQ(by(ExportPolicy::KeepFirstKByAxes, 1), (Sizes{1, 8}));
  EXPECT_EQ(by(ExportPolicy::Frequency, 1), (Sizes{8}));
  const auto all = choose_for_export(classes, ExportPolicy::KeepAll, 1);
  EXPECT_EQ(all[0].count, 2u) << "launches of a class share what it stands for";
}

TEST(Export, AttentionByAverageLengths) {
  const auto decode = [](std::int64_t indices, std::int64_t pages, std::uint64_t launch) {
    LaunchClass made = of(1, 1, {launch});
    made.axes = {{"len_indptr", 65}, {"num_kv_indices", indices}, {"num_pages", pages}};
    return made;
  };
  const std::vector<LaunchClass> classes = {decode(64000, 70000, 1), decode(64001, 70001, 2),
                                            decode(65000, 70000, 3)};
  EXPECT_EQ(choose_for_export(classes, ExportPolicy::Attention, 1).size(), 2u);
  EXPECT_EQ(choose_for_export(classes, ExportPolicy::KeepFirstKByAxes, 1).size(), 3u);
}

TEST(Export, FarthestPointsAndBudget) {
  const std::vector<LaunchClass> classes = {of(100, 9), of(110, 8), of(1, 1), of(1000, 1)};
  auto chosen = choose_for_export(classes, ExportPolicy::Farthest, 3);
  EXPECT_EQ(sizes(classes, chosen), (std::vector<std::int64_t>{100, 1, 1000}));
  EXPECT_EQ(keep_within(500, classes, chosen), 1u);
  EXPECT_EQ(sizes(classes, chosen), (std::vector<std::int64_t>{100, 1}));
  EXPECT_FALSE(export_policy("keep_none").has_value());
  EXPECT_EQ(export_policy("attention"), ExportPolicy::Attention);
}

Case sample() {
  Case made;
  made.definition = "scale";
  made.binding = "engine";
  made.kernel = "_Z5scalePffi";
  made.axes = {{"n", 8}};
  made.count = 3;
  made.process = "pid7-1";
  made.window = 1;
  made.launch = 12;
  made.id = case_id(made);
  return made;
}

TEST(Identity, IsOfTheLaunchAndItsBinding) {
  Case a = sample(), b = sample();
  b.count = 7;
  b.role = "hottest";
  EXPECT_EQ(case_id(a), case_id(b));
  EXPECT_EQ(workload_uuid(a), workload_uuid(b));
  b.launch = 13;
  EXPECT_NE(case_id(a), case_id(b));
  b.definition = "../../x";
  EXPECT_EQ(case_id(b).rfind("case-", 0), 0u) << case_id(b);
}

std::string refusal(const std::string& text) {
  try {
    (void)parse_case(text, "/nowhere");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(CaseStore, RefusesWhatIsNoCase) {
  const registry::Json good = to_json(sample());
  EXPECT_EQ(refusal(registry::to_text(good)), "");
  EXPECT_NE(refusal("").find("JSON"), std::string::npos);
  EXPECT_NE(refusal("[]").find("object"), std::string::npos);
  const auto changed = [&](const char* key, registry::Json value) {
    registry::Json json = good;
    json[key] = std::move(value);
    return refusal(registry::to_text(json));
  };
  EXPECT_NE(changed("id", "../escape").find("id"), std::string::npos);
  EXPECT_NE(changed("axes", {{"n", 0}}).find("positive"), std::string::npos);
  EXPECT_NE(changed("axes", {{"n", "8"}}), "");
  EXPECT_NE(changed("window", -1), "");
  EXPECT_NE(changed("launch", 1.5), "");
  EXPECT_NE(changed("kernel", ""), "");
}

TEST(CaseStore, PublishesWholeCasesAndFindsThemAgain) {
  const trace::testing::TempDirectory directory;
  const CaseStore store(directory.path());
  Case subject = sample();
  EXPECT_FALSE(store.find(subject).has_value());
  const auto place = store.begin(subject);
  EXPECT_FALSE(store.find(subject).has_value()) << "not before it is published";
  std::filesystem::create_directories(place / "capture");
  const Case published = store.publish(subject, place);
  EXPECT_EQ(published.directory, directory.path() / subject.id);
  subject.count = 99;
  const auto found = store.find(subject);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->count, 99u);
  EXPECT_EQ(read_case(published.directory).count, 99u) << "brought up to date";
  subject.axes["n"] = 9;
  EXPECT_FALSE(store.find(subject).has_value()) << "another launch";
  std::filesystem::remove_all(published.extract());
  EXPECT_THROW((void)read_case(published.directory), std::runtime_error);
}

}  // namespace
}  // namespace fib::judge
