// SPDX-License-Identifier: Apache-2.0
#include "recorder/captures.h"

#include "recorder/rt_log.h"

namespace fib::recorder {

void Captures::begun(CUstream stream) noexcept try {
  const std::lock_guard lock(mutex_);
  streams_.insert(stream);
  active_.store(streams_.size(), std::memory_order_relaxed);
} catch (...) {
  say("out of memory: launches into a stream capture may be recorded as executed");
}

void Captures::maybe_ended(CUstream stream) noexcept {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  const CUresult rc = api_.cuStreamIsCapturing(stream, &status);
  if (rc == CUDA_SUCCESS && status != CU_STREAM_CAPTURE_STATUS_NONE) return;
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
  active_.store(streams_.size(), std::memory_order_relaxed);
}

void Captures::gone(CUstream stream) noexcept {
  if (!any()) return;
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
  active_.store(streams_.size(), std::memory_order_relaxed);
}

std::uint64_t Captures::ask(CUstream stream) const noexcept {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  cuuint64_t id = 0;
  const CUresult rc =
      api_.cuStreamGetCaptureInfo_v2 != nullptr
          ? api_.cuStreamGetCaptureInfo_v2(stream, &status, &id, nullptr, nullptr, nullptr)
          : api_.cuStreamIsCapturing(stream, &status);
  if (rc != CUDA_SUCCESS || status != CU_STREAM_CAPTURE_STATUS_ACTIVE) return 0;
  return id != 0 ? id : 1;
}

}  // namespace fib::recorder
