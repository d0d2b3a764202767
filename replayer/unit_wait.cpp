// SPDX-License-Identifier: Apache-2.0
#include "replayer/unit_wait.h"

#include <chrono>
#include <thread>

#include "driver/check.h"
#include "replayer/window_run.h"

namespace fib::replayer {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr double kPatience = 1.0;  ///< seconds until a launch counts as waiting for another one
constexpr double kSpin = 0.0005;   ///< seconds of asking without a pause

}  // namespace

UnitWait::~UnitWait() {
  for (const Running& running : running_) (void)machine_.api.cuEventDestroy_v2(running.done);
}

void UnitWait::failed(const Running& running, CUresult rc) {
  const std::span<LaunchResult> launches = launches_.of(running.operation);
  std::string text = "the GPU reports " + result_name(machine_.api, rc);
  if (!launches.empty())
    text += " at launch " + std::to_string(launches.front().number) + ", " +
            launches_.kernel_name(launches.front());
  announce(machine_, launches_, launches);
  throw ReplayFailed(text);
}

bool UnitWait::over(const Running& running) {
  const CUresult rc = machine_.api.cuEventQuery(running.done);
  if (rc == CUDA_ERROR_NOT_READY) return false;
  if (rc != CUDA_SUCCESS) failed(running, rc);
  return true;
}

bool UnitWait::wait(double seconds) {
  const auto start = SteadyClock::now();
  while (!running_.empty()) {
    if (over(running_.front())) {
      FIB_DRIVER_CHECK(machine_.api, cuEventDestroy_v2(running_.front().done));
      running_.erase(running_.begin());
      continue;
    }
    const double waited = std::chrono::duration<double>(SteadyClock::now() - start).count();
    if (waited > seconds) return false;
    if (waited > kSpin) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}

bool UnitWait::add(std::size_t operation) {
  if (whole_) group_.clear();
  group_.push_back(operation);
  const CUstream stream = executor_.stream_of(machine_.plan.operations[operation]);
  Running running{operation, nullptr, nullptr};
  FIB_DRIVER_CHECK(machine_.api, cuEventCreate(&running.done, CU_EVENT_DISABLE_TIMING));
  FIB_DRIVER_CHECK(machine_.api, cuEventRecord(running.done, stream));
  running_.push_back(running);
  whole_ = wait(kPatience);
  return whole_;
}

void UnitWait::finish() {
  while (!running_.empty()) {
    announce(machine_, launches_, launches_.of(running_.front().operation));
    // No beats meanwhile: the watcher ends what waits in vain.
    while (!over(running_.front())) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    FIB_DRIVER_CHECK(machine_.api, cuEventDestroy_v2(running_.front().done));
    running_.erase(running_.begin());
  }
  whole_ = true;
}

}  // namespace fib::replayer
