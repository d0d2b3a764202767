// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "registry/match/match_table.h"
#include "trace/capture.h"

namespace fib::judge {

/// Launches of a class within one window, by their numbers in it.
struct WindowLaunches {
  std::string process;
  std::uint32_t window = 0;
  std::vector<std::uint64_t> launches;
};

/// Launches that are alike for a registry: same Definition, same binding, same variable axes.
struct LaunchClass {
  std::string definition, binding;
  std::map<std::string, std::int64_t> axes;  ///< variable ones that the launch shows
  std::string kernel, gpu;                   ///< of one of them; the kernel's name is mangled
  std::uint64_t count = 0;                   ///< in the whole capture
  double size = 1;                           ///< product of the axes, to order classes by
  std::uint64_t bytes = 0;                   ///< of its tensors, as far as the launch tells
  std::uint64_t input_bytes = 0;             ///< of these, inputs
  std::vector<WindowLaunches> windows;       ///< where they can be taken from
};

struct Survey {
  std::vector<LaunchClass> classes;  ///< by Definition, binding and axes
  std::vector<std::string> notes;    ///< what could not be read, one line each
};

/// Looks every launch of the capture up in the table, whatever was measured. `wanted` accepts names
/// of Definitions; empty: all. Reads logs only, no contents of memory. Throws trace::CaptureError.
[[nodiscard]] Survey survey_launches(const trace::Capture& capture, const match::MatchTable& table,
                                     const std::function<bool(const std::string&)>& wanted);

}  // namespace fib::judge
