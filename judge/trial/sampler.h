// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "judge/statistics/paired.h"
#include "judge/trial/device_state.h"
#include "judge/trial/runner.h"

namespace fib::judge {

/// Which L2 cache a timed launch finds.
enum class Cache : std::uint8_t {
  Cold,  ///< nothing of what it reads
  Warm   ///< what of its inputs fits: they were written just before
};

/// Times of both sides of a pair, from GPU or events. Not measured: 0.
struct Sample {
  Pair kernels, events;  ///< of its kernels, first start to last end; between events around it
};

/// What stands where an incumbent's time would, if there is nobody to compare with: always the
/// same, so that a ratio says as much as the candidate's time alone.
inline constexpr double kNobodyNs = 1000;

/// Times launches in pairs, both sides in random order; of a trial without an incumbent the
/// candidate's alone. Throws driver::DriverError, CandidateFailed.
class Sampler {
 public:
  /// `use_cupti`: replayer::start_gpu_times() was successful.
  Sampler(const TimedTrial& trial, DeviceState& state, Random& random, bool use_cupti);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// So many pairs, and waits. With CUPTI fewer, none even, where its records can't be told apart.
  [[nodiscard]] std::vector<Sample> measure(Cache cache, std::size_t pairs);
  /// The same for launches one after the other in a graph, `launches` each: time of one. `why` says
  /// why that can't be done; what is measured are events.
  [[nodiscard]] bool make_graphs(std::size_t launches, std::string& why);
  [[nodiscard]] std::vector<Sample> measure_graphs(std::size_t pairs);
  /// Launches the candidate a few times in quick succession, and then the incumbent once as the
  /// last time: for verify(). Nothing is measured.
  void hurry();
  /// Whether the candidate's outputs of the last pair, on inputs that nobody saw before, are right.
  [[nodiscard]] Verdict verify();

 private:
  enum class Side : std::uint8_t { Incumbent, Candidate };
  struct Timed {
    Side side;
    std::size_t pair;
    CUevent before, after;
  };
  void launch(Side side);
  /// The reference's outputs for what the last pair found, in a state as memory is now.
  [[nodiscard]] MemoryState expected(const MemoryState& now);
  template <class Before, class Launch>
  void add(Side side, std::size_t pair, std::uint64_t seed, Before&& before, Launch&& launch);
  template <class Before, class Launch>
  void run_pairs(std::size_t pairs, Before&& before, Launch&& launch);
  [[nodiscard]] std::vector<Sample> read_events(std::size_t pairs);
  [[nodiscard]] bool read_kernels(std::vector<Sample>& samples);
  [[nodiscard]] CUgraphExec capture(Side side, std::size_t launches, std::string& why);
  [[nodiscard]] CUevent event(std::size_t index);

  const TimedTrial& trial_;
  const driver::DriverApi& api_;
  DeviceState& state_;
  Random& random_;
  bool use_cupti_;
  std::vector<CUevent> events_;
  std::vector<Timed> timed_;
  CUgraphExec graphs_[2] = {};
  std::size_t graph_launches_ = 0;
  std::uint64_t last_seed_ = 0;  ///< of what the last pair found in memory
};

}  // namespace fib::judge
