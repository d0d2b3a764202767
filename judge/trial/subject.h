// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "judge/trial_request.h"
#include "replayer/kernel_params.h"
#include "replayer/launch_table.h"
#include "replayer/machine.h"
#include "replayer/operations/executor.h"
#include "trace/capture.h"

namespace fib::judge {

/// The recorded launch of a case, brought back in this process: the incumbent with its memory.
class Subject {
 public:
  /// Reads the case. Throws trace::CaptureError; replayer::Refusal, also if it is not one launch.
  Subject(const TrialRequest& request, replayer::Progress& progress);

  /// Takes addresses, opens the driver (`before` runs just before that) and brings memory back.
  /// Throws as replayer::Machine::open().
  void open(const std::function<void()>& before);

  [[nodiscard]] const driver::DriverApi& api() const { return api_; }
  [[nodiscard]] replayer::Machine& machine() { return *machine_; }
  [[nodiscard]] const trace::Capture& capture() const { return capture_; }
  [[nodiscard]] const replayer::LaunchPlan& launch() const;
  [[nodiscard]] const replayer::KernelPlan& kernel_plan() const;
  [[nodiscard]] CUfunction function() const { return function_; }
  [[nodiscard]] CUcontext context() const { return context_; }
  [[nodiscard]] CUdevice device() const;
  /// All of the trial runs on it: a stream of its own, which can be captured.
  [[nodiscard]] CUstream stream() const { return stream_; }
  /// The launch's parameters and attributes, as the driver gets them here.
  [[nodiscard]] replayer::KernelParams& params() { return *params_; }
  [[nodiscard]] const std::vector<CUlaunchAttribute>& attributes() const { return attributes_; }

  /// Launches the incumbent and does not wait. Throws replayer::ReplayFailed, replayer::Refusal.
  void launch_incumbent();
  /// Throws driver::DriverError.
  void wait();
  /// Pages that now are not what the recording has after the launch; nothing if that is not known.
  [[nodiscard]] std::optional<std::size_t> differences_from_recording();

 private:
  driver::DriverApi api_{};
  trace::Capture capture_;
  std::unique_ptr<replayer::Plan> plan_;
  replayer::ReplayOptions options_;
  replayer::Progress& progress_;
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
