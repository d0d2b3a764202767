// SPDX-License-Identifier: Apache-2.0
#include "recorder/context_tools.h"

#include "recorder/rt_log.h"

namespace fib::recorder {

ContextTools::~ContextTools() {
  for (const Staging& staging : stagings_) {
    if (staging.stream != nullptr) (void)api_.cuStreamDestroy_v2(staging.stream);
    if (staging.memory != nullptr) (void)api_.cuMemFreeHost(staging.memory);
  }
}

CUresult ContextTools::prepare() noexcept {
  for (Staging& staging : stagings_) {
    void* memory = nullptr;
    if (const CUresult rc = api_.cuMemHostAlloc(&memory, kStagingBytes, 0); rc != CUDA_SUCCESS)
      return rc;
    staging.memory = static_cast<std::byte*>(memory);
    if (const CUresult rc = api_.cuStreamCreate(&staging.stream, CU_STREAM_NON_BLOCKING);
        rc != CUDA_SUCCESS)
      return rc;
  }
  const CUresult rc = hasher_.load();
  can_hash_ = rc == CUDA_SUCCESS;
  if (!can_hash_) {
    const char* name = nullptr;
    (void)api_.cuGetErrorName(rc, &name);
    say("the GPU can't hash memory (%s): windows copy all of it instead, which takes longer",
        name != nullptr ? name : "unknown error");
  }
  return CUDA_SUCCESS;
}

CUresult ContextTools::issue(Staging& staging, std::span<const Piece> pieces, std::size_t first) {
  staging.batch.first = first;
  std::size_t used = 0, i = first;
  while (i < pieces.size() && used + pieces[i].bytes <= kStagingBytes) {
    const std::size_t start = used;
    const CUdeviceptr from = pieces[i].address;
    CUdeviceptr end = from;
    // Neighbours, as long as they may lie back to back.
    const std::uint32_t region = pieces[i].region;
    for (; i < pieces.size() && pieces[i].address == end && pieces[i].region == region &&
           used == start + (end - from) && used + pieces[i].bytes <= kStagingBytes;
         ++i) {
      staging.batch.contents.push_back(staging.memory + used);
      end += pieces[i].bytes;
      used += trace::padded(pieces[i].bytes);
    }
    const CUresult rc =
        api_.cuMemcpyDtoHAsync_v2(staging.memory + start, from, end - from, staging.stream);
    if (rc != CUDA_SUCCESS) return rc;
  }
  return CUDA_SUCCESS;
}

CUresult ContextTools::copy_out(std::span<const Piece> pieces, const Consume& consume) {
  CUresult rc = CUDA_SUCCESS;
  std::size_t next = 0;
  std::size_t idle = 0;  // stagings in a row that had nothing to do
  for (std::size_t turn = 0; idle <= stagings_.size(); ++turn) {
    Staging& staging = stagings_[turn % stagings_.size()];
    ++idle;
    if (!staging.batch.contents.empty()) {
      const CUresult waited = api_.cuStreamSynchronize(staging.stream);
      if (rc == CUDA_SUCCESS) rc = waited;
      if (rc == CUDA_SUCCESS) consume(staging.batch);
      staging.batch.contents.clear();
      idle = 0;
    }
    if (rc == CUDA_SUCCESS && next < pieces.size()) {
      rc = issue(staging, pieces, next);
      next += staging.batch.contents.size();
      idle = 0;
    }
  }
  return rc;
}

}  // namespace fib::recorder
