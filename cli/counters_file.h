// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// What a process in the modes apply and shadow counted (trace/counters.h), as plain data.
namespace fib::cli {

struct CountedCandidate {
  std::string name, state, why;  ///< state: "ready", "not loaded", "demoted", "unknown"
  std::uint64_t eager = 0, in_graphs = 0, failed = 0, shadowed = 0, mismatched = 0, unverified = 0;
};

struct CountedKernel {
  struct Reason {
    std::string name;
    bool hit = false;
    std::uint64_t launches = 0;
  };
  struct Candidate {
    std::string name;
    std::uint64_t eager = 0, in_graphs = 0;
  };
  std::string name;             ///< mangled
  std::vector<Reason> reasons;  ///< most launches first, none without
  std::vector<Candidate> candidates;

  [[nodiscard]] std::uint64_t launches() const;
};

struct CountersReport {
  std::string origin;  ///< file or process, for messages
  std::uint32_t pid = 0, generation = 0;
  std::string mode;  ///< "apply" or "shadow"
  bool is_off = false;
  std::string registry;
  std::vector<std::string> gpus;
  std::vector<CountedCandidate> candidates;
  std::vector<CountedKernel> kernels;  ///< most launches first
};

/// Reads a report that FIBSHIM_REPORT wrote. Whatever is in it, nothing outside it is read. Throws
/// CliError that names the file.
[[nodiscard]] CountersReport read_counters_file(const std::filesystem::path& path);

/// Reads the counters of a process that runs. Throws CliError.
[[nodiscard]] CountersReport read_counters_of(int pid);

}  // namespace fib::cli
