// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "replayer/page_shadow.h"
#include "replayer/window_run.h"

namespace fib::replayer {

/// Runs the window launch by launch. Each launch runs twice from the same memory: what differs then
/// is nondeterministic. Where the recording knows what memory held (points, and the end), memory is
/// compared with it, differences are blamed on who wrote the page last, and memory is set right
/// again, so that later launches get what they got in the recording.
class LaunchVerifier {
 public:
  LaunchVerifier(Machine& machine, LaunchTable& launches)
      : m_(machine), launches_(launches), executor_(machine, launches), shadow_(machine) {}

  /// After Machine::restore(). Sets the verdicts in the launch table. Throws as run_window().
  void run();
  /// The first launch that diverges, in words; "" if none does.
  [[nodiscard]] const std::string& first_divergence() const { return first_divergence_; }

 private:
  /// Something that runs on its own: a launch, a graph launch, or one node of it.
  struct Unit {
    std::size_t operation;
    std::optional<std::uint32_t> node;
  };
  /// Units that ran together, and what came of it.
  struct Step {
    std::vector<LaunchResult*> launches;
    std::set<std::uint32_t> pages;  ///< that it was the last to change
    std::uint32_t unstable = 0;     ///< pages that differ between two runs
    bool bad = false;               ///< pages are not as recorded
    bool doubtful = false;          ///< pages are not as recorded that nobody wrote here
  };

  void run_other(std::size_t index);
  void run_launches(std::size_t index);
  [[nodiscard]] std::vector<Unit> units_of(std::size_t index);
  void run_unit(const Unit& unit);
  Outcome issue(const Unit& unit);
  [[nodiscard]] std::vector<LaunchResult*> launches_of(const Unit& unit);
  void end_group();
  void settle(bool with_rerun);
  void rerun(const std::vector<std::uint32_t>& changed, Step& step);
  void add_step(Step step, const std::vector<std::uint32_t>& changed);
  void end_pending();

  void checkpoint();
  [[nodiscard]] std::vector<std::uint32_t> differences();
  void blame(const std::vector<std::uint32_t>& differences);
  void judge(Step& step);
  void judge_without_record();
  void name_mismatch(const Step& step, const std::vector<std::uint32_t>& differences);
  [[nodiscard]] bool repair(const std::vector<std::uint32_t>& differences);
  void name_divergence(const LaunchResult& launch, const std::string& what);

  Machine& m_;
  LaunchTable& launches_;
  Executor executor_;
  PageShadow shadow_;
  std::vector<Unit> group_;  ///< issued, and not all of it has ended
  std::vector<CUevent> running_;
  bool dirty_ = false;       ///< memory may have changed since the shadow was made
  std::vector<Step> steps_;  ///< since the last checkpoint
  std::map<std::uint32_t, std::size_t> writer_;  ///< of pages since then: index into steps_
  /// Since when memory may be other than in the recording: "launch 7"; "": it is not.
  std::string suspect_;
  std::string first_divergence_;
};

}  // namespace fib::replayer
