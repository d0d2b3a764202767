// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "registry/match/reason.h"
#include "registry/store/registry.h"
#include "trace/capture.h"

namespace fib::cli {

/// What a lookup said about some launches of a kernel, and how often it said that.
struct ExplainedReason {
  match::Reason reason = match::Reason::NoRule;
  std::string binding;    ///< file of the binding that said so; empty: none did
  std::string candidate;  ///< of a hit
  std::string detail;     ///< of a miss: what exactly; may be empty
  std::uint64_t launches = 0;
};

struct ExplainedKernel {
  std::string name;             ///< mangled
  std::uint64_t launches = 0;   ///< eager ones and nodes of graph launches
  std::uint64_t in_graphs = 0;  ///< of these
  bool at_least = false;        ///< also runs in conditional bodies, which can't be counted
  double host_ns = 0;           ///< in launch calls
  std::vector<ExplainedReason> reasons;  ///< most launches first
};

struct Explanation {
  std::vector<std::string> gpus;         ///< that launches were looked up for
  std::vector<ExplainedKernel> kernels;  ///< most launches first
};

/// Looks up every launch of the capture in the registry's table. Findings about the registry are
/// added to `findings`. `gpu` empty: as recorded. Throws CliError.
[[nodiscard]] Explanation explain_capture(const trace::Capture& capture,
                                          const registry::Registry& registry,
                                          const std::string& gpu,
                                          const std::function<bool(const std::string&)>& wanted,
                                          registry::Findings& findings);

}  // namespace fib::cli
