// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>

#include "driver/driver_api.h"
#include "replayer/contexts.h"
#include "trace/records.h"

namespace fib::replayer {

/// Moves contents between this process and GPU memory, through pinned buffers and on streams of its
/// own. Nothing else may be running on the memory meanwhile. Throws driver::DriverError.
class Transfer {
 public:
  Transfer(const driver::DriverApi& api, Contexts& contexts) : api_(api), contexts_(contexts) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Copies `content` away at once; it arrives by the next flush(). Fast for addresses in order, if
  /// what lies before `to` is of the same allocation (`goes_on`).
  void upload(CUdeviceptr to, trace::Bytes content, CUcontext context, bool goes_on);
  void flush();
  /// Reads at most kMostFetched bytes; valid until the next call of anything here.
  [[nodiscard]] trace::Bytes fetch(CUdeviceptr from, std::size_t bytes, CUcontext context);
  static constexpr std::size_t kMostFetched = std::size_t{8} << 20;
  void download(CUdeviceptr from, std::span<std::byte> to, CUcontext context);

 private:
  static constexpr std::size_t kHalf = kMostFetched;

  /// Two halves: one is filled while the other one is on its way.
  struct Lane {
    CUcontext context = nullptr;
    CUstream stream = nullptr;
    std::byte* staging = nullptr;
    CUevent sent[2] = {};
    int half = 0;
    std::size_t used = 0;    ///< of the half
    CUdeviceptr run_to = 0;  ///< where the copy that is being gathered goes
    std::size_t run_bytes = 0;
  };
  Lane& lane(CUcontext context);
  void submit(Lane& lane);
  void turn(Lane& lane);

  const driver::DriverApi& api_;
  Contexts& contexts_;
  std::map<CUcontext, Lane> lanes_;
};

}  // namespace fib::replayer
