// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "judge/trial/stand_in.h"
#include "judge/trial/workload_launch.h"
#include "judge/trial_request.h"
#include "replayer/kernel_params.h"
#include "replayer/launch_table.h"
#include "replayer/machine.h"
#include "replayer/operations/executor.h"
#include "trace/capture.h"

namespace fib::judge {

/// The recorded launch of a case, brought back in this process: the incumbent with its memory. Of a
/// Workload the memory alone, where others stand in for the incumbent.
class Subject {
 public:
  /// Reads the case. Throws trace::CaptureError; replayer::Refusal, also if it is not one launch.
  Subject(const TrialRequest& request, replayer::Progress& progress);
  /// Of a Workload; `workload` lives longer.
  Subject(const TrialRequest& request, replayer::Progress& progress, WorkloadLaunch& workload);

  /// Takes addresses, opens the driver (`before` runs just before that) and brings memory back.
  /// Throws as replayer::Machine::open().
  void open(const std::function<void()>& before);

  [[nodiscard]] const driver::DriverApi& api() const { return api_; }
  [[nodiscard]] replayer::Machine& machine() { return *machine_; }
  [[nodiscard]] const trace::Capture& capture() const { return capture_; }
  /// Null: it is a recorded launch.
  [[nodiscard]] const WorkloadLaunch* workload() const { return workload_; }
  /// Of a Workload, from now on.
  void set_stand_in(StandIn* stand_in) { stand_in_ = stand_in; }

  // Of a recorded launch only.
  [[nodiscard]] const replayer::LaunchPlan& launch() const;
  [[nodiscard]] const replayer::KernelPlan& kernel_plan() const;
  [[nodiscard]] CUfunction function() const { return function_; }
  /// The launch's parameters and attributes, as the driver gets them here.
  [[nodiscard]] replayer::KernelParams& params() { return *params_; }
  [[nodiscard]] const std::vector<CUlaunchAttribute>& attributes() const { return attributes_; }

  [[nodiscard]] CUcontext context() const { return context_; }
  [[nodiscard]] CUdevice device() const;
  /// All of the trial runs on it: a stream of its own, which can be captured.
  [[nodiscard]] CUstream stream() const { return stream_; }

  /// Launches the incumbent, or what stands in for it, and does not wait. Throws
  /// replayer::ReplayFailed, replayer::Refusal, driver::DriverError.
  void launch_incumbent();
  /// Names of the kernels that this runs, in order.
  [[nodiscard]] std::vector<std::string> incumbent_kernels() const;
  /// Throws driver::DriverError.
  void wait();
  /// Pages that now are not what the recording has after the launch; nothing if that is not known.
  [[nodiscard]] std::optional<std::size_t> differences_from_recording();

 private:
  void open_driver(const std::function<void()>& before);
  /// Addresses for the Workload, and the plan.
  void place_workload();
  /// The recorded kernel, ready to be launched.
  void find_kernel();

  driver::DriverApi api_{};
  trace::Capture capture_;
  std::unique_ptr<replayer::Plan> plan_;
  replayer::ReplayOptions options_;
  replayer::Progress& progress_;
  WorkloadLaunch* workload_ = nullptr;
  StandIn* stand_in_ = nullptr;
  std::size_t operation_ = 0;  ///< of the launch
  std::optional<replayer::LaunchTable> launches_;
  std::optional<replayer::Machine> machine_;
  std::optional<replayer::Executor> executor_;
  std::optional<replayer::KernelParams> params_;
  std::vector<CUlaunchAttribute> attributes_;
  CUfunction function_ = nullptr;
  CUcontext context_ = nullptr;
  CUstream stream_ = nullptr;
};

}  // namespace fib::judge
