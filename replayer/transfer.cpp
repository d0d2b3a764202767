// SPDX-License-Identifier: Apache-2.0
#include "replayer/transfer.h"

#include <algorithm>
#include <cstring>

#include "driver/check.h"

namespace fib::replayer {

Transfer::~Transfer() {
  for (auto& [context, lane] : lanes_) {
    if (api_.cuCtxSetCurrent(context) != CUDA_SUCCESS) continue;
    for (const CUevent event : lane.sent)
      if (event != nullptr) FIB_DRIVER_CHECK_NOEXCEPT(api_, cuEventDestroy_v2(event));
    if (lane.stream != nullptr) FIB_DRIVER_CHECK_NOEXCEPT(api_, cuStreamDestroy_v2(lane.stream));
    if (lane.staging != nullptr) FIB_DRIVER_CHECK_NOEXCEPT(api_, cuMemFreeHost(lane.staging));
  }
}

Transfer::Lane& Transfer::lane(CUcontext context) {
  contexts_.enter(context);
  Lane& lane = lanes_[context];
  if (lane.context != nullptr) return lane;
  lane.context = context;
  FIB_DRIVER_CHECK(api_, cuStreamCreate(&lane.stream, CU_STREAM_NON_BLOCKING));
  void* staging = nullptr;
  FIB_DRIVER_CHECK(api_, cuMemHostAlloc(&staging, 2 * kHalf, CU_MEMHOSTALLOC_PORTABLE));
  lane.staging = static_cast<std::byte*>(staging);
  for (CUevent& event : lane.sent)
    FIB_DRIVER_CHECK(api_, cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
  return lane;
}

void Transfer::submit(Lane& lane) {
  if (lane.run_bytes == 0) return;
  const std::byte* from =
      lane.staging + static_cast<std::size_t>(lane.half) * kHalf + lane.used - lane.run_bytes;
  FIB_DRIVER_CHECK(api_, cuMemcpyHtoDAsync_v2(lane.run_to, from, lane.run_bytes, lane.stream));
  lane.run_bytes = 0;
}

void Transfer::turn(Lane& lane) {
  submit(lane);
  FIB_DRIVER_CHECK(api_, cuEventRecord(lane.sent[lane.half], lane.stream));
  lane.half ^= 1;
  lane.used = 0;
  FIB_DRIVER_CHECK(api_, cuEventSynchronize(lane.sent[lane.half]));
}

void Transfer::upload(CUdeviceptr to, trace::Bytes content, CUcontext context, bool goes_on) {
  Lane& lane = this->lane(context);
  if (lane.used + content.size() > kHalf) turn(lane);
  if (!goes_on || lane.run_bytes == 0 || to != lane.run_to + lane.run_bytes) {
    submit(lane);
    lane.run_to = to;
  }
  std::memcpy(lane.staging + static_cast<std::size_t>(lane.half) * kHalf + lane.used,
              content.data(), content.size());
  lane.used += content.size();
  lane.run_bytes += content.size();
}

void Transfer::flush() {
  for (auto& [context, lane] : lanes_) {
    contexts_.enter(context);
    submit(lane);
    lane.used = 0;
    FIB_DRIVER_CHECK(api_, cuStreamSynchronize(lane.stream));
  }
}

trace::Bytes Transfer::fetch(CUdeviceptr from, std::size_t bytes, CUcontext context) {
  flush();
  Lane& lane = this->lane(context);
  FIB_DRIVER_CHECK(api_, cuMemcpyDtoHAsync_v2(lane.staging, from, bytes, lane.stream));
  FIB_DRIVER_CHECK(api_, cuStreamSynchronize(lane.stream));
  return {lane.staging, bytes};
}

void Transfer::download(CUdeviceptr from, std::span<std::byte> to, CUcontext context) {
  for (std::size_t done = 0; done < to.size();) {
    const std::size_t piece = std::min(kMostFetched, to.size() - done);
    std::ranges::copy(fetch(from + done, piece, context),
                      to.begin() + static_cast<std::ptrdiff_t>(done));
    done += piece;
  }
}

}  // namespace fib::replayer
