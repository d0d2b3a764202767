// SPDX-License-Identifier: Apache-2.0
#include "replayer/gpu_times.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

#include "driver/cupti_api.h"

namespace fib::replayer {
namespace {

constexpr std::size_t kBufferBytes = 4u << 20;

// As in every version of the record since CUDA 9, so that a newer CUPTI is read correctly.
static_assert(offsetof(CUpti_ActivityKernel10, name) == 104);

struct Collector {
  driver::CuptiApi api;
  std::mutex mutex;
  std::map<std::uint32_t, LaunchTimes>
      launches;  ///< by correlation id, which grows with every call
};

// Never freed: CUPTI's thread may deliver a buffer until the process is gone.
Collector* collector = nullptr;

void CUPTIAPI buffer_requested(std::uint8_t** buffer, std::size_t* bytes,
                               std::size_t* max_records) {
  *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(8, kBufferBytes));
  *bytes = *buffer != nullptr ? kBufferBytes : 0;
  *max_records = 0;  // as many as fit
}

void add(const CUpti_Activity& record) {
  if (record.kind != CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) return;
  const auto& kernel = reinterpret_cast<const CUpti_ActivityKernel10&>(record);
  collector->launches[kernel.correlationId].push_back(
      {kernel.name != nullptr ? kernel.name : "", kernel.start, kernel.end});
}

void CUPTIAPI buffer_completed(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t,
                               std::size_t valid_bytes) {
  const std::lock_guard lock(collector->mutex);
  CUpti_Activity* record = nullptr;
  while (valid_bytes > 0 &&
         collector->api.cuptiActivityGetNextRecord(buffer, valid_bytes, &record) == CUPTI_SUCCESS)
    add(*record);
  std::free(buffer);
}

}  // namespace

bool start_gpu_times(std::string& problem) {
  if (collector != nullptr) return true;
  auto made = std::make_unique<Collector>();
  if (!driver::load_cupti(made->api, problem)) return false;
  collector = made.get();
  CUptiResult rc =
      collector->api.cuptiActivityRegisterCallbacks(buffer_requested, buffer_completed);
  // Without GRAPH_TRACE every kernel node has a record of its own.
  if (rc == CUPTI_SUCCESS)
    rc = collector->api.cuptiActivityEnable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  if (rc == CUPTI_SUCCESS) {
    (void)made.release();
    return true;
  }
  problem = std::string("CUPTI: ") + driver::result_name(collector->api, rc);
  collector = nullptr;
  return false;
}

std::vector<LaunchTimes> collect_gpu_times() {
  std::vector<LaunchTimes> result;
  if (collector == nullptr) return result;
  collector->api.cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  const std::lock_guard lock(collector->mutex);
  for (auto& [id, launch] : collector->launches) {
    std::stable_sort(launch.begin(), launch.end(),
                     [](const auto& a, const auto& b) { return a.start_ns < b.start_ns; });
    result.push_back(std::move(launch));
  }
  collector->launches.clear();
  return result;
}

}  // namespace fib::replayer
