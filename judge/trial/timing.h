// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "judge/trial/clock_watch.h"
#include "judge/trial/sampler.h"
#include "judge/trial_request.h"
#include "judge/trial_result.h"
#include "replayer/progress.h"

namespace fib::judge {

/// Measures a candidate against the incumbent, in all ways that were asked for.
class Timing {
 public:
  Timing(const TimingOptions& options, std::uint64_t seed) : options_(options), random_(seed) {}

  /// Before the driver is opened: CUPTI, if it is wanted and there.
  void start_clock();
  void watch_clocks(const std::string& uuid) { clocks_.open(uuid); }
  /// Fills in `result`; a reason only if the times can't be believed. Throws driver::DriverError,
  /// CandidateFailed.
  void run(const TimedTrial& trial, replayer::Progress& progress, TrialResult& result);

 private:
  /// One way to measure.
  struct Mode {
    std::string name;
    bool kernels;     ///< times of kernels count, not of events
    bool is_checked;  ///< what the last pair of each batch left
    std::function<std::vector<Sample>(std::size_t pairs)> measure;
  };
  /// Until it is precise enough; with every sample in `samples` that counts. False: what the
  /// candidate left while it was timed is wrong, which `result` says.
  [[nodiscard]] bool run_mode(const Mode& mode, Sampler& sampler, replayer::Progress& progress,
                              std::vector<Sample>& samples, TrialResult& result);
  /// Pairs until the test is done, or time is over. Gives back a check that failed.
  [[nodiscard]] Verdict collect(const Mode& mode, Sampler& sampler, replayer::Progress& progress,
                                PairedTest& test, std::vector<Sample>& samples,
                                std::uint32_t& dropped);
  [[nodiscard]] bool run_modes(const TimedTrial& trial, DeviceState& state, Sampler& sampler,
                               replayer::Progress& progress, TrialResult& result);
  [[nodiscard]] bool measure_graphs(const TimedTrial& trial, const DeviceState& state,
                                    Sampler& sampler, replayer::Progress& progress,
                                    TrialResult& result);
  [[nodiscard]] bool is_believable(std::vector<Sample> samples, TrialResult& result) const;

  const TimingOptions& options_;
  Random random_;
  bool use_cupti_ = false;
  bool is_compared_ = true;
  std::string source_;
  ClockWatch clocks_;
};

/// Whether a candidate keeps the GPU busy for longer than its kernels say, beyond what events
/// around a launch cost the incumbent: `hidden_ns` gets how much longer. Pure.
[[nodiscard]] bool works_elsewhere(const std::vector<Sample>& samples, double& hidden_ns);

/// Whether measuring in one way goes on after so many seconds: past max_seconds only while there
/// are too few pairs for a verdict, and not for ever. Pure.
[[nodiscard]] bool time_is_left(const TimingOptions& options, double seconds, std::size_t pairs);

}  // namespace fib::judge
