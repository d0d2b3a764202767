// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "replayer/launch_table.h"

namespace fib::replayer {

/// A page that was not as recorded.
struct PageReport {
  std::uint64_t address = 0;
  std::string where;              ///< region and page
  bool nondeterministic = false;  ///< runs differ from each other
};

/// What an extract came to.
struct ExtractSummary {
  std::uint64_t launch = 0;  ///< its number
  std::string problem;       ///< why there is none; then the rest is 0
  std::uint64_t regions = 0;
  std::uint64_t pages = 0;          ///< whose content it holds
  std::uint64_t changed_pages = 0;  ///< by the launch
};

/// How one replay went.
struct ReplayReport {
  enum class Status {
    Done,
    Refused,       ///< can't be replayed here; `message` says why
    Unreadable,    ///< the capture can't be read
    AddressTaken,  ///< another layout of the process may help
    Failed,        ///< the GPU reported an error, or the process ended; `message`, `launch`
    Hung,          ///< nothing happened for too long; `message`, `launch`
  };
  Status status = Status::Done;
  std::string message;
  std::uint64_t launch = 0;  ///< where it failed or hung, if that is known
  std::string process;
  std::uint32_t window = 0;
  std::string verify;  ///< "none", "window", "launch"
  unsigned runs = 0;
  std::uint64_t operations = 0;
  std::vector<LaunchResult> launches;
  std::map<std::uint32_t, std::string> kernels;  ///< names, mangled
  Verdict window_verdict = Verdict::Unverified;
  std::string window_text;  ///< one line about the outcome
  std::uint64_t pages = 0;  ///< that were compared
  std::uint64_t different_pages = 0, nondeterministic_pages = 0;
  std::uint64_t host_pages = 0;  ///< of host memory that differ: the program may have written them
  std::vector<PageReport> examples;  ///< of different pages, the first ones
  std::string first_divergence;
  std::uint64_t rebased_words = 0;  ///< of parameters, that point into globals, in all runs
  std::string gpu_time_source;      ///< "CUPTI", or what stands in for it and why
  double restore_seconds = 0, run_seconds = 0;
  std::map<std::string, std::uint64_t> deviations;
  std::vector<ExtractSummary> extracts;  ///< that were asked for
};

/// One JSON object, with a newline.
[[nodiscard]] std::string to_json(const ReplayReport& report);
/// Whether a report says that the GPU reported an error.
[[nodiscard]] bool says_failed(const std::string& json);

}  // namespace fib::replayer
