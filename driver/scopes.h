// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/driver_api.h"

namespace fib::driver {

/// While it lives the calling thread may make driver calls that are forbidden while another thread
/// captures a stream in global mode (research: only the capturing stream itself stays off limits).
class RelaxedCapture {
 public:
  explicit RelaxedCapture(const DriverApi& api) noexcept : api_(api) {
    if (api_.cuThreadExchangeStreamCaptureMode != nullptr)
      done_ = api_.cuThreadExchangeStreamCaptureMode(&mode_) == CUDA_SUCCESS;
  }
  ~RelaxedCapture() {
    if (done_) (void)api_.cuThreadExchangeStreamCaptureMode(&mode_);
  }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  const DriverApi& api_;
  CUstreamCaptureMode mode_ = CU_STREAM_CAPTURE_MODE_RELAXED;
  bool done_ = false;
};

/// Makes a context current for as long as it lives.
class CurrentContext {
 public:
  CurrentContext(const DriverApi& api, CUcontext context) noexcept
      : api_(api), result_(api.cuCtxPushCurrent_v2(context)) {}
  ~CurrentContext() {
    CUcontext popped = nullptr;
    if (result_ == CUDA_SUCCESS) (void)api_.cuCtxPopCurrent_v2(&popped);
  }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;
  [[nodiscard]] CUresult result() const noexcept { return result_; }

 private:
  const DriverApi& api_;
  CUresult result_;
};

}  // namespace fib::driver
