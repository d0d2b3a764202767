// SPDX-License-Identifier: Apache-2.0
#include "replayer/engine.h"

#include <chrono>

#include "driver/check.h"
#include "replayer/divergence.h"
#include "replayer/error.h"
#include "replayer/extract.h"
#include "replayer/gpu_times.h"
#include "replayer/launch_verifier.h"
#include "replayer/store_check.h"
#include "replayer/time_match.h"
#include "replayer/window_run.h"
#include "replayer/window_verdict.h"
#include "trace/reader.h"

namespace fib::replayer {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Status = ReplayReport::Status;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// Whether a log has a window begin, and with which numbers.
class HasWindow : public trace::Visitor {
 public:
  explicit HasWindow(std::uint32_t wanted) : wanted_(wanted) {}
  void on_window(const trace::Window& window) override {
    if (wanted_ == 0 || window.fixed.window == wanted_) found = true;
  }
  bool found = false;

 private:
  std::uint32_t wanted_;
};

const char* verify_name(ReplayOptions::Verify verify) {
  switch (verify) {
    case ReplayOptions::Verify::None: return "none";
    case ReplayOptions::Verify::Window: return "window";
    case ReplayOptions::Verify::Launch: return "launch";
  }
  return "?";
}

/// One replay from reading the capture to the report.
class Replay {
 public:
  Replay(const ReplayTarget& target, const ReplayOptions& options, Progress& progress)
      : target_(target), options_(options), progress_(progress) {}

  ReplayReport run() {
    report_.verify = verify_name(options_.verify);
    try {
      prepare();
      check_contents(*machine_, options_.verify == ReplayOptions::Verify::Launch);
      if (!options_.extracts.empty())
        extract();
      else
        play();
    } catch (const AddressTaken& error) {
      stop(Status::AddressTaken, error.what());
    } catch (const Refusal& error) {
      stop(Status::Refused, error.what());
    } catch (const trace::CaptureError& error) {
      stop(Status::Unreadable, error.what());
    } catch (const ReplayFailed& error) {
      stop(Status::Failed, error.what());
    } catch (const driver::DriverError& error) {
      stop(Status::Failed, error.what());
    }
    collect_deviations();
    return std::move(report_);
  }

 private:
  void stop(Status status, const char* message) {
    report_.status = status;
    report_.message = message;
    if (status == Status::Failed) report_.launch = progress_.current_launch();
    if (launches_) report_.launches = launches_->all();
  }

  void prepare() {
    progress_.phase("reading the capture");
    capture_ = trace::open_capture(target_.capture);
    plan_ = read_plan(choose_process(capture_, target_), target_.window);
    report_.process = plan_->process;
    report_.window = plan_->window.number;
    report_.operations = plan_->operations.size();
    launches_.emplace(*plan_);
    for (const LaunchResult& launch : launches_->all())
      report_.kernels.try_emplace(launch.kernel, launches_->kernel_name(launch));
    machine_.emplace(api_, capture_, *plan_, options_, progress_);
    machine_->open([this] {
      if (options_.gpu_times) has_times_ = start_gpu_times(report_.gpu_time_source);
      const char* error = nullptr;
      if (!driver::load_driver(api_, error))
        throw Refusal(std::string("there is no CUDA driver here: ") + error);
    });
  }

  void play() {
    unsigned times = std::max(options_.times, 1u);
    if (options_.verify == ReplayOptions::Verify::Launch) {
      verify_launches();
      times = std::max(times - 1, 1u);
    }
    std::vector<RunResult> runs;
    std::optional<EventTimes> events;
    for (unsigned i = 0; i < times; ++i) {
      if (i + 1 == times && options_.gpu_times && !has_times_) events.emplace(api_);
      const auto start = SteadyClock::now();
      machine_->restore();
      report_.restore_seconds = seconds_since(start);
      (void)collect_gpu_times();  // of earlier runs, and of hashing
      const auto begin = SteadyClock::now();
      runs.push_back(options_.locate
                         ? run_window_step_by_step(*machine_, *launches_)
                         : run_window(*machine_, *launches_, events ? &*events : nullptr));
      report_.run_seconds = seconds_since(begin);
      ++report_.runs;
    }
    measure(runs.back());
    if (events) events->assign(*launches_);
    judge(runs);
    report_.launches = launches_->all();
  }

