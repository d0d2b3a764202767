// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/copy.h"

#include <cstring>

#include "tests/sim_driver/counter.h"
#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/memory.h"

namespace fib::sim {
namespace {

/// One end of a copy: its first byte, and how far rows and slices are apart.
struct Side {
  CUmemorytype type;
  uintptr_t first;
  size_t pitch, slice;
};

Side make_side(CUmemorytype type, const void* host, CUdeviceptr device, size_t x, size_t y,
               size_t z, size_t pitch, size_t height) {
  require(type != CU_MEMORYTYPE_ARRAY, CUDA_ERROR_NOT_SUPPORTED);
  const uintptr_t base = type == CU_MEMORYTYPE_HOST ? reinterpret_cast<uintptr_t>(host) : device;
  return {type, base + z * pitch * height + y * pitch + x, pitch, pitch * height};
}

Side source(const CUDA_MEMCPY3D& c) {
  return make_side(c.srcMemoryType, c.srcHost, c.srcDevice, c.srcXInBytes, c.srcY, c.srcZ,
                   c.srcPitch, c.srcHeight);
}

Side destination(const CUDA_MEMCPY3D& c) {
  return make_side(c.dstMemoryType, c.dstHost, c.dstDevice, c.dstXInBytes, c.dstY, c.dstZ,
                   c.dstPitch, c.dstHeight);
}

bool is_empty(const CUDA_MEMCPY3D& c) {
  return c.WidthInBytes == 0 || c.Height == 0 || c.Depth == 0;
}

/// Bytes from the first to the last one touched.
size_t extent(const CUDA_MEMCPY3D& c, const Side& side) {
  return (c.Depth - 1) * side.slice + (c.Height - 1) * side.pitch + c.WidthInBytes;
}

void check_side(Driver& driver, const Side& side, size_t bytes, int device, bool write) {
  if (side.type == CU_MEMORYTYPE_HOST) return require(side.first != 0);
  // A unified address that nobody allocated is pageable host memory.
  const bool unknown = !driver.memory.find(side.first) && !driver.memory.dangling(side.first);
  if (side.type == CU_MEMORYTYPE_UNIFIED && unknown) return require(side.first != 0);
  require(driver.memory.accessible(side.first, bytes, device, write));
}

bool is_pageable(Driver& driver, const Side& side) {
  return side.type != CU_MEMORYTYPE_DEVICE && !driver.memory.find(side.first);
}

std::shared_ptr<const Bytes> stage(const Side& from, size_t bytes) {
  const auto* first = reinterpret_cast<const std::byte*>(from.first);
  return std::make_shared<const Bytes>(first, first + bytes);
}

CUDA_MEMCPY3D linear(CUmemorytype to_type, uintptr_t to, CUmemorytype from_type, uintptr_t from,
                     size_t bytes) {
  CUDA_MEMCPY3D what{};
  what.dstMemoryType = to_type;
  what.srcMemoryType = from_type;
  if (to_type == CU_MEMORYTYPE_HOST)
    what.dstHost = reinterpret_cast<void*>(to);
  else
    what.dstDevice = to;
  if (from_type == CU_MEMORYTYPE_HOST)
    what.srcHost = reinterpret_cast<const void*>(from);
  else
    what.srcDevice = from;
  what.srcPitch = what.dstPitch = what.WidthInBytes = bytes;
  what.srcHeight = what.dstHeight = what.Height = what.Depth = 1;
  return what;
}

CUDA_MEMCPY3D three_dimensional(const CUDA_MEMCPY2D& p) {
  CUDA_MEMCPY3D what{};
  what.srcXInBytes = p.srcXInBytes;
  what.srcY = p.srcY;
  what.srcMemoryType = p.srcMemoryType;
  what.srcHost = p.srcHost;
  what.srcDevice = p.srcDevice;
  what.srcArray = p.srcArray;
  what.srcPitch = p.srcPitch ? p.srcPitch : p.WidthInBytes;
  what.dstXInBytes = p.dstXInBytes;
  what.dstY = p.dstY;
  what.dstMemoryType = p.dstMemoryType;
  what.dstHost = p.dstHost;
  what.dstDevice = p.dstDevice;
  what.dstArray = p.dstArray;
  what.dstPitch = p.dstPitch ? p.dstPitch : p.WidthInBytes;
  what.WidthInBytes = p.WidthInBytes;
  what.Height = p.Height;
  what.srcHeight = what.dstHeight = p.Height;
  what.Depth = 1;
  return what;
}

/// Host memory is read and written as if by the driver's staging: a pageable source may be reused,
/// and a pageable destination is complete, when the call returns.
void copy_async(Call& c, CUstream on, const CUDA_MEMCPY3D& what) {
  const StreamPtr stream = c.stream(on);
  if (is_empty(what)) return;
  check_copy(c, what, stream->device);
  Copy copy{what, nullptr};
  const Side from = source(what);
  if (!stream->capture && is_pageable(c.driver, from))
    copy.staged = stage(from, extent(what, from));
  const bool wait = is_pageable(c.driver, destination(what));
  const CompletionPtr done = issue(c, stream, std::move(copy));
  if (wait && done) wait_for(c, {done});
}

void copy_sync(Call& c, const CUDA_MEMCPY3D& what) {
  c.context();
  const StreamPtr stream = c.stream(nullptr);
  if (is_empty(what)) return;
  check_copy(c, what, stream->device);
  guard_legacy(c, *stream);
  guard_not_capturing(*stream);
  wait_for(c, {issue(c, stream, Copy{what, nullptr})});
}

uintptr_t word(const void* p) { return reinterpret_cast<uintptr_t>(p); }

constexpr auto kHost = CU_MEMORYTYPE_HOST;
constexpr auto kDevice = CU_MEMORYTYPE_DEVICE;
constexpr auto kUnified = CU_MEMORYTYPE_UNIFIED;

}  // namespace

void run_copy(const Copy& copy) {
  const CUDA_MEMCPY3D& what = copy.what;
  const Side to = destination(what);
  Side from = source(what);
  if (copy.staged) from.first = word(copy.staged->data());
  if (to.type == CU_MEMORYTYPE_HOST) count_to_host(what.WidthInBytes * what.Height * what.Depth);
  for (size_t z = 0; z < what.Depth; ++z)
    for (size_t y = 0; y < what.Height; ++y)
      std::memmove(reinterpret_cast<void*>(to.first + z * to.slice + y * to.pitch),
                   reinterpret_cast<const void*>(from.first + z * from.slice + y * from.pitch),
                   what.WidthInBytes);
}

void check_copy(Call& c, const CUDA_MEMCPY3D& what, int device) {
  const Side from = source(what), to = destination(what);
  if (is_empty(what)) return;
  require(what.Height == 1 || (from.pitch >= what.WidthInBytes && to.pitch >= what.WidthInBytes));
  check_side(c.driver, from, extent(what, from), device, false);
  check_side(c.driver, to, extent(what, to), device, true);
}

SIM_API_TWIN(cuMemcpyHtoD_v2, _ptds, (CUdeviceptr to, const void* from, size_t n),
             copy_sync(c, linear(kDevice, to, kHost, word(from), n)))
SIM_API_TWIN(cuMemcpyDtoH_v2, _ptds, (void* to, CUdeviceptr from, size_t n),
             copy_sync(c, linear(kHost, word(to), kDevice, from, n)))
SIM_API_TWIN(cuMemcpyDtoD_v2, _ptds, (CUdeviceptr to, CUdeviceptr from, size_t n),
             copy_sync(c, linear(kDevice, to, kDevice, from, n)))
SIM_API_TWIN(cuMemcpy, _ptds, (CUdeviceptr to, CUdeviceptr from, size_t n),
             copy_sync(c, linear(kUnified, to, kUnified, from, n)))
SIM_API_TWIN(cuMemcpyPeer, _ptds,
             (CUdeviceptr to, CUcontext, CUdeviceptr from, CUcontext, size_t n),
             copy_sync(c, linear(kDevice, to, kDevice, from, n)))
SIM_API_TWIN(cuMemcpy2D_v2, _ptds, (const CUDA_MEMCPY2D* p), require(p != nullptr);
             copy_sync(c, three_dimensional(*p)))
SIM_API_TWIN(cuMemcpy2DUnaligned_v2, _ptds, (const CUDA_MEMCPY2D* p), require(p != nullptr);
             copy_sync(c, three_dimensional(*p)))
SIM_API_TWIN(cuMemcpy3D_v2, _ptds, (const CUDA_MEMCPY3D* p), require(p != nullptr);
             copy_sync(c, *p))

SIM_API_TWIN(cuMemcpyHtoDAsync_v2, _ptsz,
             (CUdeviceptr to, const void* from, size_t n, CUstream stream),
             copy_async(c, stream, linear(kDevice, to, kHost, word(from), n)))
SIM_API_TWIN(cuMemcpyDtoHAsync_v2, _ptsz, (void* to, CUdeviceptr from, size_t n, CUstream stream),
             copy_async(c, stream, linear(kHost, word(to), kDevice, from, n)))
SIM_API_TWIN(cuMemcpyDtoDAsync_v2, _ptsz,
             (CUdeviceptr to, CUdeviceptr from, size_t n, CUstream stream),
             copy_async(c, stream, linear(kDevice, to, kDevice, from, n)))
SIM_API_TWIN(cuMemcpyAsync, _ptsz, (CUdeviceptr to, CUdeviceptr from, size_t n, CUstream stream),
             copy_async(c, stream, linear(kUnified, to, kUnified, from, n)))
SIM_API_TWIN(cuMemcpyPeerAsync, _ptsz,
             (CUdeviceptr to, CUcontext, CUdeviceptr from, CUcontext, size_t n, CUstream stream),
             copy_async(c, stream, linear(kDevice, to, kDevice, from, n)))
SIM_API_TWIN(cuMemcpy2DAsync_v2, _ptsz, (const CUDA_MEMCPY2D* p, CUstream stream),
             require(p != nullptr);
             copy_async(c, stream, three_dimensional(*p)))
SIM_API_TWIN(cuMemcpy3DAsync_v2, _ptsz, (const CUDA_MEMCPY3D* p, CUstream stream),
             require(p != nullptr);
             copy_async(c, stream, *p))

}  // namespace fib::sim
