// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/sampler.h"

#include <algorithm>

#include "driver/check.h"
#include "replayer/gpu_times.h"

namespace fib::judge {

Sampler::Sampler(const TimedTrial& trial, DeviceState& state, Random& random, bool use_cupti)
    : trial_(trial),
      api_(trial.subject.api()),
      state_(state),
      random_(random),
      use_cupti_(use_cupti) {}

Sampler::~Sampler() {
  for (const CUevent event : events_) (void)api_.cuEventDestroy_v2(event);
  for (const CUgraphExec graph : graphs_)
    if (graph != nullptr) (void)api_.cuGraphExecDestroy(graph);
}

CUevent Sampler::event(std::size_t index) {
  while (events_.size() <= index) {
    CUevent made = nullptr;
    FIB_DRIVER_CHECK(api_, cuEventCreate(&made, CU_EVENT_DEFAULT));
    events_.push_back(made);
  }
  return events_[index];
}

void Sampler::launch(Side side) {
  if (side == Side::Incumbent)
    trial_.subject.launch_incumbent();
  else
    expect_success(api_, trial_.candidate.launch(), "its launch");
}

// ---- pairs --------------------------------------------------------------------------------------

template <class Before, class Launch>
void Sampler::add(Side side, std::size_t pair, std::uint64_t seed, Before&& before,
                  Launch&& launch) {
  const std::size_t index = 2 * timed_.size();
  timed_.push_back({side, pair, event(index), event(index + 1)});
  before(seed);
  FIB_DRIVER_CHECK(api_, cuEventRecord(timed_.back().before, trial_.subject.stream()));
  launch(side);
  FIB_DRIVER_CHECK(api_, cuEventRecord(timed_.back().after, trial_.subject.stream()));
  state_.keep(side == Side::Incumbent ? Kept::Incumbent : Kept::Candidate);
}

template <class Before, class Launch>
void Sampler::run_pairs(std::size_t pairs, Before&& before, Launch&& launch) {
  timed_.clear();
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const bool candidate_first = random_.below(2) == 1;
    last_seed_ = random_.next();
    if (!trial_.is_compared) {
      add(Side::Candidate, pair, last_seed_, before, launch);
      continue;
    }
    add(candidate_first ? Side::Candidate : Side::Incumbent, pair, last_seed_, before, launch);
    add(candidate_first ? Side::Incumbent : Side::Candidate, pair, last_seed_, before, launch);
  }
  trial_.subject.wait();
}

std::vector<Sample> Sampler::measure(Cache cache, std::size_t pairs) {
  if (use_cupti_) (void)replayer::collect_gpu_times();  // of what ran before
  // Either way something long runs first, so that all that follows is in the queue in time.
  run_pairs(
      pairs,
      [&](std::uint64_t seed) {
        if (cache == Cache::Warm) state_.flush();
        state_.prepare(seed);
        if (cache == Cache::Cold) state_.flush();
      },
      [&](Side side) { launch(side); });
  std::vector<Sample> samples = read_events(pairs);
  if (use_cupti_ && !read_kernels(samples)) samples.clear();
  return samples;
}

std::vector<Sample> Sampler::read_events(std::size_t pairs) {
  Sample none;
  if (!trial_.is_compared) none.events.incumbent_ns = none.kernels.incumbent_ns = kNobodyNs;
  std::vector<Sample> samples(pairs, none);
  for (const Timed& timed : timed_) {
    float milliseconds = 0;
    FIB_DRIVER_CHECK(api_, cuEventElapsedTime(&milliseconds, timed.before, timed.after));
    Pair& pair = samples[timed.pair].events;
    (timed.side == Side::Incumbent ? pair.incumbent_ns : pair.candidate_ns) =
        static_cast<double>(milliseconds) * 1e6;
  }
  return samples;
}

/// Kernels of ours and of the driver may run in between: those that count are known by name, in the
/// order of their launches.
bool Sampler::read_kernels(std::vector<Sample>& samples) {
  const std::vector<replayer::LaunchTimes> launches = replayer::collect_gpu_times();
  const std::vector<std::string> incumbent = trial_.subject.incumbent_kernels(),
                                 candidate = trial_.candidate.kernel_names();
  std::size_t at = 0;
  for (const Timed& timed : timed_) {
    std::uint64_t start = UINT64_MAX, end = 0;
    for (const std::string& name : timed.side == Side::Incumbent ? incumbent : candidate) {
      while (at < launches.size() && (launches[at].empty() || launches[at].front().name != name))
        ++at;
      if (at == launches.size()) return false;
      start = std::min(start, launches[at].front().start_ns);
      end = std::max(end, launches[at].back().end_ns);
      ++at;
    }
    Pair& pair = samples[timed.pair].kernels;
    (timed.side == Side::Incumbent ? pair.incumbent_ns : pair.candidate_ns) =
        end > start ? static_cast<double>(end - start) : 0;
  }
  return true;
}

