// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "launches/call_roles.h"
#include "launches/tick_clock.h"
#include "registry/match/launch_view.h"
#include "trace/capture.h"
#include "trace/reader.h"

/// The launches of a process with their parameters: equal ones together, since engines repeat them.
namespace fib::launches {

/// A kernel definition of a log.
struct LaunchedKernel {
  std::string name;  ///< mangled
  std::uint32_t load = 0;
  bool layout_known = false;
  std::vector<match::ParamSlot> layout;
  std::map<std::int32_t, std::int32_t> attributes;  ///< CUfunction_attribute -> value
};

/// One image of a load that is in the store.
struct LoadedImage {
  trace::Hash hash;
  std::uint32_t part = 0;
};

/// All launches of one kernel that are alike in everything that a binding can see.
struct LaunchForm {
  std::uint32_t kernel = 0;   ///< LaunchedKernel's id in the log
  std::uint64_t context = 0;  ///< 0: not known, as of graph nodes
  std::array<std::uint32_t, match::kGeometryTerms> geometry{1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
  bool params_known = false, has_cluster = false, cooperative = false, dependent = false;
  std::vector<std::byte> params;  ///< the parameter buffer, as the layout says

  std::uint64_t first_ticks = 0;  ///< when it was first launched, or a graph with it instantiated
  std::uint64_t eager = 0;        ///< launches that ran
  std::uint64_t graph = 0;        ///< executions by graph launches
  bool uncountable = false;       ///< in a conditional body too: `graph` can't hold all
  std::uint64_t host_ticks = 0;   ///< in launch calls

  /// What the launches changed, as far as the log tells (a window with verify=launch): ranges of
  /// addresses, whole pages.
  bool changes_known = false;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> changed;

  /// What an attribute of the launch says.
  void add(const trace::LaunchAttribute& attribute);
  [[nodiscard]] std::uint64_t count() const { return eager + graph; }
  /// As a lookup takes it; `launched` is the form's kernel. Valid as long as both.
  [[nodiscard]] match::LaunchView view(const LaunchedKernel& launched) const;
};

/// Memory that came or went.
struct MemoryEvent {
  enum class Kind : std::uint8_t { Allocate, Free, Region };
  std::uint64_t ticks = 0, address = 0, bytes = 0;
  Kind kind = Kind::Allocate;
};

/// What one process launched.
struct ProcessLaunches {
  std::string directory;  ///< name of the process's directory in the capture
  std::string problem;    ///< what could not be read of its log, on one line; empty if nothing
  TickClock clock;
  struct Device {
    std::string name;
    int major = 0, minor = 0;
  };
  std::map<std::int32_t, Device> devices;          ///< by ordinal
  std::map<std::uint64_t, std::int32_t> contexts;  ///< handle -> ordinal
  std::map<std::uint32_t, LaunchedKernel> kernels;
  std::map<std::uint32_t, std::vector<LoadedImage>> images;   ///< by load
  std::map<std::uint32_t, std::vector<std::string>> globals;  ///< by load: asked for by the program
  std::vector<LaunchForm> forms;
  std::vector<MemoryEvent> memory;  ///< by time

  /// The device of a launch: that of its context, else the first; null if none is known.
  [[nodiscard]] const Device* device_of(const LaunchForm& form) const;
};

/// Reads a log. Kernels whose mangled name `wanted` does not accept are left out; empty: all.
/// What can't be read is `problem` of `to`; false if nothing can.
[[nodiscard]] bool read_launches(const trace::ProcessLog& log,
                                 const std::function<bool(const std::string&)>& wanted,
                                 ProcessLaunches& to);

/// The same for all processes of a capture; `warn`, if given, gets one line for each log that is
/// damaged. Throws trace::CaptureError if there is none that can be read.
[[nodiscard]] std::vector<ProcessLaunches> read_all_launches(
    const trace::Capture& capture, const std::function<bool(const std::string&)>& wanted,
    const std::function<void(const std::string&)>& warn);

}  // namespace fib::launches
