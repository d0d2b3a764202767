// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/model/trace.h"

namespace fib::judge {

/// Where a result is wrong first.
struct FirstWrong {
  std::string output;  ///< name of the Definition's output, or "memory 0x... of region N"
  std::vector<std::int64_t> index;
  double expected = 0, got = 0;
};

/// One check of a trial, in the order in which they ran.
struct CheckResult {
  std::string name;  ///< "recorded inputs", "poison A", "fresh inputs 2", "after timing" ...
  bool passed = false;
  std::string detail;  ///< one line; empty if there is nothing to say
};

/// One way of timing. Ratios are incumbent / candidate: above 1 the candidate is faster.
struct ModeTiming {
  std::string mode;                           ///< "cold", "warm" (of the L2), "graph"
  double incumbent_ns = 0, candidate_ns = 0;  ///< medians of the pairs
  double ratio = 0, low = 0, high = 0;        ///< of the median ratio, with its interval
  double confidence = 0;
  std::uint32_t pairs = 0, dropped = 0;  ///< dropped: the GPU was throttled, or the clock changed
  std::string verdict;                   ///< "faster", "slower", "no clear difference"
};

struct Clocks {
  unsigned sm_mhz_min = 0, sm_mhz_max = 0, memory_mhz = 0;
  int temperature = 0;     ///< highest, degrees Celsius
  double power_watts = 0;  ///< highest
  std::string throttled;   ///< reasons that were seen; empty: none
};

/// What a trial found. `reason` is short and stable, for tables and tests: "writes too much".
struct TrialResult {
  registry::Status status = registry::Status::RuntimeError;
  std::string reason, detail;
  /// False: the candidate's conditions do not hold for this case, so that it would never be
  /// launched there. No Evaluation is written.
  bool applicable = true;
  double max_absolute_error = 0, max_relative_error = 0, matched_ratio = 1;
  std::optional<FirstWrong> first_wrong;
  std::vector<CheckResult> checks;
  bool incumbent_deterministic = true;
  std::string incumbent_note;  ///< "its two runs differ in 12 of 4096 bytes"
  std::vector<ModeTiming> timing;
  std::string baseline;  ///< of a Workload: the Solution that "incumbent" above means; else empty
  std::string time_source;  ///< "CUPTI", or "events: why"
  Clocks clocks;
  std::string gpu, gpu_uuid, driver;
  double seconds = 0;  ///< that the trial took
  std::uint64_t bytes_touched =
      0;  ///< inputs read and outputs written once, for a roofline; 0: not known
  std::uint64_t peak_bytes_per_second =
      0;  ///< of the GPU's memory, by its data sheet; 0: not known
  /// Of a Workload: where each input is from: "normal, seed 1", a file.
  std::map<std::string, std::string> inputs;
  std::map<std::string, std::string> libs;  ///< versions for Environment::libs

  /// The mode that counts for ranking: cold if measured, else the first.
  [[nodiscard]] const ModeTiming* decisive() const {
    for (const ModeTiming& mode : timing)
      if (mode.mode == "cold") return &mode;
    return timing.empty() ? nullptr : &timing.front();
  }
};

}  // namespace fib::judge
