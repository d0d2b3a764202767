// SPDX-License-Identifier: Apache-2.0
//
// As much of CUPTI as libfibaudit.so uses. "Kernels" are reported through fake_cupti_kernel(); like
// the real one it hands records over in buffers of the tool, late.
#include <cupti.h>

#include <cstring>
#include <string>
#include <vector>

#define FAKE extern "C" __attribute__((visibility("default")))

namespace {

CUpti_BuffersCallbackRequestFunc request = nullptr;
CUpti_BuffersCallbackCompleteFunc complete = nullptr;
bool enabled = false;
std::vector<std::string> pending;
std::vector<std::string> delivered;  // names must live as long as their records

}  // namespace

FAKE void fake_cupti_kernel(const char* name) {
  if (enabled) pending.push_back(name);
}

FAKE CUptiResult cuptiActivityRegisterCallbacks(CUpti_BuffersCallbackRequestFunc requested,
                                                CUpti_BuffersCallbackCompleteFunc completed) {
  request = requested;
  complete = completed;
  return CUPTI_SUCCESS;
}

FAKE CUptiResult cuptiActivityEnable(CUpti_ActivityKind kind) {
  if (kind != CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) return CUPTI_ERROR_INVALID_KIND;
  enabled = true;
  return CUPTI_SUCCESS;
}

// The replayer's; an audit never calls them.
FAKE CUptiResult cuptiActivityDisable(CUpti_ActivityKind) { return CUPTI_SUCCESS; }
FAKE CUptiResult cuptiActivityPushExternalCorrelationId(CUpti_ExternalCorrelationKind, uint64_t) {
  return CUPTI_SUCCESS;
}
FAKE CUptiResult cuptiActivityPopExternalCorrelationId(CUpti_ExternalCorrelationKind, uint64_t*) {
  return CUPTI_SUCCESS;
}

FAKE CUptiResult cuptiActivityFlushAll(uint32_t) {
  if (pending.empty()) return CUPTI_SUCCESS;
  delivered = std::move(pending);
  pending.clear();
  uint8_t* buffer = nullptr;
  size_t size = 0, limit = 0;
  request(&buffer, &size, &limit);
  size_t used = 0;
  for (const std::string& name : delivered) {
    CUpti_ActivityKernel10 record;
    std::memset(&record, 0, sizeof record);
    record.kind = CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL;
    record.name = name.c_str();
    std::memcpy(buffer + used, &record, sizeof record);
    used += sizeof record;
  }
  complete(nullptr, 0, buffer, size, used);
  return CUPTI_SUCCESS;
}

FAKE CUptiResult cuptiActivityGetNextRecord(uint8_t* buffer, size_t valid,
                                            CUpti_Activity** record) {
  uint8_t* next = *record == nullptr
                      ? buffer
                      : reinterpret_cast<uint8_t*>(*record) + sizeof(CUpti_ActivityKernel10);
  if (next >= buffer + valid) return CUPTI_ERROR_MAX_LIMIT_REACHED;
  *record = reinterpret_cast<CUpti_Activity*>(next);
  return CUPTI_SUCCESS;
}

FAKE CUptiResult cuptiActivityGetNumDroppedRecords(CUcontext, uint32_t, size_t* dropped) {
  *dropped = 0;
  return CUPTI_SUCCESS;
}

FAKE CUptiResult cuptiGetResultString(CUptiResult, const char** text) {
  *text = "FAKE_ERROR";
  return CUPTI_SUCCESS;
}

FAKE CUptiResult cuptiGetVersion(uint32_t* version) {
  *version = CUPTI_API_VERSION;
  return CUPTI_SUCCESS;
}
