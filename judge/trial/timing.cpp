// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/timing.h"

#include <algorithm>
#include <cstdio>

#include "judge/statistics/throttle.h"
#include "judge/trial/reasons.h"
#include "judge/trial/trial.h"
#include "replayer/gpu_times.h"

namespace fib::judge {
namespace {

constexpr std::size_t kPairsAtOnce = 5;
/// Batches in a row that show nothing before a mode is given up.
constexpr unsigned kPatience = 5;
/// Time of all launches of a graph together.
constexpr double kGraphNs = 200e3;

/// What events around a launch may tell more than CUPTI does before somebody is suspected.
constexpr double kSlackNs = 5000, kSlackShare = 0.1;

}  // namespace

bool works_elsewhere(const std::vector<Sample>& samples, double& hidden_ns) {
  std::vector<double> incumbent, candidate, kernels;
  for (const Sample& sample : samples) {
    incumbent.push_back(sample.events.incumbent_ns - sample.kernels.incumbent_ns);
    candidate.push_back(sample.events.candidate_ns - sample.kernels.candidate_ns);
    kernels.push_back(sample.kernels.candidate_ns);
  }
  hidden_ns = median(candidate) - median(incumbent);
  return hidden_ns > kSlackNs + kSlackShare * median(kernels);
}

void Timing::start_clock() {
  if (!options_.enabled) return;
  if (options_.force_events) {
    source_ = "events: as asked";
    return;
  }
  std::string problem;
  use_cupti_ = replayer::start_gpu_times(problem);
  source_ = use_cupti_ ? "CUPTI" : "events: " + problem;
}

ModeTiming Timing::measure(const std::string& mode, bool kernels, const Measure& measure,
                           replayer::Progress& progress, std::vector<Sample>& samples) {
  progress.phase(std::string(kCandidatePhase) + ", timing, " + mode);
  ModeTiming timing;
  timing.mode = mode;
  PairedTest test({options_.min_pairs, options_.max_pairs, options_.confidence, options_.half_width,
                   options_.margin});
  (void)measure(2);  // warms up
  const double end = steady_ns() + options_.max_seconds * 1e9;
  unsigned in_vain = 0;
  while (!test.done() && steady_ns() < end && in_vain < kPatience) {
    ClockReading readings[2] = {clocks_.look(), {}};
    const std::vector<Sample> batch = measure(kPairsAtOnce);
    readings[1] = clocks_.look();
    const SampleTime time{readings[0].at_ns, readings[1].at_ns};
    const bool drop = samples_to_drop({&time, 1}, readings).front();
    if (drop) timing.dropped += static_cast<std::uint32_t>(batch.size());
    in_vain = batch.empty() ? in_vain + 1 : 0;
    for (const Sample& sample : batch) {
      if (drop) break;
      test.add(kernels ? sample.kernels : sample.events);
      samples.push_back(sample);
    }
    progress.beat();
  }
  std::vector<double> incumbent, candidate;
  for (const Pair& pair : test.pairs()) {
    incumbent.push_back(pair.incumbent_ns);
    candidate.push_back(pair.candidate_ns);
  }
  timing.incumbent_ns = median(incumbent);
  timing.candidate_ns = median(candidate);
  const RatioInterval interval = test.interval();
  timing.ratio = interval.ratio;
  timing.low = interval.low;
  timing.high = interval.high;
  timing.confidence = interval.confidence;
  timing.pairs = static_cast<std::uint32_t>(test.pairs().size());
  timing.verdict = to_string(test.verdict());
  return timing;
}

void Timing::run(const TimedTrial& trial, replayer::Progress& progress, TrialResult& result) {
  DeviceState state(trial, random_.next());
  Sampler sampler(trial, state, random_, use_cupti_);
  std::string source = source_;
  for (const Cache cache : {Cache::Cold, Cache::Warm}) {
    if (!(cache == Cache::Cold ? options_.cold : options_.warm)) continue;
    std::vector<Sample> samples;
    ModeTiming mode = measure(
        cache == Cache::Cold ? "cold" : "warm", use_cupti_,
        [&](std::size_t pairs) { return sampler.measure(cache, pairs); }, progress, samples);
    if (mode.pairs == 0) source += "; nothing could be measured with a " + mode.mode + " cache";
    if (mode.pairs == 0) continue;
    if (use_cupti_ && !is_believable(samples, result)) return;
    result.timing.push_back(std::move(mode));
  }
  if (options_.graph) measure_graphs(trial, state, sampler, progress, result);
  result.time_source = source + (state.note().empty() ? "" : "; " + state.note());
  if (!clocks_.is_open()) result.time_source += "; clocks are not known without NVML";
  result.clocks = clocks_.clocks();
}

bool Timing::is_believable(const std::vector<Sample>& samples, TrialResult& result) const {
  double hidden = 0;
  if (!works_elsewhere(samples, hidden)) {
    if (std::none_of(result.checks.begin(), result.checks.end(),
                     [](const CheckResult& check) { return check.name == "timed kernels"; }))
      result.checks.push_back({"timed kernels", true, "events around launches agree with CUPTI"});
    return true;
  }
  char text[120];
  std::snprintf(text, sizeof text,
                "events around its launches tell %.1f us more than its kernels take", hidden / 1e3);
  result.checks.push_back({"timed kernels", false, text});
  result.status = registry::Status::RuntimeError;
  result.reason = reasons::kHiddenWork;
  result.detail = text;
  return false;
}

/// Launch after launch without resetting memory in between: only where that makes no difference to
/// what they do.
void Timing::measure_graphs(const TimedTrial& trial, const DeviceState& state, Sampler& sampler,
                            replayer::Progress& progress, TrialResult& result) {
  const auto is_count = [&](const LaunchTensor& tensor) {
    const auto& poisoned = trial.study.poisoned;
    return tensor.is_output && registry::is_integer(tensor.layout.dtype) &&
           std::none_of(poisoned.begin(), poisoned.end(), [&](const auto& output) {
             return output.tensor.layout.name == tensor.layout.name;
           });
  };
  const auto& tensors = trial.facts.tensors;
  if (state.has_side_effects() || std::any_of(tensors.begin(), tensors.end(), is_count)) return;
  const double one = result.timing.empty() ? 0 : result.timing.front().incumbent_ns;
  if (!(one > 0) || one > options_.graph_below_us * 1e3) return;
  const auto launches = static_cast<std::size_t>(std::clamp(kGraphNs / one, 10.0, 100.0));
  std::string why;
  if (!sampler.make_graphs(launches, why)) {
    result.checks.push_back({"in a graph", true, "not measured: " + why});
    return;
  }
  std::vector<Sample> samples;
  ModeTiming mode = measure(
      "graph", false, [&](std::size_t pairs) { return sampler.measure_graphs(pairs); }, progress,
      samples);
  if (mode.pairs != 0) result.timing.push_back(std::move(mode));
}

}  // namespace fib::judge
