// SPDX-License-Identifier: Apache-2.0
#include "recorder/launch_log.h"

#include <cstring>

#include "recorder/clock.h"
#include "recorder/params.h"

namespace fib::recorder {
namespace {

using trace::LaunchRecord;
using trace::RecordHeader;

/// The driver accepts a handful; more means garbage, and the record would not fit.
constexpr unsigned int kMaxAttributes = 64;

}  // namespace

void LaunchLog::launch(const LaunchCall& call, CUresult result, std::uint64_t begin) noexcept {
  const std::uint32_t duration = elapsed(begin);
  // A rejected launch may carry a handle that means nothing.
  const KernelInfo* kernel =
      result == CUDA_SUCCESS ? kernels_.find(call.function) : kernels_.known(call.function);
  if (kernel != nullptr && kernel->filtered && !session_.complete()) return;
  const bool has_params =
      kernel != nullptr && kernel->layout_known && !call.legacy && result == CUDA_SUCCESS;
  const std::uint32_t param_bytes = has_params ? kernel->param_bytes : 0;
  const unsigned int attributes =
      result == CUDA_SUCCESS && call.attribute_count <= kMaxAttributes ? call.attribute_count : 0;
  const std::size_t size = sizeof(RecordHeader) + sizeof(LaunchRecord) +
                           trace::padded(param_bytes) + attributes * sizeof(CUlaunchAttribute);
  std::byte* room = session_.reserve(size, true);
  if (room == nullptr) return;

  const CUstream stream =
      call.per_thread_stream && call.stream == nullptr ? CU_STREAM_PER_THREAD : call.stream;
  LaunchRecord record{};
  record.kernel = kernel != nullptr ? kernel->id : 0;
  record.duration = duration;
  for (int i = 0; i < 3; ++i) {
    record.grid[i] = call.grid[i];
    record.block[i] = call.block[i];
  }
  record.shared_bytes = call.shared_bytes;
  record.result = static_cast<std::int32_t>(result);
  record.stream = reinterpret_cast<std::uintptr_t>(stream);
  record.context = current_context(api_);
  record.capture = captures_.id_of(stream);
  record.param_bytes = param_bytes;
  record.attribute_count = static_cast<std::uint16_t>(attributes);
  record.api = static_cast<std::uint16_t>(call.api);
  const int flags = (record.capture != 0 ? trace::kLaunchCaptured : 0) |
                    (call.extra != nullptr ? trace::kLaunchExtra : 0) |
                    (has_params ? 0 : trace::kLaunchParamsUnknown) |
                    (call.per_thread_stream ? trace::kLaunchPerThreadStream : 0);
  const RecordHeader header{static_cast<std::uint16_t>(trace::RecordType::Launch),
                            static_cast<std::uint16_t>(flags), static_cast<std::uint32_t>(size),
                            begin};
  std::memcpy(room, &header, sizeof header);
  std::memcpy(room + sizeof header, &record, sizeof record);
  std::byte* tail = room + sizeof header + sizeof record;
  if (param_bytes > 0) copy_params(tail, *kernel, call.params, call.extra);
  copy_attributes(tail + trace::padded(param_bytes), call.attributes, attributes);
  session_.commit(size, true);
}

void LaunchLog::graph_launch(driver::Api entry_point, CUgraphExec exec, CUstream stream,
                             CUresult result, std::uint64_t begin) noexcept {
  const std::uint32_t duration = elapsed(begin);
  constexpr std::size_t kSize = sizeof(RecordHeader) + sizeof(trace::GraphLaunchRecord);
  std::byte* room = session_.reserve(kSize, false);
  if (room == nullptr) return;
  const std::uint64_t capture = captures_.id_of(stream);
  const RecordHeader header{static_cast<std::uint16_t>(trace::RecordType::GraphLaunch),
                            capture != 0 ? trace::kLaunchCaptured : std::uint16_t{0}, kSize, begin};
  trace::GraphLaunchRecord record{};
  record.exec = graphs_.id_of(exec);
  record.duration = duration;
  record.exec_handle = reinterpret_cast<std::uintptr_t>(exec);
  record.stream = reinterpret_cast<std::uintptr_t>(stream);
  record.context = current_context(api_);
  record.result = static_cast<std::int32_t>(result);
  record.api = static_cast<std::uint16_t>(entry_point);
  std::memcpy(room, &header, sizeof header);
  std::memcpy(room + sizeof header, &record, sizeof record);
  session_.commit(kSize, false);
}

}  // namespace fib::recorder
