// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/choose.h"

#include <algorithm>
#include <map>
#include <utility>

#include "judge/cases/cost.h"

namespace fib::judge {
namespace {

/// What the classes of one Definition are, by index: `chosen` gets those with a role.
void choose(const std::vector<LaunchClass>& classes, std::vector<std::size_t> of_one,
            std::map<std::size_t, std::string>& chosen) {
  const auto give = [&](std::size_t index, const char* role) {
    std::string& roles = chosen[index];
    roles += (roles.empty() ? "" : ", ") + std::string(role);
  };
  std::ranges::stable_sort(of_one, {}, [&](std::size_t index) {
    return std::pair(classes[index].size, classes[index].bytes);
  });
  if (of_one.size() == 1) return give(of_one.front(), "only");
  // Of equally hot ones the largest.
  const auto hottest =
      std::max_element(of_one.rbegin(), of_one.rend(), [&](std::size_t a, std::size_t b) {
        return estimated_cost_ns(classes[a]) < estimated_cost_ns(classes[b]);
      });
  give(*hottest, "hottest");
  give(of_one.front(), "smallest");
  give(of_one[of_one.size() / 2], "median");
  give(of_one.back(), "largest");
}

}  // namespace

std::vector<ChosenLaunch> choose_classes(const std::vector<LaunchClass>& classes, bool all) {
  std::map<std::string, std::vector<std::size_t>> by_definition;
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (!classes[i].windows.empty()) by_definition[classes[i].definition].push_back(i);
  std::map<std::size_t, std::string> chosen;
  for (auto& [definition, indexes] : by_definition) {
    if (all)
      for (const std::size_t index : indexes) chosen[index];
    choose(classes, std::move(indexes), chosen);
  }
  std::vector<ChosenLaunch> result;
  for (auto& [index, role] : chosen)
    result.push_back({index, 0, 0, std::move(role), classes[index].count});
  return result;
}

}  // namespace fib::judge
