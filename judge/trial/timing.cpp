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
constexpr unsigned kCheckedAtFirst = 3;  ///< batches
/// How much longer measuring may take while there are too few pairs to say anything.
constexpr double kOvertime = 4;
/// Time of all launches of a graph together.
constexpr double kGraphNs = 200e3;

bool fail_timed(const std::string& check, const Verdict& verdict, TrialResult& result) {
  const std::string detail = verdict.reason + ": " + verdict.detail;
  result.checks.push_back({check, false, detail});
  result.status = registry::Status::IncorrectNumerical;
  result.reason = reasons::kBeforeTimingOnly;
  result.detail = check + ": " + detail;
  result.timing.clear();
  return false;
}

/// What events around a launch may tell more than CUPTI does before somebody is suspected.
constexpr double kSlackNs = 5000, kSlackShare = 0.1;
/// What events cost, where no incumbent shows it.
constexpr double kEventsNs = 5000;

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

bool time_is_left(const TimingOptions& options, double seconds, std::size_t pairs) {
  return seconds < options.max_seconds * (pairs < options.min_pairs ? kOvertime : 1);
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

Verdict Timing::collect(const Mode& mode, Sampler& sampler, replayer::Progress& progress,
                        PairedTest& test, std::vector<Sample>& samples, std::uint32_t& dropped) {
  const double start = steady_ns();
  const auto seconds = [&] { return (steady_ns() - start) / 1e9; };
  unsigned in_vain = 0, batches = 0;
  while (!test.done() && time_is_left(options_, seconds(), test.pairs().size()) &&
         in_vain < kPatience) {
    ClockReading readings[2] = {clocks_.look(), {}};
    const std::vector<Sample> batch = mode.measure(kPairsAtOnce);
    readings[1] = clocks_.look();
    const SampleTime time{readings[0].at_ns, readings[1].at_ns};
    const bool drop = samples_to_drop({&time, 1}, readings).front();
    if (drop) dropped += static_cast<std::uint32_t>(batch.size());
    in_vain = batch.empty() ? in_vain + 1 : 0;
    for (const Sample& sample : batch) {
      if (drop) break;
      test.add(mode.kernels ? sample.kernels : sample.events);
      samples.push_back(sample);
    }
    progress.beat();
    // The first ones, and then some: nobody knows which.
    if (!mode.is_checked || (++batches > kCheckedAtFirst && random_.below(4) != 0)) continue;
    if (Verdict verdict = sampler.verify(); !verdict.passed()) return verdict;
  }
  return {};
}

bool Timing::run_mode(const Mode& mode, Sampler& sampler, replayer::Progress& progress,
                      std::vector<Sample>& samples, TrialResult& result) {
  progress.phase(std::string(kCandidatePhase) + ", timing, " + mode.name);
  ModeTiming timing;
  timing.mode = mode.name;
  PairedTest test({options_.min_pairs, options_.max_pairs, options_.confidence, options_.half_width,
                   options_.margin});
  (void)mode.measure(2);  // warms up
  const Verdict verdict = collect(mode, sampler, progress, test, samples, timing.dropped);
  if (!verdict.passed()) return fail_timed("timed, " + mode.name, verdict, result);
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
  if (!is_compared_) {
    timing.incumbent_ns = timing.ratio = timing.low = timing.high = 0;
    timing.verdict = "not compared";
  }
  if (timing.pairs != 0)
    result.timing.push_back(std::move(timing));
  else
    source_ += "; nothing could be measured in the mode " + mode.name;
  return true;
}

void Timing::run(const TimedTrial& trial, replayer::Progress& progress, TrialResult& result) {
  progress.phase(std::string(kCandidatePhase) + ", timing");
  is_compared_ = trial.is_compared;
  DeviceState state(trial, random_.next());
  Sampler sampler(trial, state, random_, use_cupti_);
  sampler.hurry();
  const Verdict verdict = sampler.verify();
  if (!verdict.passed()) {
    (void)fail_timed("in quick succession", verdict, result);
    return;
  }
  result.checks.push_back({"in quick succession", true, state.note()});
  if (!run_modes(trial, state, sampler, progress, result)) return;
  result.time_source = source_;
  if (!clocks_.is_open()) result.time_source += "; clocks are not known without NVML";
  if (!state.note().empty()) result.time_source += "; " + state.note();
  result.clocks = clocks_.clocks();
}

bool Timing::run_modes(const TimedTrial& trial, DeviceState& state, Sampler& sampler,
                       replayer::Progress& progress, TrialResult& result) {
  for (const Cache cache : {Cache::Cold, Cache::Warm}) {
    if (!(cache == Cache::Cold ? options_.cold : options_.warm)) continue;
    const auto measure = [&](std::size_t pairs) { return sampler.measure(cache, pairs); };
    std::vector<Sample> samples;
    if (!run_mode({cache == Cache::Cold ? "cold" : "warm", use_cupti_, true, measure}, sampler,
                  progress, samples, result))
      return false;
    if (use_cupti_ && !samples.empty() && !is_believable(samples, result)) return false;
  }
  return !options_.graph || measure_graphs(trial, state, sampler, progress, result);
}

bool Timing::is_believable(std::vector<Sample> samples, TrialResult& result) const {
  double hidden = 0;
  if (!is_compared_)
    for (Sample& sample : samples) sample.events.incumbent_ns += kEventsNs;
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
bool Timing::measure_graphs(const TimedTrial& trial, const DeviceState& state, Sampler& sampler,
                            replayer::Progress& progress, TrialResult& result) {
  const auto is_poisoned = [&](const LaunchTensor& tensor) {
    return std::any_of(
        trial.study.poisoned.begin(), trial.study.poisoned.end(),
        [&](const auto& output) { return output.tensor.layout.name == tensor.layout.name; });
  };
  bool repeats = true;  // the second launch leaves what the first one left
  for (const LaunchTensor& tensor : trial.facts.tensors) {
    if (!tensor.is_output || is_poisoned(tensor)) continue;
    repeats = false;
    if (registry::is_integer(tensor.layout.dtype)) return true;
  }
  const double one = result.timing.empty() ? 0 : result.timing.front().incumbent_ns;
  if (state.has_side_effects() || !(one > 0) || one > options_.graph_below_us * 1e3) return true;
  const auto launches = static_cast<std::size_t>(std::clamp(kGraphNs / one, 10.0, 100.0));
  std::string why;
  if (!sampler.make_graphs(launches, why)) {
    result.checks.push_back({"in a graph", true, "not measured: " + why});
    return true;
  }
  const auto measure = [&](std::size_t pairs) { return sampler.measure_graphs(pairs); };
  std::vector<Sample> samples;
  return run_mode({"graph", false, repeats, measure}, sampler, progress, samples, result);
}

}  // namespace fib::judge
