// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "judge/trial/incumbent_study.h"
#include "judge/trial/pattern.h"
#include "judge/trial/variants.h"
#include "judge/trial/verdict.h"
#include "replayer/memory_layout.h"

namespace fib::judge {

/// What timing needs to know of a trial. Borrowed.
struct TimedTrial {
  Subject& subject;
  Candidate& candidate;
  TrialMemory& memory;
  const LaunchFacts& facts;
  const IncumbentStudy& study;
  const Judge& judge;
  const Variants* variants = nullptr;  ///< whose outputs say what is right; null: the incumbent's
  bool is_compared = true;             ///< there is an incumbent
};

/// Whose outputs are kept.
enum class Kept : std::uint8_t { Incumbent, Again, Candidate };

/// Device memory beside the case's, so that every timed launch finds memory that no launch before
/// it saw, without any traffic from the host: inputs turned round by a random distance, or those of
/// one of the trial's variants; outputs and whatever else the incumbent writes as they were. All
/// calls are on the subject's stream and do not wait. Throws driver::DriverError.
class DeviceState {
 public:
  /// Takes its snapshots. Waits.
  DeviceState(const TimedTrial& trial, std::uint64_t seed);
  ~DeviceState();
  DeviceState(const DeviceState&) = delete;
  DeviceState& operator=(const DeviceState&) = delete;

  /// Before a timed launch; the same seed gives the same memory.
  void prepare(std::uint64_t seed);
  /// Keeps what outputs hold now, in place of what was kept before.
  void keep(Kept whose);
  /// Whether two that were kept are the same, by hashes on the GPU. Waits.
  [[nodiscard]] bool kept_same(const TimedTrial& trial, Kept a, Kept b);
  /// What was kept, in a state that otherwise is what memory holds now. Waits.
  [[nodiscard]] MemoryState kept(const TimedTrial& trial, Kept whose, const MemoryState& now);
  [[nodiscard]] bool keeps() const { return kept_[0] != 0; }  ///< false: there is no memory for it
  /// Writes twice as many bytes as the L2 cache holds, so that nothing else is left in it.
  void flush();
  /// Writes that the incumbent makes besides its outputs.
  [[nodiscard]] bool has_side_effects() const { return has_side_effects_; }
  /// Whose inputs the last prepare() brought.
  [[nodiscard]] std::size_t variant() const { return variant_; }
  [[nodiscard]] const std::string& note() const { return note_; }  ///< empty: nothing to say

 private:
  struct Copy {
    replayer::Range range;
    CUdeviceptr snapshot = 0;
  };
  void plan(const TimedTrial& trial);
  void make_room_for_outputs();
  void take_variants(const TimedTrial& trial);
  [[nodiscard]] std::vector<replayer::Range> side_effects(
      const TimedTrial& trial, const std::vector<replayer::Range>& outputs);
  /// Of what is there now. Waits.
  [[nodiscard]] CUresult take(std::vector<Copy>& copies);
  [[nodiscard]] CUresult allocate(CUdeviceptr& address, std::uint64_t bytes);
  void copy(CUdeviceptr to, CUdeviceptr from, std::uint64_t bytes);

  const driver::DriverApi& api_;
  CUstream stream_;
  std::vector<Copy> turned_, reset_;
  std::vector<std::vector<Copy>> variants_;  ///< inputs of each; none: they are not varied
  std::size_t variant_ = 0;
  std::vector<CUdeviceptr> allocated_;
  std::vector<replayer::Range> outputs_;
  CUdeviceptr kept_[3] = {};  ///< all outputs, each from the begin of a page
  std::uint64_t kept_bytes_ = 0;
  CUdeviceptr flush_ = 0;
  std::uint64_t flush_bytes_ = 0;
  unsigned char flushed_ = 0;
  bool has_side_effects_ = false;
  std::string note_;
};

}  // namespace fib::judge
