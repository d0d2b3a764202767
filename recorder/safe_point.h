// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recorder/live.h"

namespace fib::recorder {

/// While it lives the calling thread may make driver calls that are forbidden while another thread
/// captures a stream in global mode (research: only the capturing stream itself stays off limits).
class RelaxedCapture {
 public:
  explicit RelaxedCapture(const driver::DriverApi& api) noexcept : api_(api) {
    if (api_.cuThreadExchangeStreamCaptureMode != nullptr)
      done_ = api_.cuThreadExchangeStreamCaptureMode(&mode_) == CUDA_SUCCESS;
  }
  ~RelaxedCapture() {
    if (done_) (void)api_.cuThreadExchangeStreamCaptureMode(&mode_);
  }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  const driver::DriverApi& api_;
  CUstreamCaptureMode mode_ = CU_STREAM_CAPTURE_MODE_RELAXED;
  bool done_ = false;
};

/// Makes a context current for as long as it lives.
class CurrentContext {
 public:
  CurrentContext(const driver::DriverApi& api, CUcontext context) noexcept
      : api_(api), result_(api.cuCtxPushCurrent_v2(context)) {}
  ~CurrentContext() {
    CUcontext popped = nullptr;
    if (result_ == CUDA_SUCCESS) (void)api_.cuCtxPopCurrent_v2(&popped);
  }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;
  [[nodiscard]] CUresult result() const noexcept { return result_; }

 private:
  const driver::DriverApi& api_;
  CUresult result_;
};

enum class Drained {
  Idle,      ///< all GPUs have done all that they were given
  TimedOut,  ///< something still runs; perhaps it waits for the host
  Failed,    ///< the driver reports an error; see Drain::error
};

struct Drain {
  Drained outcome = Drained::Idle;
  CUresult error = CUDA_SUCCESS;
};

/// Waits until all streams of all live contexts are idle, but not longer than `limit_ns`: a kernel
/// may be waiting for the very threads that the gate holds. For a closed gate, and while no stream
/// is capturing. Never throws.
[[nodiscard]] Drain drain(const driver::DriverApi& api, const Live& live,
                          std::uint64_t limit_ns) noexcept;

/// "CUDA_ERROR_..." or a number.
[[nodiscard]] const char* error_name(const driver::DriverApi& api, CUresult error) noexcept;

}  // namespace fib::recorder
