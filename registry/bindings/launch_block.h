// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/match/launch_spec.h"
#include "registry/match/spec.h"
#include "registry/model/object.h"
#include "registry/model/solution.h"

namespace fib::registry {

/// Where the block stands in a Solution's file.
inline constexpr const char* kLaunchPointer = "/spec/launch";
/// In the order of match::DependentLaunch.
inline constexpr std::array<std::string_view, 2> kDependentLaunchNames = {"refuse", "carry"};

/// The "launch" block of a Solution's spec (docs/bindings.md): how the driver launches it. Members
/// are kept for writing it again.
struct LaunchBlock {
  match::LaunchSpec launch;
  std::vector<std::string> conditions;
  std::map<std::string, match::TensorDemand> demands;
  std::vector<std::pair<std::string, std::string>> in_place;  ///< (output, input)
  Members members;
  std::map<std::string, Members> objects;  ///< of the objects within, by their JSON pointer
};

/// Reads a launch block. Nothing if it has errors; pointers begin with /spec/launch. Names and
/// expressions are checked only when a table is built.
[[nodiscard]] std::optional<LaunchBlock> read_launch(const Json& value, Findings& findings);
[[nodiscard]] Json to_json(const LaunchBlock& block);

/// A Solution's launch block as its file has it; null if it has none: the driver can't launch it.
[[nodiscard]] const Json* launch_of(const Solution& solution);
/// Puts the block into the Solution, or in place of the one that it has.
void set_launch(Solution& solution, const LaunchBlock& block);

}  // namespace fib::registry