  void extract() {
    machine_->restore();
    report_.extracts = extract_launches(*machine_, *launches_, capture_);
    for (const ExtractSummary& extract : report_.extracts) {
      if (extract.problem.empty()) report_.launches.push_back(launches_->all()[extract.launch - 1]);
    }
  }

  void judge(const std::vector<RunResult>& runs) {
    const bool launch_by_launch = options_.verify == ReplayOptions::Verify::Launch;
    if (options_.verify == ReplayOptions::Verify::None) {
      report_.window_text = "not compared";
    } else {
      judge_window(*machine_, runs, *launches_, report_);
      const bool open = report_.window_verdict != Verdict::Nondeterministic;
      if (launch_by_launch)
        judge_launches(*launches_, report_);
      else if (open && has_points(*plan_))
        judge_points(find_divergence(*machine_, *launches_), *launches_, report_);
    }
    spread_verdict(*launches_, report_);
  }

  void verify_launches() {
    machine_->restore();
    LaunchVerifier verifier(*machine_, *launches_);
    verifier.run();
    report_.first_divergence = verifier.first_divergence();
    ++report_.runs;
  }

  void measure(const RunResult& run) {
    if (!options_.gpu_times) return;
    if (!has_times_) {
      report_.gpu_time_source = "events around launches, since " + report_.gpu_time_source;
      return;
    }
    const std::size_t without = match_times(collect_gpu_times(), run.issued, *launches_);
    report_.gpu_time_source = "CUPTI";
    if (without > 0)
      machine_->deviations.add("CUPTI did not tell the GPU time of all launches", without);
  }

  void collect_deviations() {
    if (plan_) report_.deviations = plan_->deviations.counts();
    if (machine_)
      for (const auto& [text, count] : machine_->deviations.counts())
        report_.deviations[text] += count;
    if (machine_) report_.rebased_words = machine_->memory.rebased_words();
    if (machine_)
      for (const std::string& problem : machine_->contents.problems())
        report_.deviations["pages: " + problem] += 1;
  }

  const ReplayTarget& target_;
  const ReplayOptions& options_;
  Progress& progress_;
  ReplayReport report_;
  driver::DriverApi api_{};
  trace::Capture capture_;
  std::unique_ptr<Plan> plan_;
  std::optional<LaunchTable> launches_;
  std::optional<Machine> machine_;
  bool has_times_ = false;
};

}  // namespace

trace::ProcessLog choose_process(const trace::Capture& capture, const ReplayTarget& target) {
  std::vector<const trace::ProcessLog*> found;
  std::string names;
  for (const trace::ProcessLog& log : capture.processes) {
    if (!target.process.empty() && log.name != target.process) continue;
    HasWindow scan(target.window);
    const trace::ReadResult result = trace::read_log_file(log.log, scan);
    if (result.status == trace::ReadStatus::Refused) throw trace::CaptureError(result.message);
    if (!scan.found && target.process.empty()) continue;
    found.push_back(&log);
    names += (names.empty() ? "" : ", ") + log.name;
  }
  if (found.size() == 1) return *found.front();
  if (found.size() > 1)
    throw Refusal("several processes have a window: choose one with --process: " + names);
  if (!target.process.empty())
    throw Refusal(capture.directory.string() + " has no process " + target.process +
                  "; fib info lists them");
  throw Refusal(capture.directory.string() + " has no window" +
                (target.window != 0 ? " " + std::to_string(target.window) : std::string()) +
                ": record one with fib record --window, or fib ctl PID window start");
}

ReplayReport replay_here(const ReplayTarget& target, const ReplayOptions& options,
                         Progress& progress) {
  return Replay(target, options, progress).run();
}

}  // namespace fib::replayer
