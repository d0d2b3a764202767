// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "driver/driver_api.h"
#include "trace/records.h"

namespace fib::pages {

/// Hashes pages of GPU memory on the GPU that holds them: XXH3-128 of trace::kPageBytes bytes each,
/// the same that trace::content_hash computes on the CPU. One object per context. Allocates pinned
/// host memory and a stream of its own, no device memory. Not thread-safe; never throws.
///
/// Legality: loads a module, allocates and synchronises its own stream, so no stream of the process
/// may be capturing (or the calling thread's capture mode must be relaxed).
class GpuHasher {
 public:
  explicit GpuHasher(const driver::DriverApi& api) noexcept : api_(api) {}
  ~GpuHasher();  ///< its context must be alive and is made current for the time being
  GpuHasher(const GpuHasher&) = delete;
  GpuHasher& operator=(const GpuHasher&) = delete;

  /// Once, with the context current in which hash() will run. Ends with a test of the GPU against
  /// the CPU: CUDA_ERROR_INVALID_IMAGE if they disagree, and whatever the driver says otherwise.
  [[nodiscard]] CUresult load() noexcept;

  /// Hashes the kPageBytes bytes at each of `pages` (8-byte aligned; CUDA_ERROR_INVALID_VALUE if
  /// not) into `hashes`, as many and in the same order, and waits. Reads only. The context must be
  /// current, and load() must have succeeded.
  [[nodiscard]] CUresult hash(std::span<const CUdeviceptr> pages,
                              std::span<trace::Hash> hashes) noexcept;

 private:
  struct Tables;
  CUresult create() noexcept;
  CUresult self_test() noexcept;
  CUresult hash_some(std::span<const CUdeviceptr> pages, std::span<trace::Hash> hashes) noexcept;
  void release() noexcept;

  const driver::DriverApi& api_;
  CUcontext context_ = nullptr;
  CUmodule module_ = nullptr;
  CUfunction kernel_ = nullptr;
  CUstream stream_ = nullptr;
  Tables* tables_ = nullptr;       ///< pinned: addresses in, hashes out
  CUdeviceptr device_tables_ = 0;  ///< the same, as the GPU knows them
  unsigned most_blocks_ = 0;       ///< that run at the same time
};

}  // namespace fib::pages
