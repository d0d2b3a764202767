// SPDX-License-Identifier: Apache-2.0
#include "replayer/window_run.h"

#include "replayer/unit_wait.h"

namespace fib::replayer {
namespace {

template <class First, class Step, class Last>
RunResult run(Machine& machine, LaunchTable& launches, Executor& executor, First&& first,
              Step&& step, Last&& last) {
  RunResult result;
  machine.progress.phase("running the window");
  for (std::size_t i = 0; i < machine.plan.operations.size(); ++i) {
    const Operation& operation = machine.plan.operations[i];
    const std::span<LaunchResult> mine = launches.of(i);
    announce(machine, launches, mine);
    first(i);
    const Outcome outcome = executor.run(i);
    note_outcome(operation, outcome, mine);
    if (outcome.ran && !mine.empty()) result.issued.push_back(i);
    step(i, outcome);
    if (operation.point) machine.table.pass(*operation.point);
  }
  last();
  executor.synchronize();
  machine.progress.phase("comparing");
  machine.table.pass_end();
  result.differences = machine.table.compare(&result.hashes);
  return result;
}

/// Why the launch can't run alone.
const char* effect_reason(const PointPlan& point) {
  switch (static_cast<trace::EffectReason>(point.fixed.effect)) {
    case trace::EffectReason::Name: return "its name is that of a kernel that waits for peers";
    case trace::EffectReason::Foreign: return "it uses memory of another process or device";
    case trace::EffectReason::HostFunction: return "host code runs in its graph or before it";
    case trace::EffectReason::Pattern: return "the user asked for it";
    case trace::EffectReason::None: break;
  }
  return "the recording does not say why";
}

}  // namespace

void announce(Machine& machine, const LaunchTable& table, std::span<const LaunchResult> launches) {
  if (launches.empty()) return;
  machine.progress.launch(launches.front().number, table.kernel_name(launches.front()));
}

void note_outcome(const Operation& operation, const Outcome& outcome,
                  std::span<LaunchResult> launches) {
  for (LaunchResult& launch : launches) {
    if (operation.is_effect()) {
      launch.verdict = Verdict::Effect;
      launch.reason = effect_reason(*operation.point);
    } else if (!outcome.ran) {
      launch.verdict = Verdict::NotReplayable;
      launch.reason = outcome.problem;
    }
  }
}

RunResult run_window(Machine& machine, LaunchTable& launches, EventTimes* times) {
  Executor executor(machine, launches);
  const auto is_timed = [&](std::size_t index) {
    return times != nullptr && !launches.of(index).empty() &&
           !machine.plan.operations[index].is_effect();
  };
  return run(
      machine, launches, executor,
      [&](std::size_t index) {
        if (is_timed(index))
          times->begin(index, executor.stream_of(machine.plan.operations[index]));
      },
      [&](std::size_t index, const Outcome& outcome) {
        if (is_timed(index) && outcome.ran)
          times->end(executor.stream_of(machine.plan.operations[index]));
      },
      [] {});
}

RunResult run_window_step_by_step(Machine& machine, LaunchTable& launches) {
  Executor executor(machine, launches);
  UnitWait wait(machine, executor, launches);
  return run(
      machine, launches, executor, [](std::size_t) {},
      [&](std::size_t index, const Outcome& outcome) {
        if (outcome.ran && !launches.of(index).empty()) wait.add(index);
      },
      [&] { wait.finish(); });
}

}  // namespace fib::replayer
