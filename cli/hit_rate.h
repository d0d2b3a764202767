// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/counters_file.h"

/// What became of the launches of a command, over all of its processes.
namespace fib::cli {

/// One kernel of the command.
struct KernelHits {
  std::string name;                              ///< mangled, perhaps cut
  std::uint64_t decisions = 0, hits = 0;         ///< launches, and graph nodes that were set
  std::map<std::string, std::uint64_t> reasons;  ///< of those that were no hits
  std::vector<std::string> candidates;           ///< that it got
};

struct HitRate {
  std::size_t processes = 0;                     ///< that used the GPU
  std::vector<std::string> unused;               ///< of these: those that use no registry, by pid
  std::uint64_t decisions = 0;                   ///< launches, and graph nodes that were set
  std::uint64_t matched = 0;                     ///< of these: a binding is about the kernel
  std::uint64_t eager = 0, in_graphs = 0;        ///< of these: redirected
  std::uint64_t failed = 0;                      ///< refused by the driver; ran as the originals
  std::uint64_t shadowed = 0, mismatched = 0;    ///< mode shadow
  std::map<std::string, std::uint64_t> reasons;  ///< of those that were not chosen
  std::vector<KernelHits> kernels;               ///< most decisions first
  std::map<std::string, CountedCandidate> candidates;  ///< by name, counters added up
  std::vector<std::string> gpus;

  [[nodiscard]] std::uint64_t redirected() const { return eager + in_graphs; }
  /// Names of candidates that launches or graph nodes were given to.
  [[nodiscard]] std::vector<std::string> used() const;
};

[[nodiscard]] HitRate hit_rate_of(const std::vector<CountersReport>& reports);

/// Why nothing was redirected, and what to do: one line each. `registry` is how the user named it.
[[nodiscard]] std::vector<std::string> why_no_hits(const HitRate& rate,
                                                   const std::string& registry);

/// What a reason is, as docs/bindings.md says it; empty for an unknown name.
[[nodiscard]] std::string describe_reason(const std::string& name);

}  // namespace fib::cli
