// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "judge/case.h"

namespace fib::judge {

/// How a trial measures. Times in seconds, sizes in bytes.
struct TimingOptions {
  bool enabled = true;  ///< false: correctness only
  std::uint32_t min_pairs = 20, max_pairs = 400;
  double max_seconds = 10;    ///< of measuring, per mode; 4 times that if there are not min_pairs
  double confidence = 0.95;   ///< of the interval
  double half_width = 0.005;  ///< stop when the ratio is known this well
  double margin = 0.01;       ///< ratios within 1 +- margin make no difference
  bool cold = true, warm = true, graph = true;  ///< modes; graph only for short kernels
  double graph_below_us = 10;                   ///< ... shorter than this
  bool force_events = false;                    ///< do not use CUPTI
};

/// One candidate on one case: what the child of a judge is to do.
struct TrialRequest {
  Case subject;
  std::filesystem::path registry;  ///< root
  std::filesystem::path cache;     ///< of builds; empty: the default
  std::string solution;            ///< name of the candidate
  std::string workload;    ///< uuid: the case is a Workload, not a launch of a capture; else empty
  std::string baseline;    ///< of a Workload: the Solution to measure against; empty: none
  int device = 0;          ///< ordinal here
  std::uint64_t seed = 1;  ///< of poisons and fresh inputs
  std::uint32_t fresh_runs = 3;  ///< checks with inputs that nobody has seen
  TimingOptions timing;
};

}  // namespace fib::judge