// ---- graphs -------------------------------------------------------------------------------------

CUgraphExec Sampler::capture(Side side, std::size_t launches, std::string& why) {
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  const CUstream stream = trial_.subject.stream();
  FIB_DRIVER_CHECK(api_, cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CUresult rc = CUDA_SUCCESS;
  for (std::size_t i = 0; i < launches && rc == CUDA_SUCCESS; ++i) {
    if (side == Side::Incumbent)
      trial_.subject.launch_incumbent();
    else
      rc = trial_.candidate.launch();
  }
  const CUresult ended = api_.cuStreamEndCapture(stream, &graph);
  if (rc == CUDA_SUCCESS) rc = ended;
  if (rc == CUDA_SUCCESS) rc = api_.cuGraphInstantiateWithFlags(&exec, graph, 0);
  if (graph != nullptr) (void)api_.cuGraphDestroy(graph);
  if (rc != CUDA_SUCCESS) why = "it can't be captured: " + replayer::result_name(api_, rc);
  return rc == CUDA_SUCCESS ? exec : nullptr;
}

bool Sampler::make_graphs(std::size_t launches, std::string& why) {
  graph_launches_ = launches;
  graphs_[0] = capture(Side::Incumbent, launches, why);
  if (graphs_[0] != nullptr) graphs_[1] = capture(Side::Candidate, launches, why);
  return graphs_[1] != nullptr;
}

std::vector<Sample> Sampler::measure_graphs(std::size_t pairs) {
  run_pairs(
      pairs,
      [&](std::uint64_t seed) {
        state_.flush();
        state_.prepare(seed);
      },
      [&](Side side) {
        const CUgraphExec graph = graphs_[side == Side::Incumbent ? 0 : 1];
        FIB_DRIVER_CHECK(api_, cuGraphLaunch(graph, trial_.subject.stream()));
      });
  std::vector<Sample> samples = read_events(pairs);
  for (Sample& sample : samples) {
    sample.events.incumbent_ns /= static_cast<double>(graph_launches_);
    sample.events.candidate_ns /= static_cast<double>(graph_launches_);
  }
  return samples;
}

// ---- what timed launches leave ------------------------------------------------------------------

void Sampler::hurry() {
  constexpr int kLaunches = 4;
  for (int i = 0; i < kLaunches; ++i) {
    last_seed_ = random_.next();
    state_.prepare(last_seed_);
    launch(Side::Candidate);
  }
  state_.keep(Kept::Candidate);
  if (trial_.is_compared) {
    state_.prepare(last_seed_);
    launch(Side::Incumbent);
    state_.keep(Kept::Incumbent);
  }
  trial_.subject.wait();
}

MemoryState Sampler::expected(const MemoryState& now) {
  if (trial_.variants == nullptr) return state_.kept(trial_, Kept::Incumbent, now);
  MemoryState state = now;
  trial_.variants->put_outputs(state_.variant(), trial_.memory, state);
  return state;
}

Verdict Sampler::verify() {
  if (!state_.keeps()) return {};
  const bool stored = trial_.variants != nullptr;  // what is right was there before
  if (!stored && state_.kept_same(trial_, Kept::Incumbent, Kept::Candidate)) return {};
  const bool steady = stored || trial_.study.deterministic;
  if (!steady) {
    state_.prepare(last_seed_);
    launch(Side::Incumbent);
    state_.keep(Kept::Again);
    trial_.subject.wait();
  }
  // Inputs are there as the last pair found them.
  const MemoryState now = trial_.judge.by_elements() ? MemoryState() : trial_.memory.get();
  const MemoryState expected = this->expected(now);
  const RunOutcome got{state_.kept(trial_, Kept::Candidate, now), {}};
  const MemoryState noise = steady ? MemoryState() : state_.kept(trial_, Kept::Again, now);
  return trial_.judge.judge_values({now, expected, steady ? nullptr : &noise, got, false});
}

}  // namespace fib::judge
