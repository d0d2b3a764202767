// SPDX-License-Identifier: Apache-2.0
#include "audit/kernel_counter.h"

#include <cstddef>

namespace fib::audit {
namespace {

// Every version of the kernel record since CUDA 9 keeps its name here, so a CUPTI newer than our
// header, which writes a longer record, is read correctly.
static_assert(offsetof(CUpti_ActivityKernel10, name) == 104);

bool is_kernel(const CUpti_Activity& record) {
  return record.kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL ||
         record.kind == CUPTI_ACTIVITY_KIND_KERNEL;
}

}  // namespace

void KernelCounter::add(const char* name) {
  const std::string_view key = name != nullptr ? name : "(unnamed)";
  const auto found = counts_.kernels.find(key);
  if (found != counts_.kernels.end()) {
    ++found->second;
  } else {
    counts_.kernels.emplace(key, 1);
  }
}

void KernelCounter::count(const driver::CuptiApi& api, CUcontext context, std::uint32_t stream,
                          std::uint8_t* buffer, std::size_t valid_bytes) {
  const std::lock_guard lock(mutex_);
  CUpti_Activity* record = nullptr;
  while (valid_bytes > 0 &&
         api.cuptiActivityGetNextRecord(buffer, valid_bytes, &record) == CUPTI_SUCCESS) {
    if (is_kernel(*record)) add(reinterpret_cast<const CUpti_ActivityKernel10*>(record)->name);
  }
  std::size_t dropped = 0;
  if (api.cuptiActivityGetNumDroppedRecords(context, stream, &dropped) == CUPTI_SUCCESS) {
    counts_.dropped += dropped;
  }
}

Counts KernelCounter::snapshot() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace fib::audit
